"""Long jobs go out in pieces, so that a printer with a small buffer keeps up."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from devices.tests.recording_host import RecordingHost
from devices.tests.serial_rig import outgoing, read_until, running
from simulators.pseudo_terminal import PseudoTerminal
from telemetry.links import LinkState
from telemetry.values import Verdict


@pytest.fixture
def terminal(tmp_path: Path) -> PseudoTerminal:
    return PseudoTerminal(tmp_path / "tty")


def test_a_long_job_leaves_the_printer_in_peace_between_its_pieces(terminal: PseudoTerminal) -> None:
    host, receipt = RecordingHost(), bytes(range(65, 90)) * 2
    options = {"chunk_bytes": 16, "chunk_pause_s": 0.1}
    with terminal, running(terminal.path, host, driver="escpos", options=options, write_timeout_s=0.1) as link:
        assert host.wait_state(LinkState.CONNECTED)
        started = monotonic()
        link.send([outgoing(receipt)])
        assert host.wait(lambda: host.outcomes)
        assert monotonic() - started >= 0.3
        assert read_until(terminal, len(receipt) + 1) == receipt + b"\n"
    assert host.outcomes[0].verdict is Verdict.DELIVERED


def test_a_pause_ends_when_the_link_stops(terminal: PseudoTerminal) -> None:
    host = RecordingHost()
    options = {"chunk_bytes": 16, "chunk_pause_s": 5.0}
    with terminal, running(terminal.path, host, driver="escpos", options=options) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"x" * 40)])
        assert read_until(terminal, 16) == b"x" * 16
        started = monotonic()
        link.stop(2.0)
        assert monotonic() - started < 2.5
        assert host.wait(lambda: host.outcomes)
    assert host.outcomes[0].verdict is Verdict.UNKNOWN


def test_a_write_says_how_its_payload_is_to_be_taken(terminal: PseudoTerminal) -> None:
    host = RecordingHost()
    with terminal, running(terminal.path, host, driver="escpos", options={"mode": "text"}) as link:
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"\x1b@a"), outgoing(b"\x1b@b", form="raw"), outgoing(b"\x1b@c", form="ticket")])
        assert host.wait(lambda: len(host.outcomes) == 3)
        assert read_until(terminal, 11) == b"@a\n\x1b@b\n\x1b@c"
