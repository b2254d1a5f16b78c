"""Small pieces of admin pages: a time as people say it, a payload as text, a state with its colour. All escaped."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from telemetry.models import LinkStatus

NOTHING = "–"  # noqa: RUF001 - a dash on a page
MAX_PREVIEW = 120
MAX_SHOWN = 20_000


def ago(at: datetime | None) -> SafeString | str:
    """How long ago, with the exact time on hovering."""
    if at is None:
        return NOTHING
    passed = timezone.now() - at
    words = "just now" if passed.total_seconds() < 60 else f"{timesince(at, depth=1)} ago"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), said_time(at), words)


def said_time(at: datetime | None) -> str:
    """The exact time in UTC, to the millisecond."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC" if at else NOTHING


def payload_text(payload: bytes | memoryview, limit: int = MAX_SHOWN) -> str:
    """The payload as text, or in hexadecimal if it is none, cut at `limit` characters."""
    data = bytes(payload)
    try:
        return _cut(data.decode(), limit)
    except UnicodeDecodeError:
        return _cut(data[:limit].hex(" "), limit)


def preview(payload: bytes | memoryview) -> SafeString | str:
    """One short line of the payload for a list."""
    if not bytes(payload):
        return "(empty)"
    return format_html("<code>{}</code>", payload_text(payload, MAX_PREVIEW).replace("\n", "⏎"))


def shown_payload(payload: bytes | memoryview) -> SafeString:
    """The payload on a page of its own object."""
    return format_html('<pre class="payload">{}</pre>{} bytes', payload_text(payload), len(bytes(payload)))


def two_lines(first: object, second: object) -> SafeString:
    """Something, and below it in smaller letters what belongs to it."""
    return format_html('{}<div class="quiet">{}</div>', first, second) if second else format_html("{}", first)


def page_link(name: str, pk: object, text: object) -> SafeString:
    """A link to the admin page of one object; `name` is like `telemetry_message`."""
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{name}_change", args=[pk]), text)


def state_badge(state: str, words: str, detail: str = "") -> SafeString:
    """A state in words, with a coloured dot before it and its detail on hovering."""
    return format_html('<span class="state state-{}" title="{}">{}</span>', state, detail, words)


def link_state(status: LinkStatus | None, *, is_enabled: bool) -> SafeString:
    """The state of a link, as the status row and its configuration say."""
    if not is_enabled:
        return state_badge("disabled", "disabled")
    if status is None:
        return state_badge("waiting", "waiting for a worker", "No worker has taken it yet.")
    return state_badge(status.state, status.get_state_display(), status.detail)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
