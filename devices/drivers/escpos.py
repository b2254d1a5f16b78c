"""Receipt printers that speak ESC/POS: each payload is printed as it came, and fed by exactly one line."""

from __future__ import annotations

from devices.drivers.base import Driver
from devices.drivers.raw import hexadecimal
from devices.framing import ByteFramer
from telemetry.values import Decoded


class EscposDriver(Driver):
    """Text or ESC/POS commands out, status bytes in."""

    name = "escpos"
    label = "Receipt printer (ESC/POS)"
    help = (
        "Each write is sent as received plus one LF. Control bytes reach the printer: they can cut and open a drawer."
    )

    idle_gap_s = 0.05

    def framer(self) -> ByteFramer:
        """What the printer says by itself or in answer: a few status bytes, then silence."""
        return ByteFramer(max_bytes=256)

    def decode(self, frame: bytes) -> Decoded:
        """The status bytes in hexadecimal."""
        return hexadecimal(frame)

    def encode(self, payload: bytes) -> bytes:
        """The payload and exactly one LF: always, so that an empty payload feeds a line. A CR could feed twice."""
        return payload + b"\n"
