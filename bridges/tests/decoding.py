"""What tests of codecs share: decode one payload, and look at what came of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from bridges.codecs.base import Codec, Incoming
from telemetry.values import Decoded

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

SAMPLES: list[dict[str, str]] = [
    json.loads(line) for line in (Path(__file__).parent / "samples" / "mqtt.jsonl").read_text("utf-8").splitlines()
]
"""Payloads as real devices and the documents of their makers have them, with ecosystem, source and topic."""


def decode(codec: Codec, topic: str, payload: Any) -> Decoded:
    """The one result of a payload: bytes, text, or a document."""
    body = payload if isinstance(payload, bytes) else payload.encode() if isinstance(payload, str) else None
    _, (decoded,) = codec.decode(None, Incoming(orjson.dumps(payload) if body is None else body, NOW, topic))
    return decoded


def said(decoded: Decoded) -> dict[str, str]:
    """The readings as a person would write them: {'temperature': '21.5 °C'}."""
    return {one.metric: f"{one.value:g} {one.unit}".strip() for one in decoded.readings}
