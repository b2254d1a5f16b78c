"""Listens to an unknown device at the usual baud rates, one after the other. Only for a port that no link holds.

It asks the device for a weight only when told to: a printer would print the questions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from devices.detection import CharacterFormat, Proposal, character_format, legibility, propose
from devices.serial.ports import Port, open_port
from devices.serial.settings import SerialSettings

BAUDS = (9600, 2400, 19200, 1200, 4800, 38400, 57600, 115200)
"""As scales are delivered, the usual first."""
QUESTIONS = (b"w", b"SI\r\n", b"\x1bP", b"Q\r\n", b"IP\r\n", b"W")
"""What makes one scale or another say its weight: KERN, MT-SICS and Radwag, Sartorius, A&D, OHAUS, CAS."""

_ENOUGH_BYTES = 120
_GOOD = 0.75
_QUESTION_S = 0.25
_QUIET_S = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What was heard at one baud rate, and what may have said it."""

    baud: int
    format: CharacterFormat
    legible: float
    proposals: tuple[Proposal, ...]

    @property
    def confidence(self) -> float:
        """Of the best proposal, and less where the bytes are noise in part."""
        return round(self.proposals[0].confidence * self.legible, 2) if self.proposals else 0.0


def identify(
    settings: SerialSettings,
    *,
    asks: bool = False,
    listen_s: float = 1.2,
    opened: Callable[[SerialSettings], Port] = open_port,
) -> list[Identified]:
    """What is at this port, the likeliest first; [] if it says nothing. Raises LinkLost and LinkRefused.

    It ends early once something is recognised with good confidence; at the longest it takes about 2 s a baud rate.
    """
    found = []
    for baud in BAUDS:
        port = opened(replace(settings, baud=baud))
        try:
            data = _collect(port, asks=asks, listen_s=listen_s)
        finally:
            port.close()
        if not data:
            continue
        sent = character_format(data)
        proposals = tuple(propose(sent.data))
        found.append(Identified(baud=baud, format=sent, legible=legibility(sent.data), proposals=proposals))
        if found[-1].confidence >= _GOOD:
            break
    return sorted(found, key=lambda one: (-one.confidence, -one.legible))


def _collect(port: Port, *, asks: bool, listen_s: float) -> bytes:
    """What comes by itself; and if nothing does and it may be asked, what comes after each question."""
    data = _listen(port, b"", listen_s)
    if data or not asks:
        return data
    for question in QUESTIONS:
        port.write(question, _QUESTION_S)
        data = _listen(port, data, _QUESTION_S)
    return data


def _listen(port: Port, data: bytes, listen_s: float) -> bytes:
    """Until enough came, or it was quiet after something came, or the time is over."""
    until = monotonic() + listen_s
    while (left_s := until - monotonic()) > 0 and len(data) < _ENOUGH_BYTES:
        came = port.read(min(left_s, _QUIET_S) if data else left_s)
        if not came and data:
            break
        data += came
    return data
