"""Alerts: the rules that a person configures, and what they found."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from telemetry.models.configuration import ConfiguredModel
from telemetry.names import check_name_kept, check_slug, sentence
from telemetry.options import OptionFault
from telemetry.secret_field import SecretTextField


class Severity(models.TextChoices):
    """How bad it is."""

    INFO = "info", "info"
    WARNING = "warning", "warning"
    CRITICAL = "critical", "critical"


class AlertRule(ConfiguredModel):
    """What to watch for, and whom to tell."""

    name = models.CharField(
        max_length=64, unique=True, validators=[check_slug], help_text="Stands in alerts; never changes."
    )
    label = models.CharField(max_length=200, blank=True, help_text="What people call it.")
    is_enabled = models.BooleanField("enabled", default=True)
    kind = models.CharField(max_length=40, help_text="What is watched.")
    options = models.JSONField(default=dict, blank=True)
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.WARNING)
    notify = SecretTextField(
        blank=True,
        default="",
        help_text="Whom to tell, one Apprise address a line, such as mailto://user:password@example.org. "
        "Empty: it is only shown.",
    )
    notify_reference = models.CharField(
        max_length=250, blank=True, editable=False, help_text="Where imported addresses came from, e.g. env:ALERTS"
    )
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def targets(self) -> list[str]:
        """The addresses to notify."""
        return [line.strip() for line in self.notify.splitlines() if line.strip()]

    def clean(self) -> None:
        """Check the kind and its options; each message stands at the field at fault."""
        from telemetry.alerts.registry import UnknownAlertKind, alert_kind_named

        check_name_kept(self)
        if not isinstance(self.options, dict):
            raise ValidationError({"options": "Options are a JSON object of names and values."})
        try:
            alert_kind_named(self.kind)(self.options)
        except UnknownAlertKind as fault:
            raise ValidationError({"kind": sentence(fault)}) from None
        except OptionFault as fault:
            raise ValidationError({"options": str(fault)}) from None

    def warnings(self) -> list[str]:
        """What works but is probably not meant: nothing that could be told from the rule alone."""
        return []


class Alert(models.Model):
    """One thing that a rule found: from the moment it is bad until it is good again."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"  # bad, but not for long enough to be told
        OPEN = "open", "open"
        ACKNOWLEDGED = "acknowledged", "acknowledged"
        CLEARED = "cleared", "cleared"

    rule = models.TextField()
    subject = models.TextField(help_text="broker:NAME, device:NAME, host:NAME or deliveries")
    severity = models.CharField(max_length=10, choices=Severity)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    detail = models.TextField(help_text="one plain sentence")
    bad_since = models.DateTimeField()
    good_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(help_text="when it was last looked at")
    opened_at = models.DateTimeField(null=True)
    acknowledged_by = models.TextField(blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)
    notice = models.CharField(
        max_length=10, blank=True, default="", help_text="what is still to be told: open, cleared or nothing"
    )
    notice_fault = models.TextField(blank=True, default="", help_text="why it could not be told")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject"], condition=~Q(state="cleared"), name="alert_stands_once_per_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.detail}"
