"""`python -m benchmarks [--list] [--runs N] [--quick] [NAME ...]`: measures, prints a table, keeps the results."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Iterable, Sequence

from benchmarks.machine import machine
from benchmarks.measurement import Measurement, Result, Size
from benchmarks.report import table, write
from benchmarks.selection import chosen

RUNS = 5
QUICK = Size(share=0.1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Ends with 1 if a measurement broke or missed its floor."""
    options = _parser().parse_args(arguments)
    measurements = chosen(options.names)
    if options.list:
        for measurement in measurements:
            print(f"{measurement.name:28}{measurement.about}{_floors(measurement)}")
        return 0
    found = machine()
    print("; ".join(f"{name} {value}" for name, value in found.items()), flush=True)
    size, runs = (QUICK, 1) if options.quick else (Size(), options.runs)
    results = [_measure(measurement, size, runs=runs) for measurement in measurements]
    print("\n" + table(results))
    print(f"\nkept in {write(results, found)}")
    return 1 if any(_is_bad(result) for result in results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a measurement, or the beginning of several")
    parser.add_argument("--list", action="store_true", help="name the measurements and run nothing")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each; the median counts (default {RUNS})")
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, one run: does it work?")
    return parser


def _measure(measurement: Measurement, size: Size, *, runs: int) -> Result:
    result = Result(measurement)
    for number in range(min(measurement.runs or runs, runs)):
        try:
            result.samples.append(measurement.run(size))
        except Exception as error:  # noqa: BLE001 - the others are still worth measuring
            traceback.print_exc()
            result.fault = f"run {number + 1}: {error}"
            break
        _say(measurement, number, result.samples[-1].items())
    return result


def _say(measurement: Measurement, number: int, figures: Iterable[tuple[str, float]]) -> None:
    said = ", ".join(f"{name} {value:,.4g}" if value < 1000 else f"{name} {value:,.0f}" for name, value in figures)
    print(f"{measurement.name} {number + 1}: {said}", flush=True)


def _is_bad(result: Result) -> bool:
    return bool(result.fault) or any(figure.is_met is False for figure in result.figures)


def _floors(measurement: Measurement) -> str:
    return "".join(f" [{floor.figure} {floor}]" for floor in measurement.floors)


if __name__ == "__main__":
    sys.exit(main())
