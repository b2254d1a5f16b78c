"""Devices whose bytes mean nothing to the hub: they are kept, shown in hexadecimal and passed on as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from devices.drivers.base import Driver
from devices.drivers.commands import Answer
from devices.framing import ByteFramer
from telemetry.options import Option
from telemetry.values import Decoded


def hexadecimal(frame: bytes) -> Decoded:
    """What can be said of bytes that nobody decodes: `{"hex": "1b40", "size": 2}`."""
    return Decoded({"hex": frame.hex(), "size": len(frame)})


class BytesDriver(Driver):
    """Raw bytes both ways."""

    name = "bytes"
    label = "Raw bytes"
    help = "Any device: frames end where it falls silent, or have a fixed length."
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            name="length",
            kind=int,
            default=0,
            label="Bytes in a frame",
            help="0: a frame ends where the device falls silent.",
            minimum=0,
            maximum=65_536,
        ),
        Option(
            name="idle_gap_s",
            kind=float,
            default=0.05,
            label="Silence that ends a frame, in seconds",
            minimum=0.002,
            maximum=60,
        ),
        Option(name="max_bytes", kind=int, default=4096, label="Longest frame in bytes", minimum=1, maximum=65_536),
        Option(
            name="writes_may_repeat",
            kind=bool,
            default=False,
            label="A write may be repeated",
            help="After a crash in the middle of a write: send it again instead of asking a person.",
        ),
    )

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self.idle_gap_s = self.given["idle_gap_s"]

    def framer(self) -> ByteFramer:
        """Frames of the declared length, or cut by silence."""
        return ByteFramer(length=self.given["length"], max_bytes=self.given["max_bytes"])

    def decode(self, frame: bytes) -> Decoded:
        """The bytes in hexadecimal; there is nothing to be wrong with them."""
        return hexadecimal(frame)

    def encode(self, payload: bytes) -> bytes:
        """The payload as it is."""
        return payload

    def answer(self, payload: bytes) -> Answer:
        """Perhaps a frame: only who asked for an answer waits for it."""
        return Answer(lines=1, is_certain=False)

    @property
    def may_repeat_writes(self) -> bool:
        """As the options say."""
        return bool(self.given["writes_may_repeat"])
