"""One rule, compiled: does it match a message, and what does it make of it. It neither reads nor sends anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridges.rules.blame import type_said
from bridges.rules.expression import Expression, Variables
from bridges.rules.faults import EvaluationFault, ExpressionFault, Missing
from telemetry.values import Json

MAX_FIELDS = 200
"""How many fields one transform may have."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule said. `output` None with `matched`: the payload goes on unchanged, byte for byte.

    `is_missing` marks a condition that named a missing key or a null: no match, to be counted.
    """

    matched: bool
    is_missing: bool = False
    output: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class RuleFault:
    """One thing wrong with a rule. `field` is where: 'condition', 'transform', 'transform.active_power'."""

    field: str
    message: str


_NO_BATCH = "batch is known only to rules that work every N seconds"
_NO_MATCH = RuleResult(matched=False)
_MISSING = RuleResult(matched=False, is_missing=True)
_PASS_ON = RuleResult(matched=True)


class CompiledRule:
    """A rule ready to run. Immutable; an empty condition matches everything."""

    def __init__(
        self, name: str, version: int, condition: str = "", transform: Mapping[str, str] | None = None
    ) -> None:
        """Raises ExpressionFault for an expression that cannot be used."""
        self.name = name
        self.version = version
        self._condition = Expression(condition) if condition.strip() else None
        self._transform = _compiled(transform) if transform else None

    @property
    def judges_batches(self) -> bool:
        """Whether the condition is one of a whole batch, and not of each message."""
        return self._condition is not None and self._condition.names("batch")

    @property
    def passes_on(self) -> bool:
        """Whether the payload goes on unchanged: there is no transform."""
        return self._transform is None

    def apply(self, variables: Variables) -> RuleResult:
        """What the rule says of a message; raises EvaluationFault, which names the field at fault."""
        result = self.decide(variables)
        return result if not result.matched or self._transform is None else self.fill_in(variables)

    def decide(self, variables: Variables) -> RuleResult:
        """What the condition alone says; raises EvaluationFault."""
        return _PASS_ON if self._condition is None else _decide(self._condition, variables)

    def fill_in(self, variables: Variables) -> RuleResult:
        """What the transform alone makes of what matched; raises EvaluationFault."""
        if self._transform is None:
            return _PASS_ON
        fields = {field: _evaluate(field, expression, variables) for field, expression in self._transform}
        return RuleResult(matched=True, output=fields)


def check_rule(
    condition: str,
    transform: Mapping[str, Any] | None = None,
    samples: Sequence[Variables] = (),
    *,
    is_batch: bool = False,
) -> list[RuleFault]:
    """Everything wrong with a rule that is to be saved: every field alone, then against each sample."""
    faults = []
    compiled: list[tuple[str, Expression]] = []
    sources = [("condition", condition)] if condition.strip() else []
    sources += [(f"transform.{field}", source) for field, source in (transform or {}).items()]
    faults += _shape_faults(transform or {})
    for field, source in sources:
        try:
            compiled.append((field, Expression(source)))
        except ExpressionFault as fault:
            faults.append(RuleFault(field, str(fault)))
    if not is_batch:
        faults += [RuleFault(field, _NO_BATCH) for field, expression in compiled if expression.names("batch")]
    for variables in samples:
        faults += [fault for field, expression in compiled for fault in _try(field, expression, variables)]
    return list(dict.fromkeys(faults))


def _compiled(transform: Mapping[str, str]) -> list[tuple[str, Expression]]:
    for fault in _shape_faults(transform):
        raise ExpressionFault(f"{fault.field}: {fault.message}")
    return [(field, Expression(source)) for field, source in transform.items()]


def _shape_faults(transform: Mapping[str, Any]) -> list[RuleFault]:
    faults = [RuleFault("transform", f"more than {MAX_FIELDS} fields")] if len(transform) > MAX_FIELDS else []
    unusable = [field for field in transform if not isinstance(field, str) or not field or not field.isprintable()]
    return faults + [RuleFault("transform", f"{field!r} cannot be the name of a field") for field in unusable]


def _try(field: str, expression: Expression, variables: Variables) -> list[RuleFault]:
    """What goes wrong on this sample. A missing value is no fault: other messages may have it."""
    try:
        if field == "condition":
            _decide(expression, variables)
        else:
            expression.evaluate(variables)
    except Missing:
        return []
    except EvaluationFault as fault:
        return [RuleFault(field, fault.message)]
    return []


def _decide(condition: Expression, variables: Variables) -> RuleResult:
    try:
        value = condition.evaluate(variables)
    except Missing:
        return _MISSING
    except EvaluationFault as fault:
        raise EvaluationFault(fault.message, "condition") from fault
    if value is True:
        return _PASS_ON
    if value is False:
        return _NO_MATCH
    if value is None:
        return _MISSING
    raise EvaluationFault(f"the condition must give true or false, not {type_said(value)}", "condition")


def _evaluate(field: str, expression: Expression, variables: Variables) -> Json:
    try:
        return expression.evaluate(variables)
    except Missing:
        return None
    except EvaluationFault as fault:
        raise EvaluationFault(fault.message, f"transform.{field}") from fault
