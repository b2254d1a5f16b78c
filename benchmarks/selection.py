"""Which measurements there are, and which of them a person means."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import endpoints, history, ingest, parts, post_packets, processor, publish, serial_latency, soak, up
from benchmarks.measurement import Measurement

_MODULES = (ingest, processor, serial_latency, post_packets, publish, endpoints, parts, up, soak, history)


def all_measurements() -> list[Measurement]:
    """Every measurement, in the order in which they run."""
    return [measurement for module in _MODULES for measurement in module.MEASUREMENTS]


def chosen(names: Sequence[str]) -> list[Measurement]:
    """Those that are named, or whose name begins so; all, if none is named. Ends the program for an unknown name."""
    measurements = all_measurements()
    unknown = [name for name in names if not any(one.name.startswith(name) for one in measurements)]
    if unknown:
        raise SystemExit(f"there is no measurement {', '.join(unknown)}; --list names them")
    return [one for one in measurements if not names or one.name.startswith(tuple(names))]
