"""Where links stand, told honestly: the row of a worker that vanished without a word must not say "connected"."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models.functions import Now

from telemetry.models import Lease, LinkStatus

NOT_HELD = "No worker holds this link now."
_HELD_STATES = frozenset({LinkStatus.State.CONNECTING, LinkStatus.State.CONNECTED, LinkStatus.State.LOST})


def honest_states(keys: Iterable[str] | None = None) -> dict[str, LinkStatus]:
    """The states of these links, or of all, by key. One whose lease has run out is waiting for a worker.

    The rows are for reading: they are not to be saved.
    """
    wanted = None if keys is None else [key for key in keys if key]
    rows = LinkStatus.objects.all() if wanted is None else LinkStatus.objects.filter(key__in=wanted)
    run_out = set(Lease.objects.filter(expires_at__lt=Now()).values_list("key", flat=True))
    return {row.key: _waiting(row) if row.key in run_out and row.state in _HELD_STATES else row for row in rows}


def _waiting(row: LinkStatus) -> LinkStatus:
    row.state, row.detail, row.connected_since = LinkStatus.State.WAITING, NOT_HELD, None
    return row
