"""Measures what a rule and a codec cost per message, on one core: `python -m benchmarks.rules`.

It needs no database and no broker. Medians of several rounds, in microseconds a call.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from bridges.codecs.base import Incoming
from bridges.codecs.registry import codec_named
from bridges.mqtt.filters import FilterTrie
from bridges.rules.address import AddressTemplate
from bridges.rules.expression import Expression, Variables
from bridges.rules.rule import CompiledRule

ROUNDS = 7
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
METER: dict[str, Any] = {"id": "33B1225950029", "time": "20260131120000", "isend": "1"} | {
    f"key{number}": number * 1.25 for number in range(47)
}
VARIABLES = Variables(
    payload=METER,
    readings={metric: value for metric, value in METER.items() if isinstance(value, float)},
    device="33B1225950029",
    topic="MQTT_RT_DATA",
    source="broker:meters",
    time=NOW,
)
FIELDS = {
    "id": "device",
    "time": "payload.time",
    "power": "readings.key3",
    "kw": "readings.key4 / 1000.0",
    "ok": "has(payload.x)",
}
PACKET = {
    "device_id": "esp-1",
    "timestamp": "2026-01-31T12:00:00Z",
    "measurements": {"t": 21.5, "h": 40},
    "battery": 87,
}


def measure(name: str, call: Callable[[], object], *, repeats: int = 5_000) -> None:
    """Print the median cost of one call."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(repeats):
            call()
        rounds.append((time.perf_counter() - began) / repeats * 1e6)
    print(f"{name:<58}{statistics.median(rounds):>9.2f} µs")


def evaluation(source: str, variables: Variables = VARIABLES) -> Callable[[], object]:
    """A call that evaluates the expression, compiled beforehand."""
    expression = Expression(source)
    return lambda: expression.evaluate(variables)


def decoding(codec: str, payload: bytes) -> Callable[[], object]:
    """A call that decodes the payload."""
    instance, incoming = codec_named(codec)(), Incoming(payload, NOW)
    return lambda: instance.decode(None, incoming)


def main() -> None:
    """Run all measurements."""
    measure("lone path: payload.key7", evaluation("payload.key7"))
    measure("condition: readings.key7 >= 0.0", evaluation("readings.key7 >= 0.0"))
    measure("condition: has(payload.x) && payload.x > 1.0", evaluation("has(payload.x) && payload.x > 1.0"))
    rule = CompiledRule("meter", 1, "readings.key7 >= 0.0", FIELDS)
    measure("rule: a condition and five fields, of a 50-key object", lambda: rule.apply(VARIABLES))
    rows = Variables({"rows": [{"v": n} for n in range(100)]}, {}, "", "", "", NOW)
    measure("exists() over 100 objects", evaluation("payload.rows.exists(r, r.v > 98)", rows), repeats=500)
    numbers = Variables({"rows": list(range(1000))}, {}, "", "", "", NOW)
    measure("map() over the largest list, 1,000 numbers", evaluation("payload.rows.map(r, r * 2)", numbers), repeats=2)
    address = AddressTemplate("kpm33b/{device}/seconds")
    measure("out-topic: kpm33b/{device}/seconds", lambda: address.render(VARIABLES))
    trie: FilterTrie[int] = FilterTrie()
    for number in range(1000):
        trie.add(f"plant/{number}/+/#", number)
    measure("a topic matched against 1,000 filters", lambda: trie.match("plant/500/power/now"))
    measure("json: 50 keys, 47 readings", decoding("json", orjson.dumps(METER)), repeats=1_000)
    measure("packet: two measurements, checked", decoding("packet", orjson.dumps(PACKET)), repeats=1_000)
    measure("text: 12.34 g", decoding("text", b"12.34 g"))
    measure("compile a condition", lambda: Expression("readings.key7 >= 0.0 && has(payload.x)"), repeats=100)


if __name__ == "__main__":
    main()
