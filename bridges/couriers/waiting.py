"""Which targets have something waiting, and when one that was away is tried again. Reads and writes the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import random

from django.db import connection
from django.db.models import F

from telemetry.models import Delivery, TargetState

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0

# A hop from target to target along the index of what is open, however much waits for each.
_TARGETS = """
WITH RECURSIVE found(target) AS (
  SELECT min(target) FROM telemetry_delivery WHERE state IN ('waiting', 'sending')
  UNION ALL
  SELECT (SELECT min(target) FROM telemetry_delivery
          WHERE state IN ('waiting', 'sending') AND target > found.target)
  FROM found WHERE found.target IS NOT NULL
)
SELECT target FROM found WHERE target IS NOT NULL
"""


def open_targets() -> list[str]:
    """Every target with a Delivery that waits or is being sent, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_TARGETS)
        return [row[0] for row in cursor.fetchall()]


def has_waiting(target: str) -> bool:
    """Whether something waits for it."""
    return Delivery.objects.filter(target=target, state=Delivery.State.WAITING).exists()


def is_due(target: str, now: datetime) -> bool:
    """Whether it may be tried now."""
    return not TargetState.objects.filter(target=target, next_try_at__gt=now).exists()


def note_away(target: str, reason: str, *, now: datetime, asked_s: float = 0.0) -> None:
    """It was away: try again later, each time after about twice as long, and not before it asked to be."""
    state, _ = TargetState.objects.get_or_create(target=target, defaults={"next_try_at": now})
    wait_s = max(asked_s, delay_s(state.failures, random()))
    TargetState.objects.filter(target=target).update(
        failures=F("failures") + 1, next_try_at=now + timedelta(seconds=wait_s), reason=reason
    )


def note_back(target: str) -> None:
    """It works, or a person wants it tried at once."""
    TargetState.objects.filter(target=target).delete()


def delay_s(failures: int, draw: float) -> float:
    """How long to wait after so many failures in a row: half of it fixed, half by chance."""
    ceiling = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures, 20))
    return ceiling * (0.5 + draw / 2)
