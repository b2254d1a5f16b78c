"""How the hub is: links, queues, the ledger of the last day, and a sign of life."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, Sum
from drf_spectacular.utils import extend_schema
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.shapes import PingShape, StatusShape
from telemetry.link_states import honest_states
from telemetry.models import ConfigurationVersion, Delivery, LedgerEntry

log = logging.getLogger(__name__)
LEDGER_SPAN = timedelta(hours=24)
REDIS_TIMEOUT_S = 0.5
LEDGER_COLUMNS = (
    "received",
    "stored",
    "passed",
    "duplicate",
    "dead",
    "dropped",
    "created",
    "delivered",
    "refused",
    "expired",
    "unknown",
)
LINK_COLUMNS = (
    "key",
    "state",
    "detail",
    "warning",
    "since",
    "last_message_at",
    "last_error",
    "last_error_at",
    "worker",
)


class Ping(APIView):
    """Whether the hub answers. It needs no key, but a wrong key is refused."""

    permission_classes = [AllowAny]

    @extend_schema(responses=PingShape, operation_id="ping")
    def get(self, request: Request) -> Response:
        """A sign of life, and the hub's time."""
        return Response({"ok": True, "time": datetime.now(UTC)})


class Status(APIView):
    """Links, queues and ledger."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses=StatusShape, operation_id="status")
    def get(self, request: Request) -> Response:
        """How the hub is now."""
        return Response(read_status(datetime.now(UTC)))


def read_status(now: datetime) -> dict[str, Any]:
    """The status as the API answers it."""
    return {
        "time": now,
        "config_version": ConfigurationVersion.current(),
        "redis": is_redis_there(),
        "links": [{name: getattr(row, name) for name in LINK_COLUMNS} for _, row in sorted(honest_states().items())],
        "queues": _queues(),
        "ledger": _ledger(now),
    }


def is_redis_there() -> bool:
    """Whether Redis answers within half a second."""
    client = Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        socket_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()


def _queues() -> list[dict[str, Any]]:
    rows = Delivery.objects.filter(state__in=[Delivery.State.WAITING, Delivery.State.SENDING])
    queues: Any = (
        rows.order_by()
        .values("target")
        .annotate(
            waiting=Count("id", filter=Q(state=Delivery.State.WAITING)),
            sending=Count("id", filter=Q(state=Delivery.State.SENDING)),
            oldest_at=Min("created_at"),
        )
        .order_by("target")
    )
    return list(queues)


def _ledger(now: datetime) -> dict[str, dict[str, int]]:
    rows = LedgerEntry.objects.filter(hour__gt=now - LEDGER_SPAN).order_by().values("link")
    sums = {name: Sum(name) for name in LEDGER_COLUMNS}
    found: Any = rows.annotate(**sums).order_by("link")
    return {row.pop("link"): row for row in found}
