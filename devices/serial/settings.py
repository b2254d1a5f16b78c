"""What a person sets for one serial port, and which ports may be named at all. Pure: nothing is opened here."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from telemetry.options import OptionFault

NETWORK_SCHEMES = ("socket", "rfc2217")
"""The pyserial URL schemes that are allowed. Others (`loop`, `spy`, `alt`, `hwgrep`, ...) reach files or code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSettings:
    """One serial port. `dtr` and `rts` are the levels on opening; None leaves them to the system (usually on).

    `write_timeout_s` counts from the last byte that left: a long job may take long, a stuck one may not.
    """

    port: str
    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    xonxoff: bool = False
    rtscts: bool = False
    dsrdtr: bool = False
    dtr: bool | None = None
    rts: bool | None = None
    write_timeout_s: float = 10.0

    @property
    def is_network(self) -> bool:
        """Whether the port is behind a network serial server."""
        return "://" in self.port

    def __str__(self) -> str:
        return f"{self.port}, {self.baud} {self.bytesize}{self.parity}{self.stopbits:g}"


def check_port(text: str) -> str:
    """The port as it may be saved: an absolute device path, `socket://host:port` or `rfc2217://host:port`.

    Raises OptionFault for `port`.
    """
    text = text.strip()
    if not text.isprintable() or " " in text:
        raise OptionFault("port", "must not contain blanks or control characters")
    if "://" in text:
        return _checked_url(text)
    if not text.startswith("/") or text.endswith("/") or {"..", "."} & set(text.split("/")):
        raise OptionFault("port", "must be an absolute device path such as /dev/ttyUSB0, or socket://host:port")
    return text


def _checked_url(text: str) -> str:
    scheme = text.partition("://")[0]
    if scheme not in NETWORK_SCHEMES:
        raise OptionFault("port", f"{scheme}:// is not allowed; use socket://host:port or rfc2217://host:port")
    example = f"must look like {scheme}://host:port"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise OptionFault("port", example) from None
    if not host or not port or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise OptionFault("port", example)
    return text
