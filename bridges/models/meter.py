"""Meters: what a person wants of each power meter or of all at a broker, and what is known of it.

What is wanted is configured; what is known is written by the keeper in the worker alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction

from bridges.codecs.zones import zone_named
from bridges.meters.decision import Desired
from bridges.meters.protocol import METER_ID, MINUTES_INTERVALS, REPLY_TOPICS, SECONDS_INTERVALS
from bridges.models.broker import Broker
from bridges.models.topic import Topic
from bridges.mqtt.filters import matches
from devices.models import Device
from telemetry.models import ConfiguredModel, ConfiguredQuerySet, LatestReading
from telemetry.names import check_name_kept, check_slug
from telemetry.options import OptionFault

CODEC = "kpm33b"
SECONDS_CHOICES = [(value, f"{value} s") for value in SECONDS_INTERVALS]
MINUTES_CHOICES = [(value, f"{value} min") for value in MINUTES_INTERVALS]
check_meter_id = RegexValidator(METER_ID, "A meter's id is 8 to 32 letters and digits, as 33B1225950028.")
check_context = RegexValidator(
    r"\A[^+#/\x00-\x1f$][^+#\x00-\x1f]*\Z",
    "A context is part of a topic: without '+' and '#', with no '/' or '$' in front.",
)
_LEAVE_ALONE = "Empty: as for all meters of the broker; if that is empty too, the meter is left alone."


def check_zone(name: str) -> None:
    """Raises ValidationError for what is no time zone."""
    try:
        zone_named(name)
    except OptionFault as fault:
        raise ValidationError(f"{fault.message}.") from None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What holds for one meter: its own values, else those for all."""

    desired: Desired
    zone: tzinfo


class MeterDefaults(ConfiguredModel):
    """What is wanted of all meters at one broker, where a meter says nothing else."""

    name = models.CharField(max_length=64, unique=True, validators=[check_slug], help_text="Never changes.")
    broker = models.OneToOneField(Broker, on_delete=models.CASCADE, related_name="meter_defaults")
    zone = models.CharField(
        max_length=64, default="UTC", validators=[check_zone], help_text="Of the meters' clocks: Europe/Vienna, +01:00"
    )
    desired_seconds_interval = models.PositiveIntegerField(
        null=True, blank=True, choices=SECONDS_CHOICES, help_text="Of electrical values. Empty: left alone."
    )
    desired_minutes_interval = models.PositiveIntegerField(
        null=True, blank=True, choices=MINUTES_CHOICES, help_text="Of energy counters. Empty: left alone."
    )
    keeps_clock = models.BooleanField("keep clocks right", default=False, help_text="Set a clock that is wrong.")
    clock_every_hours = models.PositiveIntegerField(
        null=True,
        blank=True,
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(8760)],
        help_text="Set every clock so often as well. Empty: only when it is wrong.",
    )
    clock_tolerance_s = models.PositiveIntegerField(
        "clock tolerance", default=60, validators=[MinValueValidator(1), MaxValueValidator(86_400)], help_text="seconds"
    )
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "setting for all meters"
        verbose_name_plural = "settings for all meters"

    def __str__(self) -> str:
        return f"all meters of {self.broker.name}"

    def clean(self) -> None:
        """The name stays."""
        check_name_kept(self)

    def warnings(self) -> list[str]:
        """What works but is probably not meant, in plain sentences."""
        return reply_warnings(self.broker) if self.keeps_clock or self.wants_intervals else []

    @property
    def wants_intervals(self) -> bool:
        """Whether an interval is wanted of all."""
        return bool(self.desired_seconds_interval or self.desired_minutes_interval)


class MeterQuerySet(ConfiguredQuerySet["Meter"]):
    """Whoever deletes meters deletes what they told last: else they stood there as devices that wait for adoption."""

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            names = list(self.values_list("name", flat=True))
            deleted = super().delete()
            _forget(names)
        return deleted


MeterManager = models.Manager.from_queryset(MeterQuerySet)


class Meter(ConfiguredModel):
    """One power meter, by its id. It is added by itself when it is first heard; nothing is wanted of it then."""

    objects: ClassVar[models.Manager[Meter]] = MeterManager()

    name = models.CharField(
        "id", max_length=32, unique=True, validators=[check_meter_id], help_text="As in its packets: 33B1225950028."
    )
    label = models.CharField(max_length=200, blank=True, help_text="What people call it.")
    is_enabled = models.BooleanField("enabled", default=True, help_text="Off: it is never told anything.")
    broker = models.ForeignKey(Broker, on_delete=models.CASCADE, related_name="meters")
    context = models.CharField(
        max_length=200,
        blank=True,
        validators=[check_context],
        help_text="Part of the topic, for what it measures: Heat Pump. Rules know it as payload.context.",
    )
    zone = models.CharField(
        max_length=64, blank=True, validators=[check_zone], help_text="Of its clock. Empty: as for all meters."
    )
    desired_seconds_interval = models.PositiveIntegerField(
        null=True, blank=True, choices=SECONDS_CHOICES, help_text=f"Of electrical values. {_LEAVE_ALONE}"
    )
    desired_minutes_interval = models.PositiveIntegerField(
        null=True, blank=True, choices=MINUTES_CHOICES, help_text=f"Of energy counters. {_LEAVE_ALONE}"
    )
    keeps_clock = models.BooleanField(
        "keep its clock right", null=True, blank=True, help_text="Unknown: as for all meters of the broker."
    )
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [("control_relay", "Can switch the relay of meters")]

    def __str__(self) -> str:
        return self.label or self.name

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            _forget([self.name])
        return deleted

    def clean(self) -> None:
        """Check what the fields cannot check alone."""
        check_name_kept(self)

    def warnings(self) -> list[str]:
        """What works but is probably not meant, in plain sentences."""
        own = self.desired_seconds_interval or self.desired_minutes_interval or self.keeps_clock
        found = reply_warnings(self.broker) if own and self.is_enabled else []
        twin = Meter.objects.filter(broker=self.broker_id, name__endswith=self.name[-8:]).exclude(pk=self.pk).first()
        return [*found, f"{twin.name} ends alike and obeys the same commands."] if twin else found

    def wanted(self, defaults: MeterDefaults | None) -> Wanted:
        """What holds for it."""
        common = defaults or MeterDefaults()
        keeps = common.keeps_clock if self.keeps_clock is None else self.keeps_clock
        desired = Desired(
            seconds=self.desired_seconds_interval or common.desired_seconds_interval,
            minutes=self.desired_minutes_interval or common.desired_minutes_interval,
            keeps_clock=keeps,
            clock_every=timedelta(hours=common.clock_every_hours) if common.clock_every_hours else None,
            clock_tolerance=timedelta(seconds=common.clock_tolerance_s),
        )
        return Wanted(desired, zone_named(self.zone or common.zone))


class MeterState(models.Model):
    """What is known of a meter, and the talk with it. One row a meter, overwritten."""

    meter = models.OneToOneField(Meter, primary_key=True, on_delete=models.CASCADE, related_name="state")
    seen_at = models.DateTimeField(null=True)
    seconds_interval = models.PositiveIntegerField(null=True)
    seconds_at = models.DateTimeField(null=True)
    is_seconds_read = models.BooleanField(default=False, help_text="read back, not only acknowledged")
    minutes_interval = models.PositiveIntegerField(null=True)
    minutes_at = models.DateTimeField(null=True)
    is_minutes_read = models.BooleanField(default=False)
    clock_drift_s = models.FloatField(null=True, help_text="how far its clock is ahead")
    clock_drift_at = models.DateTimeField(null=True)
    clock_set_at = models.DateTimeField(null=True)
    relay = models.CharField(max_length=20, blank=True, default="")
    relay_at = models.DateTimeField(null=True)
    tries: Any = models.JSONField(default=dict, help_text="commands that wait for their reply, or failed")

    def __str__(self) -> str:
        return f"state of {self.meter.name}"


class MeterRequest(models.Model):
    """What a person asks to be done once, at once; the keeper takes it out."""

    class Kind(models.TextChoices):
        RELAY_ON = "relay_on", "switch the relay on"
        RELAY_OFF = "relay_off", "switch the relay off"
        RETRY = "retry", "try again what failed"
        SET_CLOCK = "set_clock", "set the clock"

    meter = models.ForeignKey(Meter, on_delete=models.CASCADE, related_name="requests")
    kind = models.CharField(max_length=10, choices=Kind)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.meter.name}"


def _forget(names: list[str]) -> None:
    """The newest values of what is no device besides. Its history stays as long as all history does."""
    devices = set(Device.objects.filter(name__in=names).values_list("name", flat=True))
    LatestReading.objects.filter(device__in=[name for name in names if name not in devices]).delete()


def reply_filters(broker: Broker) -> list[str]:
    """What the hub subscribes to there and reads as meters."""
    rows = Topic.objects.filter(broker=broker, direction=Topic.Direction.IN, is_enabled=True, codec=CODEC)
    return list(rows.values_list("filter", flat=True))


def unheard_replies(filters: list[str]) -> list[str]:
    """The replies that no subscription brings."""
    return [name for name in dict.fromkeys(REPLY_TOPICS.values()) if not any(matches(one, name) for one in filters)]


def reply_warnings(broker: Broker) -> list[str]:
    """A sentence if replies cannot be heard."""
    missing = unheard_replies(reply_filters(broker))
    text = ", ".join(missing)
    return [f"No in-topic of {broker.name} with the codec {CODEC} brings {text}: such commands are held back."] * bool(
        missing
    )
