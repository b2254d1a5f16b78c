"""Writes the state of links, so that pages can show it. Part of a batch's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from telemetry.links import LinkReport, LinkState
from telemetry.models import LinkStatus
from telemetry.recording.statements import Script, as_time


def add_last_messages(script: Script, seen: Mapping[str, datetime]) -> None:
    """Write when each of these links was last heard."""
    for link, at in sorted(seen.items()):
        script.add("UPDATE telemetry_linkstatus SET last_message_at = %s WHERE key = %s", [as_time(at), link])


def write_link_state(report: LinkReport, *, at: datetime) -> None:
    """Write one report; `since` moves when the state does, and when the same state has begun anew."""
    changes: dict[str, Any] = {"detail": report.detail, "warning": report.warning}
    if report.state in (LinkState.LOST, LinkState.REFUSED):
        changes |= {"last_error": report.detail, "last_error_at": at}
    since = report.since or at
    state = report.state.value
    moves = {"state": state, "since": since, "connected_since": since if report.state is LinkState.CONNECTED else None}
    standing = LinkStatus.objects.filter(key=report.link, state=state)
    if report.since is not None:
        standing = standing.filter(since=report.since)
    if standing.update(**changes):
        return
    LinkStatus.objects.update_or_create(key=report.link, defaults=changes | moves)
