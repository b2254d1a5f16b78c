"""Lines of real scales and what they mean, and the checks that every scale driver must pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from devices.drivers.registry import driver_named
from devices.drivers.scale import ScaleDriver

DRIVER_OF = {
    "A&D standard": "and",
    "Adam": "adam",
    "Adam MDW": "adam",
    "CAS/ST-GS": "cas",
    "KCP (MT-SICS dialect)": "mt-sics",
    "KERN SWTZP": "cas",
    "KERN tws": "kern-tws",
    "MT-SICS": "mt-sics",
    "Mettler print (PM) line": "mt-sics",
    "OHAUS": "ohaus",
    "Radwag": "radwag",
    "SBI": "sartorius-sbi",
    "single letter": "cas",
    "wn stream": "cas",
}
SCALES = sorted(set(DRIVER_OF.values()))


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the file."""

    device: str
    protocol: str
    line: bytes
    meaning: dict[str, Any]

    @property
    def is_command(self) -> bool:
        """Whether the hub says it to the scale."""
        return bool(self.meaning["kind"] == "command")

    def __str__(self) -> str:
        return f"{self.protocol}: {self.line!r}"


def samples() -> list[Sample]:
    """All of them."""
    path = Path(__file__).parent / "samples" / "serial.jsonl"
    found = []
    for row in map(orjson.loads, path.read_bytes().splitlines()):
        meaning = {name: value for name, value in row["meaning"].items() if name != "note"}
        found.append(Sample(row["device"], row["protocol"], row["line"].encode("latin-1"), meaning))
    return found


def scale(name: str, **options: object) -> ScaleDriver:
    """The driver of that name."""
    driver = driver_named(name)(options)
    assert isinstance(driver, ScaleDriver)
    return driver


def read(driver: ScaleDriver, pieces: Sequence[bytes]) -> list[dict[str, Any]]:
    """What the driver makes of bytes that come in these pieces."""
    framer = driver.framer()
    frames = [frame for piece in pieces for frame in framer.feed(piece)] + framer.end()
    return [driver.decode(frame.data).value for frame in frames if not frame.fault]
