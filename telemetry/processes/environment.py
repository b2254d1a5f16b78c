"""Asks every process of the hub to read its environment again, and gathers what each answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from time import sleep as rest

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from telemetry.models import EnvironmentRequest, ProcessStatus

PRESENT_FOR = timedelta(seconds=15)
"""A process that has not reported for so long is taken for gone."""
LONG_GONE = timedelta(days=1)
_LOOK_S = 0.1


def present_processes() -> QuerySet[ProcessStatus]:
    """Those that reported a moment ago."""
    return ProcessStatus.objects.filter(seen_at__gt=Now() - PRESENT_FOR)


def forget_gone_processes() -> int:
    """Take away the reports of processes that ended long ago without a word; answers how many."""
    return ProcessStatus.objects.filter(seen_at__lt=Now() - LONG_GONE).delete()[0]


def ask_all(*, wait_s: float, sleep: Callable[[float], None] = rest) -> tuple[int, list[ProcessStatus]]:
    """Ask, and wait until all that are present have answered, or the time is over.

    Answers the request's number and the processes: whose `environment` is lower has not answered.
    """
    with transaction.atomic():
        number = EnvironmentRequest.advance()
    deadline = monotonic() + wait_s
    while True:
        found = list(present_processes())
        if all(row.environment >= number for row in found) or monotonic() >= deadline:
            return number, found
        sleep(_LOOK_S)
