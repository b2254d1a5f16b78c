"""A reading that leaves the range in which it should be."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from telemetry.alerts.base import CLEAR, AlertKind, Finding, ValueFact, World, lasting
from telemetry.options import Option, OptionFault


class ValueRangeAlert(AlertKind):
    """The newest value of a metric against a lowest, a highest, or both."""

    name = "value-range"
    label = "Value out of range"
    help = "A reading is too low or too high"
    options = (
        Option(name="metric", kind=str, default="", label="Metric", help="Such as temperature"),
        Option(name="device", kind=str, default="", label="Device", help="Its name; empty: every one that has it"),
        Option(name="lowest", kind=str, default="", label="Lowest", help="A number; empty: no bound"),
        Option(name="highest", kind=str, default="", label="Highest", help="A number; empty: no bound"),
        Option(
            name="margin",
            kind=float,
            default=0.0,
            minimum=0,
            label="Margin",
            help="How far inside the range a value must be to be good again",
        ),
        lasting(0.0),
        CLEAR,
    )

    def check(self) -> None:
        """A metric and a bound at least."""
        if not self.given["metric"]:
            raise OptionFault("metric", "is missing")
        self._low = _bound("lowest", self.given["lowest"], -math.inf)
        self._high = _bound("highest", self.given["highest"], math.inf)
        if math.isinf(self._low) and math.isinf(self._high):
            raise OptionFault("lowest", "give a lowest or a highest value, or both")
        if self._low > self._high:
            raise OptionFault("lowest", "is above the highest")

    def find(self, world: World, standing: Collection[str]) -> Iterator[Finding]:
        """Those outside; one with a standing alert must come inside by the margin."""
        for fact in world.values:
            if fact.metric != self.given["metric"] or fact.device != (self.given["device"] or fact.device):
                continue
            subject = f"device:{fact.device}"
            margin = self.given["margin"] if subject in standing else 0.0
            if fact.value < self._low + margin:
                yield Finding(subject, _said(fact, "below", self._low))
            elif fact.value > self._high - margin:
                yield Finding(subject, _said(fact, "above", self._high))


def _bound(name: str, text: str, otherwise: float) -> float:
    try:
        value = float(text) if text.strip() else otherwise
    except ValueError:
        raise OptionFault(name, "must be a number") from None
    if math.isnan(value):
        raise OptionFault(name, "must be a number")
    return value


def _said(fact: ValueFact, where: str, bound: float) -> str:
    now = f"{fact.value:g} {fact.unit}".rstrip()
    return f"{fact.metric} of {fact.device} is {now}, {where} {bound:g}."
