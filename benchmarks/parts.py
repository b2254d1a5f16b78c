"""The measurements of single parts (live push, MQTT link, rules and codecs) as the runner sees them.

Each of their modules can also be run alone, with more to choose from.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import quantiles

import orjson

from benchmarks import live, mqtt_link, rules
from benchmarks.measurement import Floor, Measurement, Sample, Size
from bridges.rules.rule import CompiledRule

BROWSERS, MESSAGES_PER_S = 100, 10.0


def live_push(size: Size) -> Sample:
    """From the publisher of a worker to what every browser received."""
    with live.hub("daphne") as (web, redis, cookie):
        seconds = size.seconds(10.0)
        seen = live.measure(web, redis, cookie, browsers=BROWSERS, rate=MESSAGES_PER_S, seconds=seconds)
    cuts = quantiles(seen.delays_ms, n=100)
    return {
        "p50 ms": cuts[49],
        "p99 ms": cuts[98],
        "deliveries/s": len(seen.delays_ms) / seen.elapsed_s,
        "sent": seen.sent,
        "not seen": seen.browsers * seen.sent - len(seen.delays_ms),
    }


def link(size: Size, *, qos: int, is_bridge: bool) -> Sample:
    """The MQTT link alone."""
    count = size.count(50_000)
    rate = mqtt_link.measure(qos=qos, count=count, size=120, protocol=5, is_bridge=is_bridge)
    return {"messages/s": rate, "sent": count}


def rules_and_codecs(size: Size) -> Sample:
    """Microseconds a call, on one core."""
    rule = CompiledRule("meter", 1, "readings.key7 >= 0.0", rules.FIELDS)
    calls: dict[str, Callable[[], object]] = {
        "condition us": rules.evaluation("readings.key7 >= 0.0"),
        "condition and five fields us": lambda: rule.apply(rules.VARIABLES),
        "json of 50 keys us": rules.decoding("json", orjson.dumps(rules.METER)),
        "packet us": rules.decoding("packet", orjson.dumps(rules.PACKET)),
    }
    repeats = size.count(5_000, least=100)
    return {name: _microseconds(call, repeats) for name, call in calls.items()}


def _microseconds(call: Callable[[], object], repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - began) / repeats * 1e6


MEASUREMENTS = (
    Measurement(
        "live",
        f"live push to {BROWSERS} browsers at {MESSAGES_PER_S:g} messages/s",
        live_push,
        floors=(Floor("p99 ms", live.FLOOR_MS, is_ceiling=True), Floor("not seen", 1, is_ceiling=True)),
    ),
    *(
        Measurement(
            f"mqtt-link-qos{qos}-{'through' if is_bridge else 'in'}",
            f"the MQTT link alone, QoS {qos}, {'in and out again' if is_bridge else 'in'}",
            lambda size, qos=qos, is_bridge=is_bridge: link(size, qos=qos, is_bridge=is_bridge),  # type: ignore[misc]
        )
        for qos in (0, 1, 2)
        for is_bridge in (False, True)
    ),
    Measurement("rules", "what rules and codecs cost a message, on one core", rules_and_codecs),
)
