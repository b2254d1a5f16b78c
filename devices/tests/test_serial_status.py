"""A printer that is asked before and after each job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.serial import writer
from devices.serial.link import SerialLink
from devices.tests.recording_host import RecordingHost
from devices.tests.serial_rig import outgoing, running
from simulators.printer import Printer
from simulators.pseudo_terminal import PseudoTerminal
from telemetry.links import LinkState
from telemetry.values import Verdict

ASK = {"status": "ask"}
PAPER_OUT = "paper-out: the printer has no paper"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LOOK_AGAIN_S", 0.1)


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[PseudoTerminal]:
    with PseudoTerminal(tmp_path / "tty") as terminal:
        yield terminal


@pytest.fixture
def printer(terminal: PseudoTerminal) -> Iterator[Printer]:
    with Printer(terminal, answers_status=True) as printer:
        yield printer


@pytest.fixture
def link(terminal: PseudoTerminal, printer: Printer, host: RecordingHost) -> Iterator[SerialLink]:
    with running(terminal.path, host, driver="escpos", options=ASK) as link:
        assert host.wait_state(LinkState.CONNECTED)
        yield link


def test_a_printer_that_is_well_prints_and_its_answers_are_no_messages(
    link: SerialLink, printer: Printer, host: RecordingHost
) -> None:
    link.send([outgoing(b"one"), outgoing(b"two")])
    assert host.wait(lambda: len(host.outcomes) == 2)
    assert [(outcome.verdict, outcome.reason) for outcome in host.outcomes] == [(Verdict.DELIVERED, "")] * 2
    assert printer.received.wait(lambda data: b"two\n" in data)
    assert printer.paper.lines == ["one", "two"]
    assert host.messages == []


def test_questions_stand_before_and_after_a_job_and_never_in_it(
    link: SerialLink, printer: Printer, host: RecordingHost
) -> None:
    link.send([outgoing(b"one")])
    assert host.wait(lambda: host.outcomes)
    questions = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"
    assert printer.received.data == questions + b"one\n" + questions


def test_without_paper_a_job_comes_back_and_the_link_holds_back_until_there_is_paper(
    link: SerialLink, printer: Printer, host: RecordingHost
) -> None:
    printer.has_paper = False
    link.send([outgoing(b"one")])
    assert host.wait(lambda: host.outcomes)
    assert (host.outcomes[0].verdict, host.outcomes[0].reason) == (Verdict.RETURNED, PAPER_OUT)
    assert (host.reports[-1].state, host.reports[-1].warning, host.reports[-1].holds_back) == (
        LinkState.CONNECTED, PAPER_OUT, True,
    )  # fmt: skip
    link.send([outgoing(b"one")])
    assert host.wait(lambda: len(host.outcomes) == 2)
    assert host.outcomes[1].verdict is Verdict.RETURNED
    printer.load_paper()
    assert host.wait(lambda: not host.reports[-1].holds_back)
    assert host.reports[-1].warning == ""
    link.send([outgoing(b"one")])
    assert host.wait(lambda: len(host.outcomes) == 3)
    assert host.outcomes[2].verdict is Verdict.DELIVERED
    assert printer.paper.lines == ["one"]


def test_an_open_cover_holds_jobs_back_too(link: SerialLink, printer: Printer, host: RecordingHost) -> None:
    printer.is_open = True
    link.send([outgoing(b"one")])
    assert host.wait(lambda: host.outcomes)
    assert "cover" in host.outcomes[0].reason
    printer.is_open = False
    assert host.wait(lambda: not host.reports[-1].holds_back)


def test_low_paper_is_a_warning_and_prints(link: SerialLink, printer: Printer, host: RecordingHost) -> None:
    printer.is_paper_low = True
    link.send([outgoing(b"one")])
    assert host.wait(lambda: host.outcomes)
    assert host.outcomes[0].verdict is Verdict.DELIVERED
    assert (host.reports[-1].warning, host.reports[-1].holds_back) == ("The paper is nearly at its end.", False)


def test_a_job_at_whose_end_the_paper_ran_out_is_for_a_person(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with (
        Printer(terminal, answers_status=True, roll_lines=2) as printer,
        running(terminal.path, host, driver="escpos", options=ASK) as link,
    ):
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"one\ntwo\nthree")])
        assert host.wait(lambda: host.outcomes)
        assert host.outcomes[0].verdict is Verdict.UNKNOWN
        assert host.outcomes[0].reason.startswith(PAPER_OUT)
        assert printer.paper.lines == ["one", "two"]


def test_a_printer_that_never_answers_prints_all_the_same_and_its_status_is_unknown(
    terminal: PseudoTerminal, host: RecordingHost
) -> None:
    with (
        Printer(terminal) as printer,
        running(terminal.path, host, driver="escpos", options=ASK) as link,
    ):
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"one"), outgoing(b"two")])
        assert host.wait(lambda: len(host.outcomes) == 2)
        assert {outcome.verdict for outcome in host.outcomes} == {Verdict.DELIVERED}
        assert all("unknown" in outcome.reason for outcome in host.outcomes)
        assert printer.received.wait(lambda data: data == b"\x10\x04\x01one\ntwo\n")
        assert printer.paper.lines == ["one", "two"]


def test_an_answer_that_comes_late_is_no_message_and_answers_no_later_question(
    terminal: PseudoTerminal, host: RecordingHost
) -> None:
    with running(terminal.path, host, driver="escpos", options=ASK) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"one")])
        assert host.wait(lambda: host.outcomes)
        terminal.write(b"\x12\x41")
        assert host.wait(lambda: host.messages)
        assert host.messages == [b"\x41"]


def test_what_the_printer_says_by_itself_is_still_a_message(
    link: SerialLink, terminal: PseudoTerminal, host: RecordingHost
) -> None:
    link.send([outgoing(b"one")])
    assert host.wait(lambda: host.outcomes)
    terminal.write(b"\x14\x00\x00\x0f")  # automatic status (GS a)
    assert host.wait(lambda: host.messages == [b"\x14\x00\x00\x0f"])


def test_a_printer_that_is_unplugged_while_it_is_asked_is_lost(
    link: SerialLink, printer: Printer, terminal: PseudoTerminal, host: RecordingHost
) -> None:
    printer.has_paper = False
    link.send([outgoing(b"one")])
    assert host.wait(lambda: host.outcomes)
    terminal.unplug()
    assert host.wait_state(LinkState.LOST)
    printer.load_paper()
    terminal.replug()
    assert host.wait_state(LinkState.CONNECTED)
    assert host.wait(lambda: not host.reports[-1].holds_back)
