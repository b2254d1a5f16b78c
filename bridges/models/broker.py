"""Brokers: the MQTT servers that the hub connects to."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedTextField

from telemetry.models import ConfiguredModel
from telemetry.names import check_slug

QOS_CHOICES = [(0, "0 - at most once"), (1, "1 - at least once"), (2, "2 - exactly once")]


class Broker(ConfiguredModel):
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
    password = EncryptedTextField(blank=True, default="")
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
    tls_key = EncryptedTextField("client key", blank=True, default="", help_text="A path, or the PEM text.")
    tls_min_version = models.CharField("oldest TLS", max_length=3, choices=TlsVersion, default=TlsVersion.TLS_1_2)
    tls_check_hostname = models.BooleanField(
        "check host name", default=True, help_text="Only turn this off for a broker whose certificate names another host."
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
                condition=Q(receive_maximum__gte=1, receive_maximum__lte=5000), name="broker_receive_maximum_is_possible"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def link_key(self) -> str:
        """The key of its MQTT link."""
        return f"broker:{self.name}"
