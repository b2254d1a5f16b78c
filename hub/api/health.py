"""Whether this process is alive and ready, for whoever starts and balances processes. No key is needed."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from telemetry.api.status import is_redis_there

log = logging.getLogger(__name__)


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """This process can do its work: the database answers. Without Redis it is degraded, and still ready."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM telemetry_configurationversion WHERE id = 0")
            cursor.fetchall()
    except DatabaseError as error:
        log.warning("not ready: the database did not answer", exc_info=error)
        return JsonResponse({"status": "unready", "database": False}, status=503)
    has_redis = is_redis_there()
    return JsonResponse({"status": "ready", "database": True, "redis": has_redis, "degraded": not has_redis})
