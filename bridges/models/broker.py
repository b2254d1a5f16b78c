"""Brokers: the MQTT servers that the hub connects to."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from bridges.models.broker_checks import certificates_fault, host_fault, is_loopback, key_fault, pair_fault
from bridges.models.discovery_settings import DiscoverySettings, discovery_constraint
from bridges.mqtt.filters import TopicFault, check_name
from telemetry.models import ConfiguredModel
from telemetry.models.limits import LimitedTarget, limit_constraints
from telemetry.names import check_name_kept, check_slug, sentence
from telemetry.secret_field import SecretTextField

TLS_PORT = 8883
PLAIN_PORT = 1883
MAX_KEEPALIVE_S = 65_535  # a 16-bit field of CONNECT
MAX_EXPIRY_S = 2_147_483_647  # the column's limit; the protocol's is twice that, 136 years
QOS_CHOICES = [(0, "0 - at most once"), (1, "1 - at least once"), (2, "2 - exactly once")]


class Broker(DiscoverySettings, LimitedTarget, ConfiguredModel):
    """An MQTT server, and how to reach it. Its password and private key are encrypted at rest."""

    class Protocol(models.IntegerChoices):
        V5 = 5, "MQTT 5"
        V311 = 4, "MQTT 3.1.1"

    class TlsVersion(models.TextChoices):
        TLS_1_2 = "1.2", "TLS 1.2"
        TLS_1_3 = "1.3", "TLS 1.3"

    name = models.CharField(
        max_length=64, unique=True, validators=[check_slug], help_text="Used in rules and history; never changes."
    )
    label = models.CharField(max_length=200, blank=True, help_text="What people call it.")
    is_enabled = models.BooleanField("enabled", default=True)
    host = models.CharField(max_length=253, help_text="Name or address, without mqtt://")
    port = models.PositiveIntegerField(default=1883, validators=[MinValueValidator(1), MaxValueValidator(65535)])
    protocol = models.PositiveSmallIntegerField(choices=Protocol, default=Protocol.V5)
    username = models.CharField(max_length=200, blank=True)
    password = SecretTextField(blank=True, default="")
    password_reference = models.CharField(
        max_length=250, blank=True, editable=False, help_text="Where an imported password came from, e.g. env:PLANT"
    )
    client_id = models.CharField(
        max_length=200, blank=True, help_text="Empty: one is made of the hub's instance and the broker's name."
    )
    tls_enabled = models.BooleanField("TLS", default=False)
    tls_ca = models.TextField(
        "CA certificates", blank=True, help_text="A path to a PEM file, or the PEM text. Empty: the system's."
    )
    tls_certificate = models.TextField("client certificate", blank=True, help_text="A path, or the PEM text.")
    tls_key = SecretTextField("client key", blank=True, default="", help_text="A path, or the PEM text.")
    tls_min_version = models.CharField("oldest TLS", max_length=3, choices=TlsVersion, default=TlsVersion.TLS_1_2)
    tls_check_hostname = models.BooleanField(
        "check host name",
        default=True,
        help_text="Only turn this off for a broker whose certificate names another host.",
    )
    keepalive_s = models.PositiveIntegerField("keep-alive", default=30, help_text="seconds")
    session_expiry_s = models.PositiveIntegerField(
        "session expiry",
        default=86_400,
        help_text="Seconds for which the broker keeps messages while the hub is away.",
    )
    receive_maximum = models.PositiveIntegerField(
        default=500,
        validators=[MinValueValidator(1), MaxValueValidator(5000)],
        help_text="Unacknowledged messages at once.",
    )
    will_topic = models.CharField(max_length=500, blank=True, help_text="Published by the broker when the hub is lost.")
    will_payload = models.TextField(blank=True)
    will_qos = models.PositiveSmallIntegerField(default=1, choices=QOS_CHOICES)
    will_retain = models.BooleanField(default=True)
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(port__gte=1, port__lte=65535), name="broker_port_is_possible"),
            models.CheckConstraint(condition=Q(protocol__in=[4, 5]), name="broker_protocol_is_known"),
            models.CheckConstraint(
                condition=Q(receive_maximum__gte=1, receive_maximum__lte=5000),
                name="broker_receive_maximum_is_possible",
            ),
            *limit_constraints("broker"),
            discovery_constraint("broker"),
        ]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def link_key(self) -> str:
        """The key of its MQTT link."""
        return f"broker:{self.name}"

    @property
    def transit_key(self) -> str:
        """The key of the link by which messages of this broker pass through unstored."""
        return f"transit:{self.name}"

    def clean(self) -> None:
        """Check what the fields cannot check alone; each message stands at the field at fault."""
        check_name_kept(self)
        found = {
            "host": host_fault(self.host),
            "username": self._username_fault(),
            "client_id": self._client_id_fault(),
            "tls_ca": certificates_fault(self.tls_ca),
            "tls_certificate": certificates_fault(self.tls_certificate),
            "tls_key": key_fault(self.tls_key),
            "keepalive_s": "" if self.keepalive_s <= MAX_KEEPALIVE_S else f"At most {MAX_KEEPALIVE_S} seconds.",
            "session_expiry_s": "" if self.session_expiry_s <= MAX_EXPIRY_S else f"At most {MAX_EXPIRY_S} seconds.",
            "will_topic": self._will_fault(),
            **self.limit_faults(),
            **self.discovery_faults(),
        }
        if not found["tls_certificate"] and not found["tls_key"]:
            found["tls_key"] = pair_fault(self.tls_certificate, self.tls_key)
        faults = {field: message for field, message in found.items() if message}
        if faults:
            raise ValidationError(faults)

    def warnings(self) -> list[str]:
        """What works but is probably not meant, in plain sentences."""
        has_certificates = bool(self.tls_ca or self.tls_certificate)
        found = {
            "Port 8883 usually speaks TLS, and TLS is off.": self.port == TLS_PORT and not self.tls_enabled,
            "Port 1883 usually speaks without TLS, and TLS is on.": self.port == PLAIN_PORT and self.tls_enabled,
            "Certificates are given, but TLS is off: they are not used.": has_certificates and not self.tls_enabled,
            "The password crosses the network readable, because TLS is off.": bool(self.password)
            and not self.tls_enabled
            and not is_loopback(self.host),
            "With the host name unchecked, anybody with a certificate of this authority can pose as the broker.": (
                self.tls_enabled and not self.tls_check_hostname
            ),
            "A will payload without a will topic is never published.": bool(self.will_payload) and not self.will_topic,
            "Without session expiry the broker drops what comes while the hub is away.": self.session_expiry_s == 0,
        }
        return [sentence for sentence, applies in found.items() if applies]

    def _username_fault(self) -> str:
        is_needed = self.password and not self.username and self.protocol == self.Protocol.V311
        return "MQTT 3.1.1 takes a password only together with a user name." if is_needed else ""

    def _client_id_fault(self) -> str:
        if not self.client_id:
            return ""
        if any(ord(character) < 0x20 or ord(character) == 0x7F for character in self.client_id):
            return "A client id holds no control characters."
        twins = Broker.objects.filter(host__iexact=self.host, port=self.port, client_id=self.client_id)
        twin = twins.exclude(pk=self.pk).first()
        return f"{twin.name} has this client id at the same server: each would throw the other out." if twin else ""

    def _will_fault(self) -> str:
        if not self.will_topic:
            return ""
        try:
            check_name(self.will_topic)
        except TopicFault as fault:
            return sentence(fault)
        return self.discovery_will_fault(payload=self.will_payload, is_retained=self.will_retain)
