"""From a configured broker to the settings of its MQTT session: for the worker that keeps it, and for a trial."""

from __future__ import annotations

from django.conf import settings

from bridges.discovery.names import OFFLINE
from bridges.models import Broker
from bridges.mqtt.settings import MqttSettings, TlsSettings
from telemetry.redaction import remember_secret


def mqtt_settings(broker: Broker, *, client_id: str = "") -> MqttSettings:
    """The settings of a broker's session. The client id is stable: the broker keeps our session under it."""
    for secret in (broker.password, broker.tls_key):
        remember_secret(secret)
    is_own_will = bool(broker.will_topic) or not broker.discovery_enabled
    return MqttSettings(
        host=broker.host,
        port=broker.port,
        protocol=broker.protocol,
        client_id=client_id or broker.client_id or f"patchbay-{settings.PATCHBAY_INSTANCE_ID}-{broker.name}",
        username=broker.username,
        password=broker.password,
        tls=TlsSettings(
            is_enabled=broker.tls_enabled,
            ca=broker.tls_ca,
            certificate=broker.tls_certificate,
            key=broker.tls_key,
            min_version=broker.tls_min_version,
            check_hostname=broker.tls_check_hostname,
        ),
        keepalive_s=broker.keepalive_s,
        session_expiry_s=broker.session_expiry_s,
        receive_maximum=broker.receive_maximum,
        will_topic=broker.will_topic if is_own_will else broker.discovery_names().hub_status,
        will_payload=broker.will_payload.encode() if is_own_will else OFFLINE,
        will_qos=broker.will_qos if is_own_will else 1,
        will_retain=broker.will_retain if is_own_will else True,
        has_parting_will=broker.discovery_enabled,
    )
