"""Where each configured link stands, told honestly even when its worker vanished without a word.

Reads the database.
"""

from __future__ import annotations

from django.db.models.functions import Now

from telemetry.links import LinkState
from telemetry.live.events import Event, link_event
from telemetry.live.sources import LabelledLink, configured_links
from telemetry.models import Lease, LinkStatus

_HELD_STATES = frozenset({LinkState.CONNECTING.value, LinkState.CONNECTED.value, LinkState.LOST.value})


def link_states() -> list[tuple[LabelledLink, Event]]:
    """Every configured link with its event."""
    rows = {row.key: row for row in LinkStatus.objects.all()}
    unheld = set(Lease.objects.filter(expires_at__lt=Now()).values_list("key", flat=True))
    return [(link, _event(link, rows.get(link.key), is_held=link.key not in unheld)) for link in configured_links()]


def _event(link: LabelledLink, row: LinkStatus | None, *, is_held: bool) -> Event:
    if row is None:
        return link_event(link.key, LinkState.WAITING if link.is_enabled else LinkState.DISABLED)
    state, detail = row.state, row.detail
    if not link.is_enabled:
        state, detail = LinkState.DISABLED.value, ""
    elif state == LinkState.DISABLED.value:  # enabled a moment ago; no worker has seen it yet
        state, detail = LinkState.WAITING.value, ""
    elif not is_held and state in _HELD_STATES:
        state, detail = LinkState.WAITING.value, "No worker holds this link now."
    return link_event(
        row.key, state, detail=detail, warning=row.warning, since=row.since, last_message_at=row.last_message_at
    )
