"""Results for people (a table) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measurement import Figure, Result

RESULTS = Path(__file__).parent / "results"
_HEAD = ("measurement", "figure", "median", "min", "max", "floor")


def table(results: Iterable[Result]) -> str:
    """One line a figure."""
    rows: list[Sequence[str]] = [_HEAD]
    for result in results:
        name = result.measurement.name
        for figure in result.figures:
            rows.append((name, *_row(figure)))
            name = ""
        if result.fault:
            rows.append((name, f"BROKE: {result.fault.splitlines()[0]}", "", "", "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(figure: Figure) -> tuple[str, ...]:
    floor = f"{figure.floor} {'met' if figure.is_met else 'MISSED'}" if figure.floor else ""
    return figure.name, _said(figure.median), _said(min(figure.values)), _said(max(figure.values)), floor


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        text.ljust(width) if place < 2 else text.rjust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def write(results: Sequence[Result], machine: dict[str, str]) -> Path:
    """Keep the results in a file named by the time; answers where."""
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    path = RESULTS / f"{at:%Y-%m-%dT%H-%M-%S}.json"
    document = {
        "at": at.isoformat(timespec="seconds"),
        "machine": machine,
        "results": {
            result.measurement.name: {
                "about": result.measurement.about,
                "fault": result.fault or None,
                "figures": {figure.name: figure.as_json() for figure in result.figures},
            }
            for result in results
        },
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path
