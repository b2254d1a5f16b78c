"""Which frames answer a command: only those that came after it, until its last one."""

from __future__ import annotations

from threading import Thread

import pytest

from devices.answers import ANSWERS, CORRELATION, REPLY_TO, WHOLE
from devices.serial.exchange import Exchange
from devices.tests.scale_samples import scale
from devices.tests.serial_rig import outgoing
from telemetry.values import Outgoing

TAKEN, WEIGHT = b"S A", b"S    -      8.5 g  "


@pytest.fixture
def exchange() -> Exchange:
    """One whose reader listens."""
    made = Exchange()
    made.listen()
    return made


def ask(exchange: Exchange, **properties: str) -> Outgoing:
    item = outgoing(b"S", **properties)
    exchange.begin(item, scale("radwag"))
    return item


def test_what_comes_after_a_command_answers_it(exchange: Exchange) -> None:
    item = ask(exchange)
    exchange.hear(b"...")
    assert exchange.mark(TAKEN) == {ANSWERS: str(item.id)}
    assert exchange.mark(WEIGHT)[ANSWERS] == str(item.id)
    exchange.listen()
    assert exchange.wait(0.0)


def test_the_answer_counts_only_once_it_was_handed_in(exchange: Exchange) -> None:
    ask(exchange)
    exchange.hear(b"...")
    exchange.mark(TAKEN)
    exchange.mark(WEIGHT)
    assert not exchange.wait(0.0)


def test_the_last_frame_says_who_asked_and_holds_the_whole_answer(exchange: Exchange) -> None:
    ask(exchange, **{REPLY_TO: "lab/answer", CORRELATION: "01ff", "id": "x"})
    exchange.hear(b"...")
    assert REPLY_TO not in exchange.mark(TAKEN)
    marks = exchange.mark(WEIGHT)
    assert (marks[REPLY_TO], marks[CORRELATION]) == ("lab/answer", "01ff")
    assert bytes.fromhex(marks[WHOLE]) == TAKEN + b"\n" + WEIGHT
    assert "id" not in marks


def test_what_comes_later_is_said_by_the_device_itself(exchange: Exchange) -> None:
    ask(exchange)
    exchange.hear(b"...")
    exchange.mark(b"S I")
    assert exchange.mark(WEIGHT) == {}


def test_without_a_command_nothing_is_marked(exchange: Exchange) -> None:
    exchange.hear(b"...")
    assert exchange.mark(WEIGHT) == {}
    ask(exchange)
    assert exchange.end() == 0
    assert exchange.mark(WEIGHT) == {}


def test_noise_answers_nothing(exchange: Exchange) -> None:
    ask(exchange)
    exchange.hear(b"...")
    assert exchange.mark(b"  8.5 g") == {}
    assert exchange.end() == 0


def test_a_frame_that_was_read_before_the_command_is_no_answer() -> None:
    exchange = Exchange()
    exchange.hear(b"...")  # and the reader is still busy with it
    ask(exchange)
    assert exchange.mark(WEIGHT) == {}
    exchange.listen()
    exchange.hear(b"...")
    assert exchange.mark(TAKEN)


def test_bytes_that_waited_while_the_reader_was_held_up_are_no_answer() -> None:
    exchange = Exchange()
    exchange.hear(b"")
    ask(exchange)  # nothing was heard for long, and the reader does not listen: it was held up
    exchange.listen()
    exchange.hear(b"old")
    assert exchange.mark(WEIGHT) == {}
    exchange.listen()
    exchange.hear(b"new")
    assert exchange.mark(TAKEN)


def test_a_closing_port_ends_the_wait(exchange: Exchange) -> None:
    ask(exchange)
    thread = Thread(target=exchange.wait, args=(30.0,))
    thread.start()
    exchange.cancel()
    thread.join(5.0)
    assert not thread.is_alive()
