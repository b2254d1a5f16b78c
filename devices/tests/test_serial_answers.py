"""Commands and their answers on a real pseudo-terminal: one at a time, retried only where asking twice does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from devices.answers import ANSWERS, REPLY_TO, WAIT_S
from devices.serial.exchange import Exchange
from devices.serial.link import SerialLink
from devices.tests.recording_host import RecordingHost
from devices.tests.serial_rig import outgoing, read_until, running
from simulators.pseudo_terminal import PseudoTerminal
from telemetry.links import LinkState
from telemetry.values import Verdict

LINE = b"      12.340 g  \r\n"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[PseudoTerminal]:
    with PseudoTerminal(tmp_path / "ttyUSB_SCALE") as pseudo_terminal:
        yield pseudo_terminal


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@contextmanager
def connected(
    terminal: PseudoTerminal, host: RecordingHost, driver: str = "kern-tws", **options: Any
) -> Iterator[SerialLink]:
    with running(terminal.path, host, driver=driver, options={"answer_timeout_s": 0.3} | options) as link:
        assert host.wait_state(LinkState.CONNECTED)
        yield link


def answered(host: RecordingHost) -> list[str]:
    return [arrival.properties.get(ANSWERS, "") for arrival in host.arrivals[1:]]


def test_a_command_is_delivered_when_its_answer_is_in(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host, answer_timeout_s=10.0) as link:
        item = outgoing(b"w")
        link.send([item])
        assert read_until(terminal, 1) == b"w"
        assert not host.outcomes
        terminal.write(LINE)
        assert host.wait(lambda: host.outcomes)
    assert answered(host) == [str(item.id)]
    assert (host.outcomes[0].verdict, host.outcomes[0].reason) == (Verdict.DELIVERED, "")


def test_the_next_command_waits_for_the_answer_to_the_first(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host, answer_timeout_s=10.0) as link:
        items = [outgoing(b"w"), outgoing(b"w")]
        link.send(items)
        assert read_until(terminal, 2, 0.3) == b"w"
        terminal.write(LINE)
        assert read_until(terminal, 1) == b"w"
        terminal.write(LINE)
        assert host.wait(lambda: len(host.outcomes) == 2)
    assert answered(host) == [str(item.id) for item in items]


def test_a_question_without_an_answer_is_asked_twice_and_then_done(
    terminal: PseudoTerminal, host: RecordingHost
) -> None:
    with connected(terminal, host) as link:
        link.send([outgoing(b"w")])
        assert host.wait(lambda: host.outcomes)
        assert read_until(terminal, 3, 0.2) == b"ww"
    assert host.outcomes[0].verdict is Verdict.DELIVERED
    assert host.outcomes[0].reason == "no answer within 0.3 s, asked twice"


def test_a_half_line_before_the_command_costs_one_retry_and_no_wrong_answer(
    terminal: PseudoTerminal, host: RecordingHost
) -> None:
    with connected(terminal, host) as link:
        terminal.write(b"   12.")
        item = outgoing(b"w")
        link.send([item])
        assert read_until(terminal, 1) == b"w"
        terminal.write(LINE)  # it ends the half line: a fragment
        assert read_until(terminal, 1) == b"w"
        terminal.write(LINE)
        assert host.wait(lambda: host.outcomes)
    assert answered(host) == ["", str(item.id)]
    assert host.outcomes[0].reason == ""


def test_a_tare_that_is_not_answered_is_never_repeated(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host, "mt-sics", rest_timeout_s=0.3) as link:
        link.send([outgoing(b"T")])
        assert host.wait(lambda: host.outcomes)
        assert read_until(terminal, 6, 0.5) == b"T\r\n"
    assert host.outcomes[0].reason == "no answer within 0.3 s"


def test_a_command_that_has_no_answer_is_delivered_at_once(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host, answer_timeout_s=30.0) as link:
        started = monotonic()
        link.send([outgoing(b"t", **{REPLY_TO: "a", WAIT_S: "30"})])
        assert host.wait(lambda: host.outcomes)
        assert monotonic() - started < 5


def test_one_command_of_a_radwag_has_two_lines_as_its_answer(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host, "radwag", rest_timeout_s=10.0) as link:
        item = outgoing(b"S", **{REPLY_TO: "lab/answer"})
        link.send([item])
        assert read_until(terminal, 3) == b"S\r\n"
        terminal.write(b"S A\r\n")
        assert host.wait(lambda: len(host.messages) == 1)
        assert not host.outcomes
        terminal.write(b"S    -      8.5 g  \r\n")
        assert host.wait(lambda: host.outcomes)
    assert answered(host) == [str(item.id)] * 2
    assert [REPLY_TO in arrival.properties for arrival in host.arrivals[1:]] == [False, True]


def test_a_part_of_an_answer_is_told(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host, "radwag", rest_timeout_s=0.4) as link:
        link.send([outgoing(b"S")])
        assert read_until(terminal, 3) == b"S\r\n"
        terminal.write(b"S A\r\n")
        assert host.wait(lambda: host.outcomes)
    assert host.outcomes[0].reason == "only a part of an answer (1 of 2 lines) within 0.4 s"


def test_what_the_device_says_by_itself_is_no_answer(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host) as link:
        terminal.write(LINE)
        assert host.wait(lambda: len(host.messages) == 1)
        link.send([outgoing(b"t")])
        assert host.wait(lambda: host.outcomes)
        terminal.write(LINE)
        assert host.wait(lambda: len(host.messages) == 2)
    assert answered(host) == ["", ""]


@pytest.mark.parametrize("asked", [{REPLY_TO: "lab/answer"}, {WAIT_S: "5"}])
def test_a_driver_that_knows_no_commands_waits_only_for_who_asked(
    terminal: PseudoTerminal, host: RecordingHost, asked: dict[str, str]
) -> None:
    with running(terminal.path, host) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"x")])
        assert host.wait(lambda: len(host.outcomes) == 1)
        item = outgoing(b"y", **asked)
        link.send([item])
        assert read_until(terminal, 2) == b"xy"
        assert len(host.outcomes) == 1
        terminal.write(b"done\n")
        assert host.wait(lambda: len(host.outcomes) == 2)
    assert answered(host) == [str(item.id)]


def test_a_pulled_plug_ends_the_wait_for_an_answer(
    terminal: PseudoTerminal, host: RecordingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_waiting = Event()  # before that, nobody knows yet whether the byte has left
    wait = Exchange.wait

    def noticed(exchange: Exchange, timeout_s: float) -> bool:
        is_waiting.set()
        return wait(exchange, timeout_s)

    monkeypatch.setattr(Exchange, "wait", noticed)
    with connected(terminal, host, answer_timeout_s=30.0) as link:
        link.send([outgoing(b"w"), outgoing(b"w")])
        assert read_until(terminal, 1) == b"w"
        assert is_waiting.wait(10)
        terminal.unplug()
        assert host.wait(lambda: len(host.outcomes) == 2)
    assert [outcome.verdict for outcome in host.outcomes] == [Verdict.DELIVERED, Verdict.RETURNED]
    assert host.outcomes[0].reason == "the port was closed before an answer came"


def test_stopping_does_not_wait_for_an_answer(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with connected(terminal, host, answer_timeout_s=30.0) as link:
        link.send([outgoing(b"w")])
        assert read_until(terminal, 1) == b"w"
        started = monotonic()
        assert link.stop(2.0)
        assert monotonic() - started < 3
    assert host.outcomes[0].verdict is Verdict.DELIVERED
