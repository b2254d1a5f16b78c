"""Rules: sources, a condition and a transform. Their actions stand beside, in `rule_action`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from bridges.models.rule_samples import Sample, last_sample, typed_sample
from bridges.models.ticket_trials import ticket_faults
from bridges.models.topic import Topic
from bridges.pipeline.batching import batched
from bridges.rules.expression import Variables
from bridges.rules.rule import check_rule
from devices.models import Device
from telemetry.models import ConfiguredModel
from telemetry.names import check_name_kept, check_rule_name, sentence

MIN_EVERY_S = 0.1
MAX_EVERY_S = 86_400
_SAID_OF_SOURCES = ("packets", "topic__name", "topic__label", "device__name", "device__label")


def check_every(value: float) -> None:
    """Raises ValidationError for an interval that no batch rule can have."""
    if not (value == 0 or MIN_EVERY_S <= value <= MAX_EVERY_S):
        raise ValidationError(f"An interval is {MIN_EVERY_S} to {MAX_EVERY_S:,} seconds, or 0 for the default one.")


class Rule(ConfiguredModel):
    """What to do with what arrives: sources -> condition -> transform -> actions."""

    name = models.CharField(max_length=100, unique=True, validators=[check_rule_name])
    is_enabled = models.BooleanField("enabled", default=True)
    condition = models.TextField(
        blank=True, help_text="CEL, e.g. readings.temperature > 30.0. Empty: every message of its sources."
    )
    transform = models.TextField(
        blank=True,
        help_text='A JSON object of CEL expressions, in the order of the output, e.g. {"id": "device", '
        '"t": "readings.temperature"}. Empty: the payload goes on unchanged.',
    )
    every_s = models.FloatField(
        "every",
        null=True,
        blank=True,
        validators=[check_every],
        help_text="Seconds: work on all that came in this time at once, as `batch`. 0: the hub's PROCESS_INTERVAL. "
        "Empty: work on each message as it comes.",
    )
    sample = models.TextField(
        blank=True, help_text="A payload to try the expressions on. Empty: the last message of the sources."
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check the expressions; each message stands at the field at fault."""
        check_name_kept(self)
        self.condition = self.condition.replace("\r\n", "\n")  # as a browser sends it
        expressions = read_transform(self.transform)
        sample, faults = self._sample()
        origin = f" (tried on {sample.origin})" if sample else ""
        is_batch = self.every_s is not None
        alone = check_rule(self.condition, expressions, is_batch=is_batch)
        tried = check_rule(self.condition, expressions, self._tried_on(sample), is_batch=is_batch) if sample else alone
        for fault in tried:
            field, _, key = fault.field.partition(".")
            text = f"{fault.message}{'' if fault in alone else origin}"
            faults.setdefault(field, []).append(f"{key}: {text}" if key else sentence(text))
        if faults:
            raise ValidationError(faults)

    def _tried_on(self, sample: Sample) -> list[Variables]:
        """The sample as this rule sees it: by itself, or as a batch of one."""
        return [sample.variables] if self.every_s is None else [batched([sample.variables], f"rule:{self.name}")]

    def _sample(self) -> tuple[Sample | None, dict[str, list[str]]]:
        """What to try the expressions on, and what is wrong with the sample itself."""
        stored = RuleSource.objects.none() if self._state.adding else RuleSource.objects.filter(rule=self)
        if not self.sample.strip():
            return last_sample(stored.select_related("topic", "device").only(*_SAID_OF_SOURCES)), {}
        sources = list(stored.select_related("topic__broker", "topic__device", "device"))
        try:
            return typed_sample(self.sample, sources, datetime.now(UTC)), {}
        except ValueError as fault:
            return None, {"sample": [sentence(f"This cannot be read as a message of {sources[0]}: {fault}")]}

    def warnings(self) -> list[str]:
        """What works but is probably not meant, in plain sentences."""
        if self._state.adding:
            return []
        found = {
            "Without a source this rule never runs.": not self.sources.all(),
            "Without an action this rule does nothing.": not self.actions.all(),
        }
        return [
            *(sentence for sentence, applies in found.items() if applies),
            *self._ticket_warnings(),
            *(text for action in self.actions.all() for text in action.warnings()),
        ]

    def _ticket_warnings(self) -> list[str]:
        """Of each ticket that fails on the sample: every receipt of this rule would."""
        actions = [action for action in self.actions.all() if action.ticket is not None]
        sample = self._sample()[0] if actions else None
        if sample is None:
            return []
        expressions = read_transform(self.transform)
        found = [ticket_faults(self.condition, expressions, seen, actions) for seen in self._tried_on(sample)]
        return [sentence(f"{fault} (tried on {sample.origin})") for faults in found for fault in faults]

    def save(self, *args: Any, **kwargs: Any) -> None:
        is_change = bool(self.pk) and not self._state.adding
        if is_change:
            self.version = F("version") + 1
        super().save(*args, **kwargs)
        if is_change:
            self.refresh_from_db(fields=["version"])


def read_transform(text: str) -> dict[str, str]:
    """The expressions of a transform by the key that they fill; raises ValidationError at `transform`."""
    if not text:
        return {}
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except ValueError as error:
        raise _transform_fault(f"This is not JSON: {error}.") from None
    except RecursionError:
        raise _transform_fault("This is nested too deeply.") from None
    if not text.lstrip().startswith("{"):
        raise _transform_fault("This must be a JSON object of expressions.")
    expressions: dict[str, str] = {}
    for key, value in pairs:
        if not isinstance(value, str):
            raise _transform_fault(f"{key}: an expression is written as text, in quotes.")
        if key in expressions:
            raise _transform_fault(f"{key}: this key stands here twice.")
        expressions[key] = value
    return expressions


def _transform_fault(message: str) -> ValidationError:
    return ValidationError({"transform": message})


class RuleSource(ConfiguredModel):
    """One source of a rule: a Topic, a Device, or the packets that REST takes in."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="sources")
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.CASCADE, related_name="rule_sources")
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="rule_sources")
    packets = models.BooleanField(default=False, help_text="Packets submitted over REST.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(topic__isnull=False, device__isnull=True, packets=False)
                | Q(topic__isnull=True, device__isnull=False, packets=False)
                | Q(topic__isnull=True, device__isnull=True, packets=True),
                name="rule_source_is_exactly_one",
            )
        ]

    def __str__(self) -> str:
        return "packets" if self.packets else str(self.topic or self.device)

    def clean(self) -> None:
        """One source, and a topic must be one that the hub subscribes to."""
        if (self.topic is not None) + (self.device is not None) + self.packets != 1:
            raise ValidationError({"topic": "A source is one topic, one device, or packets."})
        if self.topic is not None and self.topic.direction != Topic.Direction.IN:
            raise ValidationError(
                {"topic": f"The hub publishes to {self.topic.name}; a source is a topic it subscribes to."}
            )
