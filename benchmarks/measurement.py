"""What a measurement is, and how repeated runs of it become a median with its spread. Starts nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that a figure must reach, or with `is_ceiling` the most that it may be."""

    figure: str
    value: float
    is_ceiling: bool = False

    def is_met_by(self, value: float) -> bool:
        """Whether this median is good enough."""
        return value < self.value if self.is_ceiling else value >= self.value

    def __str__(self) -> str:
        return f"{'<' if self.is_ceiling else '>='} {self.value:,g}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much a run does. `share` scales counts and durations: 1 is the full measurement."""

    share: float = 1.0

    def count(self, full: int, *, least: int = 1) -> int:
        """So many instead of `full`."""
        return max(least, int(full * self.share))

    def seconds(self, full: float, *, least: float = 2.0) -> float:
        """So long instead of `full`."""
        return max(least, full * self.share)


Sample = dict[str, float]
"""The figures of one run, by name. A name ends in its unit: 'stored/s', 'p99 ms', 'lost'."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing to measure. `run` starts all it needs, measures once, and leaves nothing running."""

    name: str
    about: str
    run: Callable[[Size], Sample]
    floors: Sequence[Floor] = ()
    runs: int = 0  # 0: as many as the caller wants


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over all runs."""

    name: str
    values: Sequence[float]
    floor: Floor | None = None

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether it meets its floor; None if it has none."""
        return None if self.floor is None else self.floor.is_met_by(self.median)

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "values": list(self.values),
            "floor": str(self.floor) if self.floor else None,
            "is_met": self.is_met,
        }


@dataclass(slots=True)
class Result:
    """A measurement's figures, in the order in which its runs named them; `fault` if a run broke."""

    measurement: Measurement
    samples: list[Sample] = field(default_factory=list)
    fault: str = ""

    @property
    def figures(self) -> list[Figure]:
        """Each figure that every run told."""
        floors = {floor.figure: floor for floor in self.measurement.floors}
        names = (
            [name for name in self.samples[0] if all(name in sample for sample in self.samples)] if self.samples else []
        )
        return [Figure(name, [sample[name] for sample in self.samples], floors.get(name)) for name in names]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of these do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
