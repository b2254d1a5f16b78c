"""One CEL expression: compiled once with its limits checked, evaluated on only the paths that it names.

Pure. The library converts all it is given at every call and knows no limits of its own, so it must never see more of
a message than the expression asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import cel

from bridges.rules.blame import blame
from bridges.rules.faults import EvaluationFault, ExpressionFault, Missing
from bridges.rules.paths import ABSENT, Cutting, Path, Tally, look_up, say
from bridges.rules.plain import plain
from bridges.rules.shape import CHARACTERS_A_NODE, Need, Shape
from bridges.rules.syntax import read_shape
from bridges.rules.vocabulary import MAX_CHARACTERS
from telemetry.values import Json

MAX_ITEMS: Final = 1_000
MAX_NODES: Final = 1_000
MAX_DEPTH: Final = 50
MAX_WORK: Final = 10_000_000
"""In steps of about 40 ns (see Shape.work): the longest that one evaluation may hold up the process is some 0.4 s."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What an expression can name. `readings` are numbers by metric, `device` is '' when it is unknown.

    `batch` is what a batch rule worked off at once; None for every other rule.
    """

    payload: Json
    readings: Mapping[str, float]
    device: str
    topic: str
    source: str
    time: datetime
    batch: Json = None

    def __post_init__(self) -> None:
        """Everything below looks at dicts only, which is several times faster than asking for any mapping."""
        if not isinstance(self.readings, dict):
            object.__setattr__(self, "readings", dict(self.readings))


class Expression:
    """A compiled expression. Immutable; one instance may serve any number of threads."""

    def __init__(self, source: str) -> None:
        """Raises ExpressionFault, with the place when there is one."""
        if not isinstance(source, str):
            raise ExpressionFault("an expression must be text")
        if len(source) > MAX_CHARACTERS:
            raise ExpressionFault(f"longer than {MAX_CHARACTERS:,} characters")
        self.source = source
        self._shape = read_shape(source)
        self._program = _compile(source)
        self._cuttings = _cuttings(self._shape)
        self._is_dear = bool(self._shape.macros or self._shape.additions)
        self._body_paths = [use.path for use in self._shape.uses if use.is_in_body]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths that the expression names, each once, in order of appearance."""
        return tuple(dict.fromkeys(use.path for use in self._shape.uses))

    def names(self, variable: str) -> bool:
        """Whether it names this variable, or something in it."""
        return any(use.path[0] == variable for use in self._shape.uses)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def evaluate(self, variables: Variables) -> Json:
        """The result as JSON; raises Missing for a missing key or null operand, EvaluationFault for all else."""
        if self._shape.path is not None:
            return _follow(self._shape.path, variables)
        given = self._cut(variables)
        try:
            result = self._program.execute(given)
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            raise blame(error, self._shape, variables) from error
        return plain(result)

    def _cut(self, variables: Variables) -> dict[str, Any]:
        """Only what the expression names, within the limits."""
        tally = Tally()
        given = {
            name: cutting.cut(getattr(variables, name), tally, stop_at=MAX_NODES)
            for name, cutting in self._cuttings.items()
        }
        if tally.nodes or self._is_dear:
            self._check(tally, variables)
        if "readings" in given:
            given["readings"] = _as_doubles(given["readings"])
        return given

    def _check(self, tally: Tally, variables: Variables) -> None:
        if tally.longest > MAX_ITEMS:
            raise EvaluationFault(f"a list or object of {tally.longest:,} items: the limit is {MAX_ITEMS:,}")
        if tally.nodes > MAX_NODES:
            raise EvaluationFault(f"more than the limit of {MAX_NODES:,} values; name single fields instead")
        if tally.depth > MAX_DEPTH:
            raise EvaluationFault(f"nested deeper than the limit of {MAX_DEPTH}")
        if self._is_dear and self._work(tally, variables) > MAX_WORK:
            raise EvaluationFault("too much work for a message of this size: beyond the limit for one expression")

    def _work(self, tally: Tally, variables: Variables) -> int:
        inner = Tally()
        for path in self._body_paths:
            inner.count(look_up(variables, path), stop_at=MAX_NODES)
        return self._shape.work(
            nodes=tally.nodes,
            longest=tally.longest,
            characters=tally.characters,
            inner=inner.nodes + inner.characters // CHARACTERS_A_NODE,
        )


def _follow(path: Path, variables: Variables) -> Json:
    """The value at a lone path: no library, no limits, no copy."""
    value = look_up(variables, path)
    if value is ABSENT:
        raise Missing(say(path))
    if path[0] == "readings":
        return plain(_as_doubles(value) if len(path) == 1 else float(value))
    return plain(value)


def _as_doubles(readings: Mapping[str, float]) -> dict[str, float]:
    return {metric: float(value) for metric, value in readings.items()}


def _cuttings(shape: Shape) -> dict[str, Cutting]:
    root = Cutting()
    for use in shape.uses:
        cutting = root.want(use.path)
        cutting.is_whole |= use.need is Need.VALUE
        cutting.is_whole_list |= use.need is Need.MEMBERSHIP
    return {str(name): cutting for name, cutting in root.steps.items()}


_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)")


def _compile(source: str) -> Any:
    try:
        return cel.compile(source)
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise _explained(str(error), source) from error


def _explained(message: str, source: str) -> ExpressionFault:
    """The library's words without its echo of the source, and its line and column as one position."""
    found = _PLACE.search(message)
    if found is None:
        return ExpressionFault("the expression is not understood")
    line, column, said = int(found[1]), int(found[2]), found[3]
    before = sum(len(text) + 1 for text in source.split("\n")[: line - 1])
    return ExpressionFault(said.split(" expecting ")[0], min(before + column - 1, len(source)))
