"""What brokers and sockets say when something fails, in sentences for a person. Pure, and without secrets.

Sources: OASIS, "MQTT Version 5.0", section 2.4; "MQTT Version 3.1.1", table 3.1; OpenSSL, X509_STORE_CTX_get_error(3).
"""

from __future__ import annotations

import socket
import ssl

from telemetry.links import LinkLost, LinkRefused
from telemetry.values import Verdict

_REASONS = {
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "unsupported protocol version",
    0x85: "client id not valid",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "keep-alive timeout",
    0x8E: "session taken over",
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x91: "packet identifier in use",
    0x92: "packet identifier not found",
    0x93: "receive maximum exceeded",
    0x94: "topic alias invalid",
    0x95: "packet too large",
    0x96: "message rate too high",
    0x97: "quota exceeded",
    0x98: "administrative action",
    0x99: "payload format invalid",
    0x9A: "retain not supported",
    0x9B: "QoS not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9E: "shared subscriptions not supported",
    0x9F: "connection rate exceeded",
    0xA0: "maximum connect time",
    0xA1: "subscription identifiers not supported",
    0xA2: "wildcard subscriptions not supported",
}
_RETRIED_CONNACKS = {0x80, 0x81, 0x82, 0x83, 0x88, 0x89, 0x97, 0x9F}
_BUSY = {0x83, 0x89, 0x91, 0x97}
_ANNOUNCED = {0x00, 0x04, 0x88, 0x89, 0x8B, 0x8D, 0x8E, 0x98, 0x9C, 0x9D, 0x9F, 0xA0}
TAKEN_OVER = 0x8E

_V311_CONNACKS = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}


def reason(code: int) -> str:
    """A reason code in words."""
    return _REASONS.get(code, f"reason code 0x{code:02X}")


def connack_failure(code: int) -> LinkLost | LinkRefused:
    """The error for a CONNACK that says no, of either protocol version."""
    code = _V311_CONNACKS.get(code, code)
    if code == 0x84:
        return LinkRefused("The broker does not speak this version of MQTT; choose the other one.")
    if code == 0x86:
        return LinkRefused("The broker refused the user name or password.")
    if code == 0x87:
        return LinkRefused(
            "The broker refused the connection: not authorized (check user name, password and client id)."
        )
    if code in _RETRIED_CONNACKS:
        return LinkLost(f"The broker cannot take the connection now: {reason(code)}.")
    return LinkRefused(f"The broker refused the connection: {reason(code)}.")


def disconnect_sentence(code: int) -> str:
    """What a broker's DISCONNECT means."""
    if code == TAKEN_OVER:
        return "Another client took the session over: it connected with the same client id."
    return f"The broker ended the connection: {reason(code)}." if code else "The broker ended the connection."


def is_announced_end(code: int) -> bool:
    """Whether a DISCONNECT with this code has nothing to do with the messages that were in flight."""
    return code in _ANNOUNCED


def publish_verdict(code: int) -> tuple[Verdict, str]:
    """What a PUBACK's or PUBREC's reason code means for the message."""
    if code < 0x80:
        return Verdict.DELIVERED, ""
    if code in _BUSY:
        return Verdict.RETURNED, f"The broker cannot take it now: {reason(code)}."
    return Verdict.REFUSED, f"The broker refused the message: {reason(code)}."


def socket_failure(fault: OSError, address: str) -> LinkLost | LinkRefused:
    """The error for what a socket or TLS raised, while connecting or later."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return LinkRefused(_certificate_sentence(fault, address))
    if isinstance(fault, ssl.SSLError):
        return _tls_failure(fault, address)
    if isinstance(fault, socket.gaierror):
        sentence = f"The host name of {address} is not known (or the name server is away)."
    elif isinstance(fault, ConnectionRefusedError):
        sentence = f"Nothing answers at {address}: connection refused."
    elif isinstance(fault, TimeoutError):
        sentence = f"No answer from {address} in time."
    elif isinstance(fault, ConnectionError):
        sentence = f"The connection to {address} broke: {_strerror(fault)}."
    else:
        sentence = f"{address} cannot be reached: {_strerror(fault)}."
    return LinkLost(sentence)


def _strerror(fault: OSError) -> str:
    return (fault.strerror or type(fault).__name__).lower()


_EXPIRED, _NOT_YET_VALID = 10, 9
_NAME_FAULTS = {62, 63, 64}
_UNTRUSTED = {2, 18, 19, 20, 21, 26, 27, 28}


def _certificate_sentence(fault: ssl.SSLCertVerificationError, address: str) -> str:
    code = fault.verify_code
    if code == _EXPIRED:
        return f"The certificate of {address} has expired."
    if code == _NOT_YET_VALID:
        return f"The certificate of {address} is not valid yet (is this computer's clock right?)."
    if code in _NAME_FAULTS:
        return f"The certificate of {address} was made for another host name."
    if code in _UNTRUSTED:
        return f"The certificate of {address} is not trusted: no known authority signed it."
    return f"The certificate of {address} was not accepted: {fault.verify_message}."


def _tls_failure(fault: ssl.SSLError, address: str) -> LinkLost | LinkRefused:
    reason_name = fault.reason or ""
    if isinstance(fault, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return LinkLost(f"{address} closed the connection.")
    if reason_name in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return LinkRefused(f"{address} does not speak TLS.")
    if "CERTIFICATE_REQUIRED" in reason_name:
        return LinkRefused(f"{address} demands a client certificate.")
    if "ALERT" in reason_name and ("CERTIFICATE" in reason_name or "UNKNOWN_CA" in reason_name):
        return LinkRefused(f"{address} did not accept the client certificate: {_plain(reason_name)}.")
    if "HANDSHAKE_FAILURE" in reason_name or "PROTOCOL" in reason_name:
        return LinkRefused(f"TLS with {address} failed: {_plain(reason_name)}.")
    return LinkLost(f"TLS with {address} failed: {_plain(reason_name) or 'no reason given'}.")


def _plain(reason_name: str) -> str:
    return reason_name.lower().replace("_", " ")
