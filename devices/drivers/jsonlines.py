"""Devices that print one JSON document a line, as Arduino sketches do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from math import isfinite
from typing import ClassVar

import orjson

from devices.drivers.lines import LinesDriver
from telemetry.options import Option
from telemetry.values import Decoded, DecodeFault, Json, Reading

MAX_READINGS = 200
MAX_LEVELS = 50
_TEXT_ONLY = ("metric", "unit", "decimal_comma")


class JsonLinesDriver(LinesDriver):
    """JSON lines in, text commands out."""

    name = "json"
    label = "JSON lines"
    help = "A device that sends one JSON document a line. Each number in it becomes a reading, named by its path."
    options: ClassVar[tuple[Option, ...]] = tuple(
        replace(option, default=4096) if option.name == "max_bytes" else option
        for option in LinesDriver.options
        if option.name not in _TEXT_ONLY
    )

    def decode(self, frame: bytes) -> Decoded:
        """The document, and its numbers (`temperature`, `air.humidity`); raises DecodeFault for what is not JSON."""
        try:
            value = orjson.loads(frame.decode(self.given["encoding"]))
        except ValueError as error:  # orjson's own error and that of the character set are both of this kind
            raise DecodeFault(f"the line is not JSON: {error}") from error
        if _is_deep(value):
            raise DecodeFault(f"the document is nested deeper than {MAX_LEVELS} levels")
        found = islice(_numbers(value, ""), MAX_READINGS)
        return Decoded(value, tuple(Reading(metric, number) for metric, number in found))


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_LEVELS):
        inner = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [below for group in inner for below in group]
    return bool(level)


def _numbers(value: Json, path: str) -> Iterator[tuple[str, float]]:
    """Numbers in objects, by dotted path; a bare number is called `value`. Lists, true and false are no readings."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _numbers(below, f"{path}.{key}" if path else key)
    elif isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and len(path) <= 200:
        yield path or "value", float(value)
