"""History: messages, their readings, and what could not be processed. Rows are appended, never changed.

On PostgreSQL, messages and readings are partitioned by RANGE of the id (see the first migration), so time
filters are id bounds. History names its source by a text key, not by a foreign key: it outlives the source.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Func, Q

from telemetry.ids import new_id
from telemetry.values import ArrivalKind

INDEXED_TOPIC = 255
"""MQTT topics of up to so many characters are indexed: a longer one may be larger than an index takes."""


class IsIndexed(Func):
    """Whether a topic is in the index. The number is written out, not passed in: only then SQLite finds the index."""

    function = "LENGTH"
    template = f"%(function)s(%(expressions)s) <= {INDEXED_TOPIC}"
    output_field = models.BooleanField()


class Message(models.Model):
    """One thing that arrived, from wherever (MQTT, serial, REST)."""

    class Kind(models.TextChoices):
        MESSAGE = ArrivalKind.MESSAGE.value, "message"
        GAP = ArrivalKind.GAP.value, "gap"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    received_at = models.DateTimeField()
    source = models.TextField(help_text="broker:NAME, device:NAME or packets")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MESSAGE)
    topic = models.TextField(blank=True, default="", help_text="the MQTT topic it came on")
    topic_name = models.TextField(blank=True, default="", help_text="the name of the Topic that took it in")
    device = models.TextField(blank=True, default="")
    device_time = models.DateTimeField(null=True, help_text="the device's own time, if it told one")
    payload = models.BinaryField()
    decoded = models.JSONField(null=True, help_text="a copy for search; the payload is what counts")
    qos = models.PositiveSmallIntegerField(default=0)
    is_retained = models.BooleanField(default=False)
    packet_id = models.PositiveIntegerField(default=0)
    duplicate_of = models.UUIDField(null=True)
    fault = models.TextField(blank=True, default="", help_text="why it could not be processed")
    answers = models.UUIDField(null=True, help_text="the Delivery that this is a device's answer to")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["source", "id"], name="message_source_id"),
            models.Index(fields=["answers"], name="message_answers", condition=Q(answers__isnull=False)),
            models.Index(fields=["device", "id"], name="message_device_id"),
            models.Index(fields=["topic_name", "id"], name="message_topic_name_id"),
            models.Index(fields=["topic", "id"], name="message_topic_id", condition=Q(IsIndexed("topic"))),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.topic} {self.id}"


class StoredReading(models.Model):
    """One number taken out of a message. `time` is the device's time if plausible, else the receive time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message_id = models.UUIDField()
    device = models.TextField()
    metric = models.TextField()
    value = models.FloatField()
    unit = models.TextField(blank=True, default="")
    time = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["device", "metric", "id"], name="reading_device_metric_id")]

    def __str__(self) -> str:
        return f"{self.device} {self.metric} {self.value} {self.unit}".rstrip()


class LatestReading(models.Model):
    """The newest reading of each device and metric: what a page shows without searching history."""

    device = models.TextField()
    metric = models.TextField()
    value = models.FloatField()
    unit = models.TextField(blank=True, default="")
    time = models.DateTimeField()
    message_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "metric"], name="latest_reading_is_one_row")]

    def __str__(self) -> str:
        return f"{self.device} {self.metric}"


class DeadLetter(models.Model):
    """A message that could not be processed, by a codec, a rule or the database: kept with its reason."""

    class Stage(models.TextChoices):
        DECODE = "decode", "decoding"
        RULE = "rule", "a rule"
        RECORD = "record", "storing"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField()
    message_id = models.UUIDField(null=True, help_text="null when the message itself could not be stored")
    source = models.TextField()
    topic = models.TextField(blank=True, default="")
    stage = models.CharField(max_length=10, choices=Stage)
    rule = models.TextField(blank=True, default="")
    rule_version = models.PositiveIntegerField(default=0)
    reason = models.TextField()
    payload = models.BinaryField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], name="dead_letter_open", condition=Q(resolved_at=None))]

    def __str__(self) -> str:
        return f"{self.source} {self.topic}: {self.reason}"
