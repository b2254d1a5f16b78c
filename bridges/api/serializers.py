"""The JSON shapes of brokers and topics, in REST and in the config file. Those of rules stand beside, in `rules`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from bridges.api.rules import RuleSerializer
from bridges.models import Broker, Topic
from bridges.models.discovery_settings import MAX_PREFIX
from devices.models import Device
from telemetry.api.configured import ConfiguredSerializer, StrictSerializer
from telemetry.api.fields import LIMITS, MAX_SECONDS, NameField, NumberField, ObjectField, SecretField, reference_shape

__all__ = ["BrokerSerializer", "RuleSerializer", "TopicSerializer"]


class ProtocolField(serializers.ChoiceField):
    """The MQTT version: 5, or 4 for MQTT 3.1.1 (which may also be written '3.1.1')."""

    def to_internal_value(self, data: Any) -> Any:
        """5 or 4; raises ValidationError."""
        return super().to_internal_value(Broker.Protocol.V311.value if data == "3.1.1" else data)


class TlsSerializer(StrictSerializer):
    """How the connection is encrypted. `ca`, `certificate` and `key` are paths or PEM text."""

    enabled = serializers.BooleanField(source="tls_enabled", required=False)
    ca = serializers.CharField(source="tls_ca", required=False, allow_blank=True, trim_whitespace=False)
    certificate = serializers.CharField(
        source="tls_certificate", required=False, allow_blank=True, trim_whitespace=False
    )
    key = SecretField("tls_key", keeps_path=True)
    key_set = serializers.SerializerMethodField()
    min_version = serializers.ChoiceField(source="tls_min_version", choices=Broker.TlsVersion.choices, required=False)
    check_hostname = serializers.BooleanField(source="tls_check_hostname", required=False)

    def get_key_set(self, broker: Broker) -> bool:
        """Whether a private key is kept."""
        return bool(broker.tls_key)


class WillSerializer(StrictSerializer):
    """What the broker publishes when the hub is lost; null for none."""

    topic = serializers.CharField(source="will_topic", max_length=500)
    payload = serializers.CharField(source="will_payload", required=False, allow_blank=True, trim_whitespace=False)
    qos = serializers.ChoiceField(source="will_qos", choices=[0, 1, 2], required=False)
    retain = serializers.BooleanField(source="will_retain", required=False)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The model fields to set; null clears the will."""
        return {"will_topic": "", "will_payload": ""} if data is None else super().run_validation(data)

    def to_representation(self, instance: Broker) -> Any:
        """The will, or None."""
        return super().to_representation(instance) if instance.will_topic else None


class DiscoverySerializer(StrictSerializer):
    """Whether the Home Assistant at this broker is told of the hub's devices, and under which topics."""

    enabled = serializers.BooleanField(source="discovery_enabled", required=False)
    prefix = serializers.CharField(source="discovery_prefix", max_length=MAX_PREFIX, required=False)
    state_prefix = serializers.CharField(source="discovery_state_prefix", max_length=MAX_PREFIX, required=False)


class BrokerSerializer(ConfiguredSerializer[Broker]):
    """One broker. Durations are in seconds. The password is taken and never answered."""

    secrets = frozenset({"password", "password_reference", "tls_key"})

    enabled = serializers.BooleanField(source="is_enabled", required=False)
    protocol = ProtocolField(choices=Broker.Protocol.choices, required=False)
    password = SecretField("password", reference_column="password_reference")
    password_set = serializers.SerializerMethodField()
    tls = TlsSerializer(source="*", required=False)
    keepalive = serializers.IntegerField(source="keepalive_s", required=False, min_value=5, max_value=65535)
    session_expiry = serializers.IntegerField(
        source="session_expiry_s", required=False, min_value=0, max_value=MAX_SECONDS
    )
    will = WillSerializer(source="*", required=False, allow_null=True)
    discovery = DiscoverySerializer(source="*", required=False)
    drain_rate = NumberField(required=False, allow_null=True)

    class Meta:
        model = Broker
        validators: list[object] = []
        fields = [
            "name",
            "label",
            "enabled",
            "host",
            "port",
            "protocol",
            "username",
            "password",
            "password_set",
            "client_id",
            "tls",
            "keepalive",
            "session_expiry",
            "receive_maximum",
            "will",
            "discovery",
            *LIMITS,
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["edited_on_web"]

    def get_password_set(self, broker: Broker) -> bool:
        """Whether a password is kept."""
        return bool(broker.password)

    def to_representation(self, instance: Broker) -> dict[str, Any]:
        """The JSON shape; in the config file secrets stand as references, where they came from one."""
        shape = super().to_representation(instance)
        if self.is_for_file:
            if instance.password and instance.password_reference:
                shape["password"] = reference_shape(instance.password_reference)
            if instance.tls_key and "-----BEGIN" not in instance.tls_key:
                shape.setdefault("tls", {})["key"] = {"file": instance.tls_key}
        return shape


class TopicSerializer(ConfiguredSerializer[Topic]):
    """One subscription or publish target. `expiry` is in seconds."""

    enabled = serializers.BooleanField(source="is_enabled", required=False)
    broker = NameField("broker", queryset=Broker.objects.all())
    direction = serializers.ChoiceField(choices=Topic.Direction.choices)
    filter = serializers.CharField(max_length=1000, trim_whitespace=False)
    codec_options = ObjectField(required=False)
    device = NameField("device", queryset=Device.objects.all(), required=False, allow_null=True)
    searchable = serializers.BooleanField(source="is_searchable", required=False)
    store = serializers.BooleanField(source="is_stored", required=False)
    expiry = serializers.IntegerField(
        source="expiry_s", required=False, allow_null=True, min_value=1, max_value=MAX_SECONDS
    )

    class Meta:
        model = Topic
        validators: list[object] = []
        fields = [
            "name",
            "label",
            "enabled",
            "broker",
            "direction",
            "filter",
            "qos",
            "retain",
            "codec",
            "codec_options",
            "device",
            "no_local",
            "searchable",
            "store",
            "allow_slash",
            "expiry",
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["edited_on_web"]
