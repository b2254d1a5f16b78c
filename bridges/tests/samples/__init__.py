"""Payloads of real devices, collected from public sources, as material for tests."""

import json
from pathlib import Path

_LINES = (Path(__file__).parent / "mqtt_payloads.jsonl").read_text(encoding="utf-8").splitlines()
MQTT_PAYLOADS: list[dict[str, str]] = [json.loads(line) for line in _LINES]


def payload_on(topic: str) -> bytes:
    """The first payload kept from this topic."""
    return next(one["payload"].encode() for one in MQTT_PAYLOADS if one["topic"] == topic)
