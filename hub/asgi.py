"""The ASGI application: Django for HTTP, the live consumer for WebSockets."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from hub.request_threads import request_application
from hub.status_words import name_statuses

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
http = request_application()
name_statuses()

# These import models, which must be loaded first; the addresses bring in the rest before the first request needs it.
import hub.urls  # noqa: E402, F401
from hub.api.access_log import AccessLog  # noqa: E402
from hub.api.packet_gate import PacketGate  # noqa: E402
from telemetry.live.routing import websocket_urlpatterns  # noqa: E402
from telemetry.processes.garbage import tame_garbage_collector  # noqa: E402


class BrowserOriginValidator(OriginValidator):  # type: ignore[misc] # channels has no types
    """Keeps foreign pages out. A client without an Origin is no browser, so no foreign page can be behind it."""

    def valid_origin(self, parsed_origin: Any) -> bool:
        return parsed_origin is None or bool(self.validate_origin(parsed_origin))


live = BrowserOriginValidator(URLRouter(websocket_urlpatterns), settings.ALLOWED_HOSTS)
application = AccessLog(ProtocolTypeRouter({"http": PacketGate(http), "websocket": live}))

tame_garbage_collector()
