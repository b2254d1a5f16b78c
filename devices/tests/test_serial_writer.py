"""Writing to real pseudo-terminals: what is delivered, what comes back, and what nobody can know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from devices.tests.recording_host import RecordingHost
from devices.tests.serial_rig import outgoing, read_until, running
from simulators.pseudo_terminal import XOFF, XON, PseudoTerminal
from telemetry.links import LinkState
from telemetry.values import Verdict

MORE_THAN_THE_WIRE_HOLDS = b"x" * 200_000


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[PseudoTerminal]:
    with PseudoTerminal(tmp_path / "ttyUSB_PRINTER") as pseudo_terminal:
        yield pseudo_terminal


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


def verdicts(host: RecordingHost) -> list[Verdict]:
    return [outcome.verdict for outcome in host.outcomes]


def test_a_command_of_one_byte_arrives_as_that_byte(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host) as link:
        assert host.wait_state(LinkState.CONNECTED)
        item = outgoing(b"w")
        link.send([item])
        assert host.wait(lambda: host.outcomes)
        assert (host.outcomes[0].id, host.outcomes[0].verdict) == (item.id, Verdict.DELIVERED)
        assert terminal.read(1.0) == b"w"
        assert terminal.read(0.2) == b""


def test_writes_go_out_in_order_and_the_printer_gets_one_lf_each(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="escpos", baud=115200) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"one"), outgoing(b""), outgoing(b"two\n")])
        assert host.wait(lambda: verdicts(host) == [Verdict.DELIVERED] * 3)
        assert read_until(terminal, 10) == b"one\n\ntwo\n\n"


def test_while_the_port_is_away_a_write_comes_back_at_once(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host) as link:
        assert host.wait_state(LinkState.CONNECTED)
        terminal.unplug()
        assert host.wait_state(LinkState.LOST)
        link.send([outgoing(b"w")])
        assert verdicts(host) == [Verdict.RETURNED]
        terminal.replug()
        assert host.wait(lambda: len(host.gaps) == 2)
        assert terminal.read(0.2) == b""


def test_a_device_that_stops_reading_cuts_the_write_short(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="bytes", write_timeout_s=0.3) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(MORE_THAN_THE_WIRE_HOLDS), outgoing(b"next")])
        assert host.wait(lambda: len(host.outcomes) == 2)
    assert verdicts(host) == [Verdict.UNKNOWN, Verdict.RETURNED]
    assert "no byte left for 0.3 s" in host.outcomes[0].reason
    assert not host.outcomes[0].is_abnormal


def test_a_slow_device_may_take_longer_than_the_limit(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="bytes", write_timeout_s=0.4) as link:
        assert host.wait_state(LinkState.CONNECTED)
        started = monotonic()
        link.send([outgoing(MORE_THAN_THE_WIRE_HOLDS)])
        got = 0
        while got < len(MORE_THAN_THE_WIRE_HOLDS):
            host.wait(lambda: host.outcomes, 0.05)
            got += len(terminal.read(1.0)[:65_536])
        assert host.wait(lambda: verdicts(host) == [Verdict.DELIVERED])
        assert monotonic() - started > 0.4


def test_after_xoff_nothing_is_written_and_the_write_comes_back(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="escpos", xonxoff=True, write_timeout_s=0.3) as link:
        assert host.wait(lambda: host.gaps)
        terminal.write(XOFF + b"!")
        assert host.wait(lambda: host.messages)
        link.send([outgoing(b"receipt")])
        assert host.wait(lambda: verdicts(host) == [Verdict.RETURNED])
        terminal.write(XON + b"!")
        assert host.wait(lambda: len(host.messages) == 2)
        link.send([outgoing(b"receipt")])
        assert host.wait(lambda: len(host.outcomes) == 2)
        assert host.outcomes[1].verdict is Verdict.DELIVERED
        assert read_until(terminal, 8) == b"receipt\n"


def test_an_unplug_in_the_middle_of_a_write_leaves_it_unknown(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="bytes") as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(MORE_THAN_THE_WIRE_HOLDS), outgoing(b"next")])
        assert terminal.read(2.0)
        terminal.unplug()
        assert host.wait(lambda: len(host.outcomes) == 2)
    assert sorted(verdicts(host)) == [Verdict.RETURNED, Verdict.UNKNOWN]
    unknown = next(outcome for outcome in host.outcomes if outcome.verdict is Verdict.UNKNOWN)
    assert unknown.reason.startswith("cut short after ")
    assert unknown.is_abnormal


def test_a_payload_that_the_driver_cannot_say_is_refused_and_the_next_goes_out(
    terminal: PseudoTerminal, host: RecordingHost
) -> None:
    with running(terminal.path, host, options={"encoding": "cp437"}) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing("日".encode()), outgoing(b"w")])
        assert host.wait(lambda: verdicts(host) == [Verdict.REFUSED, Verdict.DELIVERED])
        assert read_until(terminal, 1) == b"w"
    assert "cp437" in host.outcomes[0].reason


def test_nothing_to_write_is_refused_with_its_reason(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"")])
        assert host.wait(lambda: verdicts(host) == [Verdict.REFUSED])
    assert "empty" in host.outcomes[0].reason


def test_more_than_the_window_comes_back(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="bytes", write_timeout_s=0.3) as link:
        assert host.wait_state(LinkState.CONNECTED)
        items = [outgoing(MORE_THAN_THE_WIRE_HOLDS) for _ in range(link.window + 3)]
        link.send(items)
        assert [outcome.id for outcome in host.outcomes[:3]] == [item.id for item in items[-3:]]
        assert host.wait(lambda: len(host.outcomes) == len(items))
    assert {outcome.id for outcome in host.outcomes} == {item.id for item in items}


def test_stop_writes_what_is_queued(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"a"), outgoing(b"b"), outgoing(b"c")])
        assert link.stop(3.0)
        assert verdicts(host) == [Verdict.DELIVERED] * 3
        assert read_until(terminal, 3) == b"abc"
        link.send([outgoing(b"d")])
        assert verdicts(host)[3:] == [Verdict.RETURNED]


def test_stop_ends_in_time_with_a_blocked_write(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="bytes", write_timeout_s=60) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(MORE_THAN_THE_WIRE_HOLDS), outgoing(b"next")])
        assert terminal.read(2.0)
        started = monotonic()
        assert link.stop(1.0)
        assert monotonic() - started < 1.0
    assert sorted(verdicts(host)) == [Verdict.RETURNED, Verdict.UNKNOWN]
