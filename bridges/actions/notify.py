"""The action `notify`: tells people, through any service that Apprise knows. The address is a secret."""

from __future__ import annotations

import ipaddress
import logging
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import orjson

from bridges.actions.base import EXPIRY, Carried, CarriedAction, Task, cut
from bridges.actions.connection_guard import no_internal_connections
from bridges.actions.internet import CURE, InternalAddress, is_internal
from telemetry.options import Option, OptionFault
from telemetry.redaction import redact
from telemetry.values import Verdict

_OF_THIS_HOST = frozenset(("dbus", "qt", "kde", "glib", "gnome", "macosx", "windows", "syslog"))
"""Services that pop up on the machine of the hub itself, where nobody looks."""
_TO_ANY_HOST = frozenset(("json", "jsons", "xml", "xmls", "form", "forms"))
MAX_BODY_CHARACTERS = 10_000


class NotifyAction(CarriedAction):
    """The payload as the text of a notification; of an object with `body` (and `title`) these."""

    name = "notify"
    label = "Notification"
    does = "notify people"
    help = "A message to people: mail, Telegram, Slack, ntfy and a hundred more"
    main = "url"
    options = (
        Option(
            name="url",
            kind=str,
            default="",
            is_secret=True,
            label="Apprise URL",
            help="E.g. tgram://token/chat or mailto://user:password@example.org",
        ),
        Option(name="title", kind=str, default="", label="Title", help="Empty: the name of the rule"),
        Option(
            name="level",
            kind=str,
            default="info",
            choices=("info", "success", "warning", "failure"),
            label="Level",
            help="Colours and signs follow it where the service has them",
        ),
        Option(
            name="allow_internal",
            kind=bool,
            default=False,
            label="Allow internal addresses",
            help="Also services at a private or loopback address",
        ),
        EXPIRY,
    )

    @classmethod
    def said(cls, given: Any) -> str:
        """The address is a secret, so only the title."""
        return str(given.get("title", ""))

    def check(self) -> None:
        """The address must be one that Apprise knows."""
        url = self.given["url"]
        scheme = url.partition("://")[0].lower()
        if scheme in _OF_THIS_HOST or scheme == "file":
            raise OptionFault("url", f"{scheme} reaches nobody outside the hub's own machine")
        if not self.given["allow_internal"] and _names_internal_host(url, scheme):
            raise OptionFault("url", f"names an internal address; {CURE}")
        if _service(url) is None:
            raise OptionFault("url", "is no address that Apprise knows; its wiki lists them")

    @property
    def limit_s(self) -> float:
        """Apprise waits 4 s for a connection and 4 s for an answer, by default; some services ask twice."""
        return 30.0

    def carry(self, task: Task, stopping: Event) -> Carried:
        """Send it once."""
        apprise: Any = import_module("apprise")  # a second of work, and only who notifies needs it
        service = _service(self.given["url"])
        if service is None:
            return Carried(Verdict.REFUSED, "the address is none that Apprise knows")
        sender = apprise.Apprise()
        sender.add(service)
        title, body = self.text(task)
        with self._guarded() as refused, apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
            try:
                is_sent = sender.notify(body=body, title=title, notify_type=self.given["level"])
            except Exception as error:  # noqa: BLE001 - a hundred services, none of them ours
                return _refused(refused) or Carried(Verdict.RETURNED, redact(f"{type(error).__name__}: {error}")[:300])
            words = redact(said.getvalue().strip()) if said is not None else ""
        if is_sent:
            return Carried(Verdict.DELIVERED)
        if (carried := _refused(refused)) is not None:
            return carried
        return Carried(
            Verdict.RETURNED, words.split("\n")[0][:300] or "the service did not take it", {"log": cut(words)}
        )

    def _guarded(self) -> AbstractContextManager[list[InternalAddress]]:
        return nullcontext([]) if self.given["allow_internal"] else no_internal_connections()

    def text(self, task: Task) -> tuple[str, str]:
        """Title and body for a Delivery."""
        title, document = self.given["title"] or task.rule, task.document
        if isinstance(document, dict) and "body" in document:
            return str(document.get("title") or title), str(document["body"])[:MAX_BODY_CHARACTERS] or "-"
        if document is None:
            document = f"{len(task.payload):,} bytes"
        body = document if isinstance(document, str) else orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
        return title, body[:MAX_BODY_CHARACTERS] or "-"


def _refused(refused: list[InternalAddress]) -> Carried | None:
    return Carried(Verdict.REFUSED, f"{refused[0]}; {CURE}") if refused else None


def _service(url: str) -> Any:
    apprise = import_module("apprise")
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log the address that it cannot read
    return apprise.Apprise.instantiate(url, suppress_exceptions=True)


def _names_internal_host(url: str, scheme: str) -> bool:
    """Only what needs no look-up: in many addresses the place of the host holds a token."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_internal(ipaddress.ip_address(host))
    except ValueError:
        return scheme in _TO_ANY_HOST and "." not in host
