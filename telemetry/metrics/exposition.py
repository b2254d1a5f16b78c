"""The metrics as text, made at most once a second however many ask."""

from __future__ import annotations

import math
import threading
import time

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from telemetry.metrics.collection import HubCollector

LIVES_S = 1.0
_MOST_FORMATS = 8


class Exposition:
    """Keeps the last text of each format."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(HubCollector())
        self._lock = threading.Lock()
        self._made: dict[str, tuple[float, bytes]] = {}

    def text(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that the asker likes best, and its content type. Raises the database's errors."""
        encode, content_type = choose_encoder(accept)
        with self._lock:
            made_at, text = self._made.get(content_type, (-math.inf, b""))
            if time.monotonic() - made_at > LIVES_S:
                text = encode(self._registry)
                if len(self._made) >= _MOST_FORMATS:
                    self._made.clear()
                self._made[content_type] = (time.monotonic(), text)
        return text, content_type


exposition = Exposition()
