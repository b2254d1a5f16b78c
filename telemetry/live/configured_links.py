"""Where each configured link stands, told honestly even when its worker vanished without a word.

Reads the database.
"""

from __future__ import annotations

from telemetry.link_states import honest_states
from telemetry.links import LinkState
from telemetry.live.events import Event, link_event
from telemetry.live.sources import LabelledLink, configured_links
from telemetry.models import LinkStatus


def link_states() -> list[tuple[LabelledLink, Event]]:
    """Every configured link with its event."""
    rows = honest_states()
    return [(link, _event(link, rows.get(link.key))) for link in configured_links()]


def _event(link: LabelledLink, row: LinkStatus | None) -> Event:
    if row is None:
        return link_event(link.key, LinkState.WAITING if link.is_enabled else LinkState.DISABLED)
    state, detail = row.state, row.detail
    if not link.is_enabled:
        state, detail = LinkState.DISABLED.value, ""
    elif state == LinkState.DISABLED.value:  # enabled a moment ago; no worker has seen it yet
        state, detail = LinkState.WAITING.value, ""
    return link_event(
        row.key, state, detail=detail, warning=row.warning, since=row.since, last_message_at=row.last_message_at
    )
