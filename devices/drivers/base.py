"""The contract of a driver: the code that knows one kind of serial device.

Pure: no Django, no clock, no I/O. A new driver is one new file in this package, its line in `registry.py`, and
a test file: `docs/guides/write-a-driver.md`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from devices.drivers.commands import NO_ANSWER, Answer, Command, Part
from devices.drivers.readiness import StatusCheck
from devices.framing import Frame
from telemetry.options import Option, check_options
from telemetry.values import Decoded

FAULT = "fault"
"""The Arrival property in which a serial link says why a frame cannot be decoded: it becomes a dead letter."""


class Framer(Protocol):
    """Cuts a byte stream into frames. No bytes, in any split, ever break it or make it grow without bound."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete. One with a `fault` becomes a dead letter and is never decoded."""
        ...

    def idle(self) -> list[Frame]:
        """Called when nothing came for the driver's `idle_gap_s`: frames that silence completes."""
        ...

    def end(self) -> list[Frame]:
        """Called once, when the port closes: what was begun and never ended."""
        ...


class Driver(ABC):
    """Knows one kind of serial device. One instance serves one opening of one port."""

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    options: ClassVar[Sequence[Option]] = ()
    commands: ClassVar[Sequence[Command]] = ()
    """What this kind of device can be told by name."""
    forms: ClassVar[Sequence[str]] = ()
    """What a payload can be beside plain: values of the Delivery's property `form` that `encode_as` knows."""
    chunk_bytes: int = 512
    """How much is written at once: little, so that little is lost to view in the kernel when a device holds back."""
    chunk_pause_s: float = 0.0
    """How long the device is left in peace between two chunks."""
    status_check: StatusCheck | None = None
    """What the device is asked before and after each write, if it is."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """Raises OptionFault for a wrong option."""
        self.given = check_options(self.options, given or {})

    idle_gap_s: float | None = None
    """Seconds of silence after which `Framer.idle` is called; None for never."""

    @abstractmethod
    def framer(self) -> Framer:
        """A fresh framer, for one opening of the port."""

    @abstractmethod
    def decode(self, frame: bytes) -> Decoded:
        """What one frame says; raises DecodeFault."""

    @abstractmethod
    def encode(self, payload: bytes) -> bytes:
        """The bytes to put on the wire for one payload; raises DecodeFault if it cannot be said to this device."""

    def encode_as(self, payload: bytes, form: str) -> bytes:
        """As `encode`, for a payload of one of the driver's `forms` ('' for a plain one); raises DecodeFault."""
        return self.encode(payload)

    @property
    def may_repeat_writes(self) -> bool:
        """Whether a write whose fate is unknown may be sent again (a command byte may, a receipt may not)."""
        return False

    def answer(self, payload: bytes) -> Answer:
        """What the device says to this payload, once it is written."""
        return NO_ANSWER

    def answer_part(self, payload: bytes, frame: bytes, *, seen: int) -> Part:
        """Whether a frame that came after this payload answers it; `seen` parts of the answer came before."""
        return Part.LAST if seen + 1 >= self.answer(payload).lines else Part.MORE

    def command(self, name: str) -> Command | None:
        """The command of that name."""
        return next((command for command in self.commands if command.name == name), None)
