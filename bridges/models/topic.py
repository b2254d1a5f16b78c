"""Topics: subscriptions and publish targets on a Broker."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from bridges.codecs.registry import UnknownCodec, codec_named
from bridges.models.broker import QOS_CHOICES, Broker
from bridges.mqtt.filters import TopicFault, check_filter, overlap
from bridges.rules.address import AddressFault, AddressTemplate
from bridges.transit.checks import is_stateful, rule_fault
from devices.models import Device
from telemetry.models import ConfiguredModel
from telemetry.names import check_name_kept, check_slug, sentence
from telemetry.options import OptionFault


class Topic(ConfiguredModel):
    """A subscription (direction `in`) or a publish target (direction `out`)."""

    class Direction(models.TextChoices):
        IN = "in", "in - the hub subscribes"
        OUT = "out", "out - the hub publishes"

    name = models.CharField(
        max_length=64, unique=True, validators=[check_slug], help_text="Used in rules and history; never changes."
    )
    label = models.CharField(max_length=200, blank=True, help_text="What people call it.")
    is_enabled = models.BooleanField("enabled", default=True)
    broker = models.ForeignKey(Broker, on_delete=models.CASCADE, related_name="topics")
    direction = models.CharField(max_length=3, choices=Direction, default=Direction.IN)
    filter = models.CharField(
        "topic",
        max_length=1000,
        help_text="In: a filter, where + stands for one level and # for the rest. "
        "Out: the topic, where {device}, {topic[1]} or {payload.x} are filled in.",
    )
    qos = models.PositiveSmallIntegerField(default=1, choices=QOS_CHOICES)
    retain = models.BooleanField(default=False, help_text="Out: ask the broker to keep the last message.")
    codec = models.CharField(max_length=40, default="json", help_text="In: how the payload is read.")
    codec_options = models.JSONField(default=dict, blank=True)
    device = models.ForeignKey(
        Device,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="topics",
        help_text="In: whose messages these are, if the payload does not say.",
    )
    no_local = models.BooleanField(
        default=True, help_text="In, MQTT 5: do not receive what this hub itself publishes on this connection."
    )
    is_searchable = models.BooleanField(
        "searchable", default=True, help_text="In: keep a decoded copy, so that messages can be found by key and value."
    )
    is_stored = models.BooleanField(
        "store",
        default=True,
        help_text="In: keep its messages. Without, they only pass through: the broker is answered once every target of "
        "their rules has them, and while a target is away the broker keeps them.",
    )
    allow_slash = models.BooleanField(
        default=False, help_text="Out: let a filled-in value hold '/', and so add levels to the topic."
    )
    expiry_s = models.PositiveIntegerField(
        "expires after", null=True, blank=True, help_text="Out: seconds; empty: it waits for as long as it takes."
    )
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["broker", "filter"],
                condition=Q(direction="in"),
                name="topic_filter_is_subscribed_once_per_broker",
            ),
            models.CheckConstraint(condition=Q(qos__in=[0, 1, 2]), name="topic_qos_is_known"),
            models.CheckConstraint(
                condition=Q(direction="in") | Q(is_stored=True), name="topic_only_input_is_unstored"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def link_key(self) -> str:
        """The key of the link that its messages come or go by."""
        return self.broker.link_key if self.is_stored else self.broker.transit_key

    def clean(self) -> None:
        """Check what the fields cannot check alone; each message stands at the field at fault."""
        check_name_kept(self)
        found = {"direction": self._direction_fault(), "filter": self._filter_fault(), **self._codec_faults()}
        found.setdefault("is_stored", self._store_fault())
        faults = {field: message for field, message in found.items() if message}
        if faults:
            raise ValidationError(faults)

    def warnings(self) -> list[str]:
        """What works but is probably not meant, in plain sentences."""
        twice = self.broker_id is not None and self.broker.protocol == Broker.Protocol.V5
        effect = (
            "the broker may send a message that fits both twice"
            if twice
            else "a message that fits both is read by the codec of the more specific one"
        )
        return [
            f"Overlaps with the topic {other.name} ({other.filter}): {effect}."
            for other in self._other_in_topics()
            if overlap(self.filter, other.filter)
        ]

    def _other_in_topics(self) -> models.QuerySet[Topic]:
        """The enabled subscriptions beside this one, if it is one itself."""
        if self.direction != self.Direction.IN or not self.is_enabled:
            return Topic.objects.none()
        return Topic.objects.filter(broker=self.broker_id, direction=self.Direction.IN, is_enabled=True).exclude(
            pk=self.pk
        )

    def _direction_fault(self) -> str:
        """A topic that rules use keeps its direction."""
        if self._state.adding:
            return ""
        if self.direction == self.Direction.OUT:
            names = _listed(self.rule_sources.values_list("rule__name", flat=True))
            return f"Rules take it as a source: {names}." if names else ""
        names = _listed(self.rule_actions.values_list("rule__name", flat=True))
        return f"Rules publish to it: {names}." if names else ""

    def _filter_fault(self) -> str:
        if not self.filter:
            return ""
        try:
            if self.direction == self.Direction.OUT:
                AddressTemplate(self.filter)
                return ""
            check_filter(self.filter)
        except (TopicFault, AddressFault) as fault:
            return sentence(fault)
        twins = Topic.objects.filter(broker=self.broker_id, direction=self.Direction.IN, filter=self.filter)
        twin = twins.exclude(pk=self.pk).first()
        return f"The topic {twin.name} subscribes to this already." if twin else ""

    def _store_fault(self) -> str:
        """What passes through unstored needs a codec that remembers nothing, and rules that only publish and write."""
        if self.is_stored:
            return ""
        if self.direction == self.Direction.OUT:
            return "Only what comes in can be stored or not."
        if is_stateful(self.codec):
            return f"The codec {self.codec} must remember messages, so they have to be stored."
        for source in self.rule_sources.select_related("rule") if not self._state.adding else ():
            if fault := rule_fault(source.rule.every_s, source.rule.actions.all()):
                return f"The rule {source.rule} takes it as a source. {fault}"
        return ""

    def _codec_faults(self) -> dict[str, str]:
        """What is published needs no codec; its options are checked all the same, for the day it turns round."""
        if not isinstance(self.codec_options, dict):
            return {"codec_options": "Options are a JSON object of names and values."}
        try:
            codec_named(self.codec)(self.codec_options)
        except UnknownCodec as fault:
            return {"codec": sentence(fault)}
        except OptionFault as fault:
            return {"codec_options": str(fault)}
        return {}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))
