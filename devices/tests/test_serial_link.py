"""The serial link on real pseudo-terminals: reading, losing the port and coming back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from devices.drivers.base import FAULT
from devices.tests.recording_host import RecordingHost
from devices.tests.serial_rig import outgoing, read_until, running
from simulators.pseudo_terminal import PseudoTerminal
from telemetry.links import LinkState
from telemetry.values import ArrivalKind, Verdict


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[PseudoTerminal]:
    with PseudoTerminal(tmp_path / "ttyUSB_SCALE") as pseudo_terminal:
        yield pseudo_terminal


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


def test_a_line_arrives_with_its_device_and_link(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host):
        assert host.wait(lambda: host.gaps)
        terminal.write(b"  12.340 g\r\n")
        assert host.wait(lambda: host.messages == [b"  12.340 g"])
    arrival = host.arrivals[-1]
    assert (arrival.link, arrival.device, arrival.topic, arrival.connection) == ("device:scale", "scale", "", 1)
    assert dict(arrival.properties) == {}


def test_the_sequence_counts_on_from_one_over_openings(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host):
        assert host.wait(lambda: host.gaps)
        terminal.write(b"a\nb\n")
        assert host.wait(lambda: len(host.messages) == 2)
        terminal.unplug()
        assert host.wait_state(LinkState.LOST)
        terminal.replug()
        assert host.wait(lambda: len(host.gaps) == 2)
    assert [arrival.sequence for arrival in host.arrivals] == [1, 2, 3, 4]
    assert [arrival.connection for arrival in host.arrivals] == [1, 1, 1, 2]


def test_each_opening_offers_a_gap_first(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host):
        assert host.wait(lambda: host.gaps)
        terminal.unplug()
        assert host.wait_state(LinkState.LOST)
        terminal.replug()
        assert host.wait(lambda: len(host.gaps) == 2)
        terminal.write(b"a\n")
        assert host.wait(lambda: host.messages)
    assert [arrival.kind for arrival in host.arrivals] == [ArrivalKind.GAP, ArrivalKind.GAP, ArrivalKind.MESSAGE]
    assert b"nobody held the port since 2" in host.gaps[1].payload


def test_an_unplug_is_noticed_at_once_and_the_port_reopened_within_two_seconds(
    terminal: PseudoTerminal, host: RecordingHost
) -> None:
    with running(terminal.path, host):
        assert host.wait_state(LinkState.CONNECTED)
        terminal.unplug()
        assert host.wait_state(LinkState.LOST, 0.5)
        terminal.replug()
        returned_at = monotonic()
        assert host.wait_state(LinkState.CONNECTED, 2.0)
        assert monotonic() - returned_at < 2.0
        terminal.write(b"again\n")
        assert host.wait(lambda: host.messages == [b"again"])
    first, second = (report.since for report in host.reports if report.state is LinkState.CONNECTED)
    assert first is not None
    assert second is not None
    assert first < second


def test_a_port_whose_path_goes_is_lost_although_nobody_hung_up(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host):
        assert host.wait_state(LinkState.CONNECTED)
        terminal.path.unlink()
        assert host.wait_state(LinkState.LOST, 2.0)
    assert any("is gone: was the cable pulled?" in report.detail for report in host.reports)


def test_a_missing_port_is_said_in_plain_words_and_reported_once(tmp_path: Path, host: RecordingHost) -> None:
    port = tmp_path / "ttyUSB0"
    with running(port, host):
        assert host.wait_state(LinkState.LOST)
        assert not host.wait(lambda: len(host.reports) > 2, 1.0)
    assert host.reports[-1].detail == f"{port} is not there: is the cable in?"


def test_a_second_opener_is_refused_until_the_first_lets_go(terminal: PseudoTerminal, host: RecordingHost) -> None:
    second = RecordingHost()
    with running(terminal.path, host) as first:
        assert host.wait_state(LinkState.CONNECTED)
        with running(terminal.path, second):
            assert second.wait_state(LinkState.LOST)
            assert second.reports[-1].detail == f"{terminal.path} is in use by another program"
            first.stop(2.0)
            assert second.wait_state(LinkState.CONNECTED)


def test_a_baud_rate_that_the_port_cannot_do_is_refused(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, baud=-3):
        assert host.wait_state(LinkState.REFUSED)
    assert "cannot do" in host.reports[-1].detail


def test_a_file_is_no_serial_port(tmp_path: Path, host: RecordingHost) -> None:
    (tmp_path / "notes").touch()
    with running(tmp_path / "notes", host):
        assert host.wait_state(LinkState.LOST)
    assert host.reports[-1].detail.endswith("is not a serial port")


def test_a_wrong_driver_option_is_refused(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, options={"max_bytes": "many"}):
        assert host.wait_state(LinkState.REFUSED)
    assert host.reports[-1].detail.startswith("max_bytes:")


def test_300_bytes_without_end_arrive_as_one_fault_and_the_next_line_is_whole(
    terminal: PseudoTerminal, host: RecordingHost
) -> None:
    with running(terminal.path, host):
        assert host.wait(lambda: host.gaps)
        terminal.write(b"x" * 300)
        assert host.wait(lambda: len(host.messages) == 1)
        terminal.write(b"\n12.3 g\n")
        assert host.wait(lambda: len(host.messages) == 2)
    fault, line = host.arrivals[1:]
    assert fault.payload == b"x" * 256
    assert fault.properties[FAULT].startswith("a line of more than 256 bytes")
    assert (line.payload, dict(line.properties)) == (b"12.3 g", {})


def test_half_a_line_at_the_unplug_arrives_as_a_fault(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host):
        assert host.wait(lambda: host.gaps)
        terminal.write(b"a\n12.")
        assert host.wait(lambda: host.messages == [b"a"])
        terminal.unplug()
        assert host.wait(lambda: host.messages == [b"a", b"12."])
    assert "closed in the middle" in host.arrivals[-1].properties[FAULT]


def test_silence_ends_a_raw_frame(terminal: PseudoTerminal, host: RecordingHost) -> None:
    with running(terminal.path, host, driver="bytes", options={"idle_gap_s": 0.05}):
        assert host.wait(lambda: host.gaps)
        terminal.write(b"\x12\x00\xff")
        assert host.wait(lambda: host.messages == [b"\x12\x00\xff"])


def test_a_full_inbox_stops_the_reading_and_loses_nothing(terminal: PseudoTerminal) -> None:
    host = RecordingHost(room=3)
    lines = [b"line %d" % number for number in range(200)]
    with running(terminal.path, host):
        assert host.wait(lambda: host.gaps)
        terminal.write(b"".join(line + b"\n" for line in lines))
        assert host.wait(lambda: host.room == 0)
        assert host.messages == lines[:2]
        host.make_room(1000)
        assert host.wait(lambda: host.messages == lines)
    assert host.dropped_count == 0


def test_stopping_with_a_full_inbox_counts_what_is_lost(terminal: PseudoTerminal) -> None:
    host = RecordingHost(room=1)
    with running(terminal.path, host) as link:
        assert host.wait(lambda: host.gaps)
        terminal.write(b"a\nb\n")
        assert host.wait(lambda: host.offered == 2)
        before = monotonic()
        assert link.stop(2.0)
        assert monotonic() - before < 2.0
    assert host.dropped_count == 2


def test_an_unexpected_fault_is_reported_and_the_link_goes_on(
    terminal: PseudoTerminal, host: RecordingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, data: bytes) -> list[object]:
        raise RuntimeError("a bug in a framer")

    with running(terminal.path, host) as link:
        assert host.wait_state(LinkState.CONNECTED)
        with monkeypatch.context() as patch:
            patch.setattr("devices.framing.LineFramer.feed", broken)
            terminal.write(b"a\n")
            assert host.wait_state(LinkState.LOST)
        assert "a bug in a framer" in host.reports[-1].detail
        assert host.wait_state(LinkState.CONNECTED)
        terminal.write(b"b\n")
        assert host.wait(lambda: b"b" in host.messages)
        link.send([outgoing(b"w")])
        assert host.wait(lambda: host.outcomes)
        assert host.outcomes[0].verdict is Verdict.DELIVERED
        assert read_until(terminal, 1) == b"w"
