"""The action `webhook`: sends the payload to an HTTP endpoint, signed, once for each Delivery until it is taken.

Sent at least once: the header X-Patchbay-Delivery stays the same, so that the receiver can tell a repetition.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from http.client import HTTPException
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from bridges.actions.base import EXPIRY, Carried, CarriedAction, Task, cut
from bridges.actions.http_request import Answer, send_request
from bridges.actions.internet import CURE, InternalAddress, says_internal
from telemetry.options import Option, OptionFault
from telemetry.redaction import redact
from telemetry.values import Json, Verdict

TEMPORARY: Final = frozenset((408, 425, 429))
MAX_RETRY_AFTER_S: Final = 3600.0
_HEADER_NAME = re.compile(r"\A[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_PRINTABLE = re.compile(r"\A[\x20-\x7e\t]*\Z")
_OURS = ("host", "content-length", "transfer-encoding", "connection", "authorization")


class WebhookAction(CarriedAction):
    """POST or PUT of the payload to a URL."""

    name = "webhook"
    label = "Webhook"
    does = "call a webhook"
    help = "The payload is sent to an HTTP endpoint, and again until it is taken"
    main = "url"
    options = (
        Option(name="url", kind=str, default="", label="URL", help="https://host/path, without user or password"),
        Option(name="method", kind=str, default="POST", choices=("POST", "PUT"), label="Method"),
        Option(
            name="secret",
            kind=str,
            default="",
            is_secret=True,
            label="Signing secret",
            help="Signs time and body by HMAC-SHA256 in the header X-Patchbay-Signature",
        ),
        Option(
            name="authorization",
            kind=str,
            default="",
            is_secret=True,
            label="Authorization",
            help="The header Authorization as it is, e.g. Bearer abc",
        ),
        Option(name="headers", kind=dict, default={}, label="Headers", help='More headers, e.g. {"X-Place": "hall"}'),
        Option(
            name="timeout",
            kind=float,
            default=10.0,
            minimum=0.5,
            maximum=30,
            label="Timeout",
            help="Seconds for the whole request",
        ),
        Option(
            name="allow_internal",
            kind=bool,
            default=False,
            label="Allow internal addresses",
            help="Also hosts in the own network: private, loopback and link-local addresses",
        ),
        EXPIRY,
    )

    def check(self) -> None:
        """The URL and the headers."""
        _check_url(self.given["url"])
        for name, value in self.given["headers"].items():
            if not _HEADER_NAME.match(name) or not _PRINTABLE.match(value):
                raise OptionFault("headers", f"{name!r} is not a header of plain ASCII")
            if name.lower() in _OURS:
                raise OptionFault("headers", f"{name} is not set here")
        if not _PRINTABLE.match(self.given["authorization"]):
            raise OptionFault("authorization", "must be plain ASCII in one line")

    @classmethod
    def warnings(cls, given: Mapping[str, Any]) -> list[str]:
        """An internal address that is not permitted: names are looked up only when something is sent."""
        host = urlsplit(given.get("url", "")).hostname or ""
        if given.get("allow_internal") or not says_internal(host):
            return []
        return [f'A webhook to {host}, inside the own network, is refused unless "Allow internal addresses" is ticked.']

    @property
    def limit_s(self) -> float:
        """The timeout, and as long again to look the host up."""
        return float(self.given["timeout"]) * 2

    def carry(self, task: Task, stopping: Event) -> Carried:
        """Send it once."""
        began = time.monotonic()
        try:
            answer = send_request(
                self.given["url"],
                task.payload,
                method=self.given["method"],
                headers=self.headers(task, int(time.time())),
                timeout_s=self.given["timeout"],
                allow_internal=self.given["allow_internal"],
            )
        except InternalAddress as refusal:
            return Carried(Verdict.REFUSED, f"{refusal}; {CURE}")
        except TimeoutError:
            return Carried(Verdict.RETURNED, f"no answer within {self.given['timeout']:g} s")
        except (OSError, HTTPException) as error:
            is_late = time.monotonic() - began >= self.given["timeout"]
            fault = f"no whole answer within {self.given['timeout']:g} s" if is_late else _said(error)
            return Carried(Verdict.RETURNED, fault)
        return _judged(answer, took_s=time.monotonic() - began)

    def headers(self, task: Task, now_s: int) -> dict[str, str]:
        """All headers of the request for a Delivery, sent at this time."""
        headers = {
            "Content-Type": "application/json" if _is_json(task.payload) else "application/octet-stream",
            "User-Agent": "Patchbay",
            **self.given["headers"],
            "X-Patchbay-Delivery": str(task.id),
            "X-Patchbay-Timestamp": str(now_s),
            "Connection": "close",
        }
        if self.given["authorization"]:
            headers["Authorization"] = self.given["authorization"]
        if self.given["secret"]:
            headers["X-Patchbay-Signature"] = signature(self.given["secret"], now_s, task.payload)
        return headers


def signature(secret: str, now_s: int, body: bytes) -> str:
    """`sha256=` and the HMAC-SHA256, in hexadecimal, of the timestamp, a full stop and the body."""
    return "sha256=" + hmac.new(secret.encode(), b"%d." % now_s + body, hashlib.sha256).hexdigest()


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not url.isascii() or not url.isprintable() or " " in url:
        raise OptionFault("url", "must be an address such as https://example.org/hook, in plain ASCII")
    if "@" in urlsplit(url).netloc:
        raise OptionFault("url", "must hold no user or password: use the option authorization")


def _judged(answer: Answer, *, took_s: float) -> Carried:
    result: Json = {
        "status": answer.status,
        "body": cut(redact(answer.body.decode("utf-8", "replace"))),
        "is_cut": answer.is_cut,
        "took_ms": round(took_s * 1000),
    }
    said = f"the server answers {answer.status}"
    if 200 <= answer.status < 300:
        return Carried(Verdict.DELIVERED, "", result)
    if answer.status in TEMPORARY or answer.status >= 500:
        return Carried(Verdict.RETURNED, said, result, _retry_after_s(answer))
    if 300 <= answer.status < 400:
        return Carried(Verdict.REFUSED, f"{said}, a redirect: put the final address into the rule", result)
    return Carried(Verdict.REFUSED, said, result)


def _retry_after_s(answer: Answer) -> float:
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), MAX_RETRY_AFTER_S) if asked.isascii() and asked.isdigit() else 0.0


def _said(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"the server cannot be reached: {redact(text)[:300]}"


def _is_json(payload: bytes) -> bool:
    try:
        orjson.loads(payload)
    except ValueError:
        return False
    return True
