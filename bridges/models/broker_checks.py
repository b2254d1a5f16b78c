"""What can be said of a broker's address, certificates and key by looking at them: no network, no files, no database.

Each function answers with the fault in plain words, or '' if there is none.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import PurePosixPath

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificates

_LABEL = re.compile(r"\A[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\Z")  # RFC 1123, and '_' as in container names
_NOT_A_HOST = {
    "://": "Give the host alone, without mqtt:// or another scheme.",
    "/": "Give the host alone, without a path.",
    "@": "Give the host alone; the user name has its own field.",
    "[": "Give the address without brackets.",
    ":": "Give the host alone; the port has its own field.",
}
_PEM = "-----BEGIN "
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
MAX_PEM_CHARACTERS = 200_000


def host_fault(host: str) -> str:
    """What is wrong with a host name or address; an empty one is the field's own matter."""
    if not host or _is_address(host):
        return ""
    for sign, fault in _NOT_A_HOST.items():
        if sign in host:
            return fault
    labels = host.removesuffix(".").split(".")
    if all(label.isdigit() for label in labels):
        return "This is not a complete IP address."
    return "" if all(map(_is_label, labels)) else "This is neither a host name nor an IP address."


def _is_label(text: str) -> bool:
    try:
        return bool(_LABEL.match(text.encode("idna").decode()))
    except UnicodeError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether this host is the machine itself, as far as its spelling says."""
    return host.casefold() == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_pem(text: str) -> bool:
    """Whether this is the PEM text itself rather than a path to it."""
    return _PEM in text


def certificates_fault(text: str) -> str:
    """What is wrong with certificates given as PEM text or as an absolute path."""
    return _pem_or_path_fault(text) or (_certificates_in(text)[1] if is_pem(text) else "")


def key_fault(text: str) -> str:
    """What is wrong with a private key given as PEM text or as an absolute path."""
    return _pem_or_path_fault(text) or (_key_in(text)[1] if is_pem(text) else "")


def pair_fault(certificate: str, key: str) -> str:
    """What is wrong with a client certificate and its key taken together; both were found good alone."""
    if key and not certificate:
        return "A client key needs its certificate."
    if not certificate or not is_pem(certificate) or (key and not is_pem(key)):
        return ""
    if not key and not _KEY.search(certificate):
        return "A client certificate needs its key."
    certificates, private = _certificates_in(certificate)[0], _key_in(key or certificate)[0]
    if private is None or not certificates:
        return ""
    return "" if _same_key(certificates[0], private) else "This key does not belong to the client certificate."


def _pem_or_path_fault(text: str) -> str:
    if len(text) > MAX_PEM_CHARACTERS:
        return f"This is longer than {MAX_PEM_CHARACTERS:,} characters."
    if not text or is_pem(text):
        return ""
    if "\n" in text.strip() or not PurePosixPath(text).is_absolute():
        return "Give the PEM text (-----BEGIN …), or the absolute path of a PEM file."
    return ""


def _certificates_in(text: str) -> tuple[list[Certificate], str]:
    try:
        return load_pem_x509_certificates(text.encode()), ""
    except ValueError:
        return [], "There is no readable certificate in this PEM text."


def _key_in(text: str) -> tuple[PrivateKeyTypes | None, str]:
    try:
        return load_pem_private_key(text.encode(), password=None), ""
    except TypeError:
        return None, "This key is protected by a passphrase; the hub needs it without."
    except (ValueError, UnsupportedAlgorithm):
        return None, "There is no readable private key in this PEM text."


def _same_key(certificate: Certificate, private: PrivateKeyTypes) -> bool:
    def spelled(key: object) -> bytes:
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]

    return spelled(certificate.public_key()) == spelled(private.public_key())
