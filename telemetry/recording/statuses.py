"""Writes the state of links, so that pages can show it. Part of a batch's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from telemetry.links import LinkReport, LinkState
from telemetry.models import LinkStatus
from telemetry.recording.batch import Batch


def write_link_states(batch: Batch) -> None:
    """Write the reports and the times of the last messages."""
    for report in batch.reports:
        write_link_state(report, at=batch.at)
    for link, at in sorted(batch.last_message_at.items()):
        LinkStatus.objects.filter(key=link).update(last_message_at=at)


def write_link_state(report: LinkReport, *, at: datetime) -> None:
    """Write one report; `since` moves only when the state does."""
    changes: dict[str, Any] = {"detail": report.detail, "warning": report.warning}
    if report.state in (LinkState.LOST, LinkState.REFUSED):
        changes |= {"last_error": report.detail, "last_error_at": at}
    state = report.state.value
    moves = {"state": state, "since": at, "connected_since": at if report.state is LinkState.CONNECTED else None}
    if LinkStatus.objects.filter(key=report.link, state=state).update(**changes):
        return
    LinkStatus.objects.update_or_create(key=report.link, defaults=changes | moves)
