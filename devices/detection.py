"""Which device is this? Guesses driver and framing from bytes, and says why. Pure: it opens no port.

A guess is only as good as its lines: a person decides, and sees the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from devices.drivers.registry import DRIVERS
from devices.drivers.scale import ScaleDriver, Tell
from devices.drivers.weighing import MEASURED, Kind, ScaleLine
from devices.framing import Frame, LineFramer

MAX_BYTES = 65_536
_MAX_LINE = 256
_MAX_LINES = 500
_LEGIBLE = frozenset(range(32, 127)) | {9, 10, 13, 0, 2, 3, 6}
_FEW_LINES = 3  # from so many on, a guess is not made surer by more
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How the bytes are cut into lines."""

    line_end: str  # 'lf', 'cr', 'etx', or '' for none
    lines: int  # whole ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One of the lines, as the proposed driver reads it."""

    text: str
    reads: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A driver that may fit. `options` are those that differ from its defaults."""

    driver: str
    confidence: float
    why: str
    options: Mapping[str, object] = field(default_factory=dict)
    framing: Framing
    examples: tuple[Example, ...] = ()


def propose(data: bytes | Sequence[bytes]) -> list[Proposal]:
    """What may have sent these bytes (or pieces of them, in order), the likeliest first; [] for nothing at all."""
    whole = (data if isinstance(data, bytes) else b"".join(data))[:MAX_BYTES]
    if not whole.strip():
        return []
    end, frames = _cut(whole)
    lines = [frame.data.decode("latin-1").strip("\r\n") for frame in frames if not frame.fault][:_MAX_LINES]
    framing = Framing(line_end=end, lines=len(lines))
    found = [_scale(driver, lines, framing) for driver in DRIVERS.values() if issubclass(driver, ScaleDriver)]
    found += [_json(lines, framing), _text(whole, lines, framing), _bytes(whole, framing)]
    return sorted((one for one in found if one is not None), key=lambda one: -one.confidence)


def legibility(data: bytes) -> float:
    """The share of bytes that a scale could mean, 0 to 1: a wrong baud rate gives noise."""
    return sum(byte in _LEGIBLE for byte in data) / len(data) if data else 0.0


def _cut(data: bytes) -> tuple[str, list[Frame]]:
    """The lines, and what ends them: LF if there is one, else ETX, else CR.

    A last line without its end counts only if it is the only one: it may have been cut short.
    """
    for name, end in (("etx", b"\x03"), ("lf", b"\n"), ("cr", b"\r")):
        if data.rstrip(b"\r\n").endswith(end) or (end in data and name != "etx"):
            return name, LineFramer(end, _MAX_LINE).feed(data)
    return "", LineFramer(b"\n", _MAX_LINE).feed(data + b"\n")


def _scale(kind: type[ScaleDriver], lines: Sequence[str], framing: Framing) -> Proposal | None:
    """Judged by the lines that have a form of this maker's, and that its driver can read."""
    options = _options(kind, framing)
    driver = kind(options)
    read = [(line, driver.line(line.encode("latin-1"))) for line in lines]
    told = [(line, said, mark) for line, said in read if (mark := _tell(kind.tells, line, said)) is not None]
    if not told:
        return None
    whole = lines[1:] if told[0][0] is not lines[0] else lines  # the first may be the tail of one
    share = len(told) / len(whole)
    best = max((mark for _, _, mark in told), key=lambda mark: mark.weight)
    mean = sum(mark.weight for _, _, mark in told) / len(told)
    surety = 1 - 0.3 / (1 + min(len(told), _FEW_LINES))
    if len(whole) < len(lines):
        options = {**options, "drop_first_partial": True}
    return Proposal(
        driver=kind.name,
        confidence=round((mean + best.weight) / 2 * share * surety, 2),
        why=f"{len(told)} of {len(whole)} lines: {best.why}",
        options=options,
        framing=framing,
        examples=tuple(Example(text=line[:_SHOWN], reads=_reads(said)) for line, said, _ in told[:3]),
    )


def _tell(tells: Sequence[Tell], line: str, said: ScaleLine) -> Tell | None:
    """The surest form that the line has; none if the driver itself could not read it."""
    if said.kind is Kind.FRAGMENT:
        return None
    fitting = [mark for mark in tells if mark.pattern.fullmatch(line)]
    return max(fitting, key=lambda mark: mark.weight, default=None)


def _reads(said: ScaleLine) -> str:
    """`weight 12.34 g, stable`."""
    if said.kind not in MEASURED:
        return " ".join([said.kind.value, *list(said.said.values())[:1]])
    rest = {True: ", stable", False: ", moving", None: ""}[said.is_stable]
    return f"{said.kind.value} {said.number} {said.unit}".rstrip() + rest


def _options(kind: type[ScaleDriver], framing: Framing) -> dict[str, object]:
    default = next(option.default for option in kind.options if option.name == "line_end")
    return {} if framing.line_end in ("", default) else {"line_end": framing.line_end}


def _json(lines: Sequence[str], framing: Framing) -> Proposal | None:
    documents = [line for line in lines if _is_document(line)]
    if not documents:
        return None
    return Proposal(
        driver="json",
        confidence=round(0.97 * len(documents) / len(lines), 2),
        why=f"{len(documents)} of {len(lines)} lines are JSON documents",
        options={"line_end": "cr"} if framing.line_end == "cr" else {},
        framing=framing,
    )


def _is_document(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True


def _text(data: bytes, lines: Sequence[str], framing: Framing) -> Proposal | None:
    legible = legibility(data)
    if not lines or legible < 0.9:
        return None
    return Proposal(
        driver="lines",
        confidence=round(0.3 * legible, 2),
        why=f"{legible:.0%} of the bytes are text, in {len(lines)} lines: kept as they are",
        options={"line_end": "cr"} if framing.line_end == "cr" else {},
        framing=framing,
    )


def _bytes(data: bytes, framing: Framing) -> Proposal:
    legible = legibility(data)
    why = "any device can be kept as raw bytes"
    if legible < 0.7:
        why = f"only {legible:.0%} of the bytes are text: a binary protocol, or the baud rate or the parity is wrong"
    return Proposal(driver="bytes", confidence=0.2 if legible < 0.7 else 0.05, why=why, framing=framing)


@dataclass(frozen=True, slots=True)
class CharacterFormat:
    """How characters were sent, found out from bytes that were read as 8 data bits without parity."""

    data_bits: int
    parity: str  # 'none', 'even', 'odd', 'mark'
    data: bytes  # as that format says it


def character_format(data: bytes) -> CharacterFormat:
    """Seven bits and a parity bit look like eight: the top bit of text tells which parity it is."""
    text = bytes(byte & 0x7F for byte in data)
    if not data or legibility(text) < 0.9 or not any(byte & 0x80 for byte in data):
        return CharacterFormat(8, "none", data)
    tops = [(byte >> 7, (byte & 0x7F).bit_count() & 1) for byte in data]
    for parity, expected in (("even", (0, 1)), ("odd", (1, 0)), ("mark", (1, 1))):
        right = sum(top == expected[is_odd] for top, is_odd in tops)
        if right >= 0.95 * len(tops):
            return CharacterFormat(7, parity, text)
    return CharacterFormat(8, "none", data)
