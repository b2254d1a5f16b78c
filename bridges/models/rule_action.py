"""One action of a rule: what it does, with the options of its kind. Secrets among them are kept encrypted, apart."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from bridges.actions.registry import ACTIONS
from bridges.models.rule import Rule
from bridges.models.topic import Topic
from devices.drivers.registry import driver_named
from devices.models import Device, TicketTemplate
from devices.printing.job import RAW, TICKET
from telemetry.models import ConfiguredModel
from telemetry.names import sentence
from telemetry.options import OptionFault
from telemetry.secret_field import SecretTextField


def action_kinds() -> list[tuple[str, str]]:
    """Every kind of action: those with a row as their target, and those of `bridges.actions`."""
    return [*RuleAction.Kind.choices, *((kind.name, kind.does) for kind in ACTIONS.values())]


class RuleAction(ConfiguredModel):
    """Publish to an out-Topic, write to a serial Device, or one of the kinds of `bridges.actions`."""

    class Kind(models.TextChoices):
        """The kinds that have a row as their target."""

        PUBLISH = "publish", "publish to a topic"
        WRITE = "write", "write to a device"

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="actions")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=action_kinds)
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.CASCADE, related_name="rule_actions")
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="rule_actions")
    ticket = models.ForeignKey(
        TicketTemplate,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rule_actions",
        help_text="What makes a receipt of the message. Empty: the payload is printed.",
    )
    is_raw = models.BooleanField(
        "raw",
        default=False,
        help_text="Copy the bytes as received, even on a printer of texts: the message can cut and open a drawer.",
    )
    options = models.JSONField(default=dict, blank=True)
    secrets = SecretTextField(blank=True, default="", editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="publish", topic__isnull=False, device__isnull=True)
                | Q(kind="write", topic__isnull=True, device__isnull=False)
                | Q(~Q(kind__in=["publish", "write"]), topic__isnull=True, device__isnull=True),
                name="rule_action_has_its_target",
            ),
            models.CheckConstraint(
                condition=Q(kind="write") | Q(ticket__isnull=True, is_raw=False),
                name="rule_action_prints_on_a_device",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.said_target}".rstrip()

    @property
    def said_target(self) -> str:
        """Where it goes, in a word; never a secret."""
        if self.kind in ACTIONS:
            return ACTIONS[self.kind].said(self.options)
        return str(self.topic or self.device)

    def warnings(self) -> list[str]:
        """What can be saved so but will not work, in plain sentences."""
        return ACTIONS[self.kind].warnings(self.options) if self.kind in ACTIONS else []

    @property
    def kept_secrets(self) -> dict[str, tuple[str, str]]:
        """By option: the secret, and the reference that it came by ('' if it was typed)."""
        return {name: (value, origin) for name, (value, origin) in json.loads(self.secrets or "{}").items()}

    def keep_secrets(self, secrets: dict[str, tuple[str, str]]) -> None:
        """Keep exactly these; an empty one is none."""
        kept = {name: pair for name, pair in secrets.items() if pair[0]}
        setattr(self, "secrets", json.dumps(kept) if kept else "")  # noqa: B010 - the field has no types

    @property
    def all_options(self) -> dict[str, Any]:
        """The options with their secrets: for whoever carries the action out, and for no one else."""
        return dict(self.options) | {name: value for name, (value, _) in self.kept_secrets.items()}

    def clean(self) -> None:
        """The target must fit the kind, and the options must be those of the kind."""
        self._clean_print()
        if self.kind in ACTIONS:
            self._clean_options()
        elif self.kind in self.Kind:
            self._clean_target()

    @property
    def form(self) -> str:
        """What the payload of its Deliveries is: '' for what the device's options say."""
        return TICKET if self.ticket is not None else RAW if self.is_raw else ""

    def _clean_print(self) -> None:
        field = "ticket" if self.ticket is not None else "is_raw"
        if not self.form:
            return
        if self.kind != self.Kind.WRITE:
            raise ValidationError({field: "Only what is written to a printer has this."})
        if self.ticket is not None and self.is_raw:
            raise ValidationError({"is_raw": "A ticket makes its own bytes: it is a ticket or raw, not both."})
        if self.device is not None and self.device.driver and not _takes(self.device, self.form):
            raise ValidationError({field: f"{self.device.name} is no printer."})

    def _clean_options(self) -> None:
        for field in ("topic", "device"):
            if getattr(self, field) is not None:
                raise ValidationError({field: f"To {ACTIONS[self.kind].does}, name no {field}."})
        try:
            ACTIONS[self.kind](self.all_options)
        except OptionFault as fault:
            raise ValidationError({"options": f"{fault.name}: {sentence(fault.message)}"}) from None

    def _clean_target(self) -> None:
        field, other = ("topic", "device") if self.kind == self.Kind.PUBLISH else ("device", "topic")
        if getattr(self, other) is not None:
            raise ValidationError({other: f"To {self.kind}, name a {field} only."})
        if getattr(self, field) is None:
            raise ValidationError({field: f"To {self.kind}, name a {field}."})
        if self.options or self.secrets:
            raise ValidationError({"options": f"To {self.kind} takes no options."})
        if self.topic is not None and self.topic.direction != Topic.Direction.OUT:
            raise ValidationError({"topic": f"The hub subscribes to {self.topic.name}; publishing needs an out-topic."})
        if self.device is not None and not self.device.driver:
            raise ValidationError({"device": f"{self.device.name} has no driver, so nothing can be written to it."})


def _takes(device: Device, form: str) -> bool:
    try:
        return form in driver_named(device.driver).forms
    except OptionFault:
        return False
