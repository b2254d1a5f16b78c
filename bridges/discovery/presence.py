"""Judges whether a device is there: by its port, or by how long it has been silent. Pure.

Availability that flaps is worse than none: a device is away only after two and a half times the longest usual pause,
rounded up, and how long that is changes seldom.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

LOOKED_AT: Final = 21
"""How many of the newest messages tell how often a device speaks."""
_FEWEST_PAUSES: Final = 5
_PATIENCE: Final = 2.5
"""1.5 flapped: a meter that was set to 30 s published every 60 s (kpm33b_proxy, doc/ha_mqtt_discovery.md)."""
_STEPS_S: Final = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800, 604_800)


def silence_allowed_s(times: Sequence[datetime], before: int | None = None) -> int | None:
    """After how many seconds of silence a device counts as away; None for one that does not speak regularly enough.

    The longest of its pauses may be one in which it was switched off, so the second longest counts. `before` stays as
    long as it is not too short and not four times too long.
    """
    pauses = sorted((abs((later - earlier).total_seconds()) for earlier, later in pairwise(times)), reverse=True)
    if len(pauses) < _FEWEST_PAUSES:
        return before
    wanted_s = pauses[1] * _PATIENCE
    if before is not None and wanted_s <= before <= max(4 * wanted_s, _STEPS_S[0]):
        return before
    return next((step for step in _STEPS_S if step >= wanted_s), None)


def is_present(heard_at: datetime, allowed_s: int | None, now: datetime) -> bool:
    """Whether a device was heard lately enough."""
    return allowed_s is None or now - heard_at <= timedelta(seconds=allowed_s)
