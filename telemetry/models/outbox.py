"""The outbox: every Delivery, waiting or done. A courier carries those of one target, in id order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from telemetry.delivery_kinds import delivery_kinds
from telemetry.ids import new_id


class Delivery(models.Model):
    """One thing on its way out to one target, with its own payload."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        SENDING = "sending", "sending"  # a serial write was begun
        DELIVERED = "delivered", "delivered"
        DEAD = "dead", "dead letter"
        EXPIRED = "expired", "expired"
        UNKNOWN = "unknown", "unknown"  # a write was cut short: a person decides

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField()
    message_id = models.UUIDField(null=True)
    source = models.TextField(help_text="the source of its message: order is kept per source and target")
    rule = models.TextField(blank=True, default="")
    rule_version = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=delivery_kinds)
    target = models.TextField(help_text="broker:NAME, device:NAME, events, rule:NAME or KIND:RULE")
    topic_name = models.TextField(blank=True, default="")
    address = models.TextField(blank=True, default="", help_text="the MQTT topic, or the event's name")
    payload = models.BinaryField()
    qos = models.PositiveSmallIntegerField(default=0)
    is_retained = models.BooleanField(default=False)
    properties = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    disconnects = models.PositiveSmallIntegerField(default=0, help_text="abnormal disconnects while in flight")
    expires_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    result = models.JSONField(null=True, blank=True, help_text="what a script or webhook answered")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["target", "id"], name="delivery_open", condition=Q(state__in=["waiting", "sending"])),
            models.Index(fields=["state", "id"], name="delivery_failed", condition=Q(state__in=["dead", "unknown"])),
            models.Index(fields=["message_id"], name="delivery_message"),
            models.Index(fields=["id"], name="delivery_expired", condition=Q(state="expired")),
            models.Index(fields=["kind", "id"], name="delivery_unusual_kind", condition=~Q(kind="publish")),
            models.Index(fields=["target", "id"], name="delivery_target"),
            models.Index(fields=["rule", "id"], name="delivery_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.target} {self.address}".rstrip()
