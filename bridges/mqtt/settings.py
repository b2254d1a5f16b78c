"""What a connection to a broker is made of: address, identity, TLS, session. Values only; nothing here connects."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from telemetry.links import LinkRefused

MQTT_5, MQTT_311 = 5, 4
LARGEST_RECEIVE_MAXIMUM = 65_535
LARGEST_PACKET = 268_435_460
"""Bytes of the largest packet that MQTT can say: five of header, the rest counted by its length."""
_TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How to prove who the broker is, and who we are. Certificates and keys are a path, or the PEM text itself."""

    is_enabled: bool = False
    ca: str = ""  # '' for the system's authorities
    certificate: str = ""
    key: str = field(default="", repr=False)
    min_version: str = "1.2"
    check_hostname: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """One MQTT session: where, as whom, and what the broker keeps of it while we are away."""

    host: str
    port: int = 1883
    protocol: int = MQTT_5
    client_id: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls: TlsSettings = TlsSettings()
    keepalive_s: int = 30
    session_expiry_s: int = 86_400
    receive_maximum: int = 500
    clean_start: bool = False  # begin every connection without what the broker kept
    will_topic: str = ""
    will_payload: bytes = b""
    will_qos: int = 1
    will_retain: bool = True
    has_parting_will: bool = False  # the will is published at a planned end as well
    connect_timeout_s: float = 10.0

    @property
    def is_v5(self) -> bool:
        """Whether it speaks MQTT 5, rather than 3.1.1."""
        return self.protocol == MQTT_5

    @property
    def address(self) -> str:
        """The broker's address, for a sentence."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One in-Topic as its link sees it.

    `identifier` (1 to 268,435,454) tells the copies of MQTT 5 apart. It must stay the same for as long as the Topic.
    """

    name: str
    filter: str
    identifier: int
    qos: int = 1
    no_local: bool = True
    retain_handling: int = 1  # retained messages only for a new subscription
    retain_as_published: bool = False  # so the flag says "stored before you subscribed": such a message never prints


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """What the broker's CONNACK allows."""

    is_resumed: bool = False
    receive_maximum: int = LARGEST_RECEIVE_MAXIMUM
    maximum_packet: int = LARGEST_PACKET
    maximum_qos: int = 2
    can_retain: bool = True
    has_identifiers: bool = True
    session_expiry_s: int | None = None  # if it differs from what was asked for


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """The context for these settings; raises LinkRefused if a certificate or key cannot be used."""
    if tls.min_version not in _TLS_VERSIONS:
        raise LinkRefused(f"TLS {tls.min_version} is not known here; use 1.2 or 1.3.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = _TLS_VERSIONS[tls.min_version]
    context.check_hostname = tls.check_hostname
    _load_authorities(context, tls.ca)
    if tls.certificate:
        _load_identity(context, tls)
    return context


def _load_authorities(context: ssl.SSLContext, ca: str) -> None:
    try:
        if not ca:
            context.load_default_certs()
        elif _is_pem(ca):
            context.load_verify_locations(cadata=ca)
        else:
            context.load_verify_locations(cafile=ca)
    except (OSError, ValueError) as fault:
        raise LinkRefused(f"The CA certificates cannot be used: {_said(fault)}.") from fault


def _load_identity(context: ssl.SSLContext, tls: TlsSettings) -> None:
    try:
        with ExitStack() as stack:
            certificate = stack.enter_context(_as_file(tls.certificate))
            key = stack.enter_context(_as_file(tls.key)) if tls.key else None
            # Without a password of its own, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as fault:
        raise LinkRefused(f"The client certificate or its key cannot be used: {_said(fault)}.") from fault


def _said(fault: Exception) -> str:
    if isinstance(fault, FileNotFoundError):
        return "there is no such file"
    if isinstance(fault, PermissionError):
        return "the file may not be read"
    if isinstance(fault, ssl.SSLError) and fault.reason:
        return fault.reason.lower().replace("_", " ")
    return "it is not valid PEM"


def _is_pem(text: str) -> bool:
    return "-----BEGIN" in text


@contextmanager
def _as_file(text: str) -> Iterator[Path]:
    """OpenSSL reads a client's certificate and key from files only."""
    if not _is_pem(text):
        yield Path(text)
        return
    with NamedTemporaryFile("w", suffix=".pem") as file:  # readable for its owner only
        file.write(text)
        file.flush()
        yield Path(file.name)
