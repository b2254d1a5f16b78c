"""What the writer makes of bytes that wait in the kernel: a real UART counts them, a pseudo-terminal never does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.drivers.raw import BytesDriver
from devices.serial.ports import Port
from devices.serial.writer import SerialWriter
from devices.tests.recording_host import RecordingHost
from devices.tests.serial_rig import outgoing
from telemetry.links import LinkLost
from telemetry.values import Verdict


class Uart(Port):
    """Takes every byte at once and lets `leaving` of them go at each look."""

    def __init__(self, leaving: int, *, stops_at: int = 0) -> None:
        super().__init__("/dev/ttyUART")
        self.held = 0
        self._leaving = leaving
        self._stops_at = stops_at  # it holds back with this many left

    def _read(self, timeout_s: float) -> bytes:
        raise LinkLost("not read here")

    def write(self, data: bytes, timeout_s: float) -> int:
        self.held += len(data)
        return len(data)

    def unsent(self) -> int:
        self.held = max(self.held - self._leaving, min(self._stops_at, self.held))
        return self.held

    def discard_unsent(self) -> int:
        left, self.held = self.held, 0
        return left

    def close(self) -> None: ...


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def writer(host: RecordingHost) -> Iterator[SerialWriter]:
    serial_writer = SerialWriter("device:printer", host, window=8, stall_s=0.2)
    serial_writer.start()
    yield serial_writer
    serial_writer.finish(2.0)


def write(writer: SerialWriter, host: RecordingHost, uart: Uart) -> tuple[Verdict, str]:
    writer.attach(uart, BytesDriver())
    writer.send([outgoing(b"x" * 100)])
    assert host.wait(lambda: host.outcomes)
    return host.outcomes[0].verdict, host.outcomes[0].reason


def test_a_write_is_delivered_only_when_every_byte_has_left(writer: SerialWriter, host: RecordingHost) -> None:
    uart = Uart(leaving=7)
    assert write(writer, host, uart)[0] is Verdict.DELIVERED
    assert uart.held == 0


def test_a_write_of_which_no_byte_left_is_taken_back_whole(writer: SerialWriter, host: RecordingHost) -> None:
    uart = Uart(leaving=0)
    assert write(writer, host, uart)[0] is Verdict.RETURNED
    assert uart.held == 0


def test_a_write_that_stops_in_the_middle_is_unknown_and_its_rest_never_leaves(
    writer: SerialWriter, host: RecordingHost
) -> None:
    uart = Uart(leaving=5, stops_at=40)
    verdict, reason = write(writer, host, uart)
    assert verdict is Verdict.UNKNOWN
    assert reason.startswith("cut short after 60 of 100 bytes")
    assert uart.held == 0
