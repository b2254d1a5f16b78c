"""Declared options of a driver, a codec or an action: one declaration gives the check, the form and the docs.

Pure. A kind of thing names its options once; `check_options` turns what a person typed into a full,
typed dict, or says which option is wrong and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class OptionFault(ValueError):
    """An option is unknown or has a wrong value. `name` says which."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One declared option. `kind` is the Python type of its value: str, int, float, bool, or dict (of texts)."""

    name: str
    kind: type
    default: Any
    label: str
    help: str = ""
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    is_secret: bool = False

    def check(self, value: Any) -> Any:
        """The value in its declared type; raises OptionFault."""
        value = self._typed(value)
        if self.choices and value not in self.choices:
            raise OptionFault(self.name, f"must be one of {', '.join(map(repr, self.choices))}")
        if self.minimum is not None and value < self.minimum:
            raise OptionFault(self.name, f"must be at least {plain_number(self.minimum)}")
        if self.maximum is not None and value > self.maximum:
            raise OptionFault(self.name, f"must be at most {plain_number(self.maximum)}")
        return value

    def _typed(self, value: Any) -> Any:
        is_bool = isinstance(value, bool)
        if self.kind is float and isinstance(value, int) and not is_bool:
            return float(value)
        if not isinstance(value, self.kind) or (is_bool and self.kind is not bool):
            raise OptionFault(self.name, f"must be {_SAID[self.kind]}, not {value!r}")
        if isinstance(value, dict) and not all(isinstance(part, str) for pair in value.items() for part in pair):
            raise OptionFault(self.name, "must hold names and texts only")
        return value


_SAID = {dict: "an object", str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def plain_number(value: float) -> str:
    """As a person writes it: 2147483647 and 0.5, never 2.14748e+09."""
    return str(int(value)) if value == int(value) else str(value)


def check_options(declared: Sequence[Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every declared option with its checked value or default; raises OptionFault for the first fault."""
    known = {option.name: option for option in declared}
    for name in given:
        if name not in known:
            raise OptionFault(name, f"is not an option here; known are {', '.join(known) or 'none'}")
    return {name: option.check(given[name]) if name in given else option.default for name, option in known.items()}
