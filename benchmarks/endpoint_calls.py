"""A call, or many, of every operation in the OpenAPI document. What is not here is told, never left out in silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.rest_calls import Call

EXEMPT = {
    "POST packs/{name}/install": "installs a whole configuration, which its tests are run for first",
    "GET events": "a stream: it does not end",
    "GET rereadenv": "waits for the answer of every process, which each gives within a second",
    "POST rereadenv": "waits for the answer of every process, which each gives within a second",
    "POST brokers/{name}/test": "waits for the broker that is tested",
}
CONFIG = """
version: 1
brokers:
  - {name: plant, host: 127.0.0.1, port: ${broker_port}, protocol: 5}
  - {name: central, host: 127.0.0.1, port: ${broker_port}, protocol: 5, client_id: bench-central}
topics:
  - {name: meters, broker: plant, direction: in, filter: "meters/+", codec: json, codec_options: {device_key: id}}
  - {name: sensors, broker: plant, direction: in, filter: "sensors/+", qos: 1, codec: json}
  - {name: answers-set, broker: plant, direction: in, filter: MQTT_COMMOD_SET_REP, qos: 1, codec: kpm33b}
  - {name: answers-read, broker: plant, direction: in, filter: MQTT_COMMOD_READ_REP, qos: 1, codec: kpm33b}
  - {name: answers-time, broker: plant, direction: in, filter: MQTT_METER_TIME_REP, qos: 1, codec: kpm33b}
  - {name: answers-relay, broker: plant, direction: in, filter: MQTT_TELECTRL_REP, qos: 1, codec: kpm33b}
  - {name: out, broker: central, direction: out, filter: "out/{device}", qos: 1}
devices:
  - {name: scale-1, driver: lines, port: "socket://127.0.0.1:9"}
  - {name: printer, driver: escpos, port: "socket://127.0.0.1:10"}
rules:
  - name: meters to central
    sources: [{topic: meters}]
    condition: "readings.power > 100.0"
    transform: {id: device, kilowatts: readings.power / 1000.0}
    actions: [{publish: out}]
"""
_PACKET = {"device_id": "board-1", "timestamp": "2026-01-31T12:00:00Z", "measurements": {"temperature": 21.5}}
_METER = "33B12259{:05d}"


@dataclass(frozen=True, slots=True)
class Rows:
    """A kind of configured rows: what a new one is, under which name, and what a PATCH changes."""

    path: str
    body: Callable[[int], dict[str, Any]]
    patch: dict[str, Any]

    def calls(self, count: int) -> list[Call]:
        """Make, list, read, replace, change and delete so many."""
        named = [(number, self.body(number)) for number in range(count)]
        rows, row = self.path, f"{self.path}/{{name}}"
        return [
            *(_json("POST", rows, body=body, expected=(201,)) for _, body in named),
            *(Call(f"GET {rows}", _url(rows)) for _ in named),
            *(Call(f"GET {row}", _url(rows, body["name"])) for _, body in named),
            *(_json("PUT", row, _url(rows, body["name"]), body=body) for _, body in named),
            *(_json("PATCH", row, _url(rows, body["name"]), body=self.patch) for _, body in named),
            *(Call(f"DELETE {row}", _url(rows, body["name"]), "DELETE", expected=(204,)) for _, body in named),
        ]


ROWS = (
    Rows("devices", lambda n: {"name": f"bench-{n}", "driver": "lines", "port": f"/dev/bench{n}"}, {"label": "new"}),
    Rows("brokers", lambda n: {"name": f"bench-{n}", "host": "127.0.0.1", "enabled": False}, {"label": "new"}),
    Rows(
        "topics",
        lambda n: {"name": f"bench-{n}", "broker": "plant", "direction": "in", "filter": f"bench/{n}"},
        {"label": "new"},
    ),
    Rows(
        "rules",
        lambda n: {
            "name": f"bench-{n}", "sources": [{"topic": "meters"}], "condition": f"readings.power > {n}.0",
            "transform": {"id": "device"}, "actions": [{"publish": "out"}],
        },
        {"condition": "readings.power > 5.0"},
    ),
    Rows("alert-rules", lambda n: {"name": f"bench-{n}", "kind": "disk-free"}, {"label": "new"}),
    Rows("meters", lambda n: {"name": _METER.format(n), "broker": "plant"}, {"label": "new"}),
    Rows("tickets", lambda n: {"name": f"bench-{n}", "template": "{{ payload }}\n"}, {"label": "new"}),
)  # fmt: skip


def configured_calls(count: int) -> list[Call]:
    """All that is done with configured rows."""
    return [call for rows in ROWS for call in rows.calls(count)]


def single_calls(count: int, found: Mapping[str, Sequence[str]]) -> list[Call]:
    """The other operations. `found` has ids of history by kind, names of packs, and the month of the report."""
    return [*lists(count), *_of_history(found), *_done(count), *_of_meters(count, found["month"][0])]


def lists(count: int) -> list[Call]:
    """A call of every list."""
    paths = (
        "alerts", "dead-letters", "deliveries", "messages", "packets", "packs", "ping", "ports", "readings",
        "schemas/packet", "seen-devices", "status",
    )  # fmt: skip
    return [Call(f"GET {path}", _url(path)) for path in paths for _ in range(count)]


def _of_history(found: Mapping[str, Sequence[str]]) -> list[Call]:
    def each(name: str, kind: str, *, method: str = "GET", status: int = 200) -> list[Call]:
        parts = name.split("/")
        return [
            Call(
                f"{method} {name}", _url(*(one if "{" in part else part for part in parts)), method, expected=(status,)
            )
            for one in found[kind]
        ]

    return [
        *each("messages/{message_id}", "messages"),
        *each("packets/{packet_id}", "packets"),
        *each("packs/{name}", "packs"),
        *each("deliveries/{delivery_id}/redrive", "dead", method="POST", status=202),
        *each("deliveries/{delivery_id}/repeat", "written", method="POST", status=202),
        *each("alerts/{alert_id}/acknowledge", "alerts", method="POST"),
        *each("seen-devices/{name}/adopt", "seen", method="POST"),
    ]


def _done(count: int) -> list[Call]:
    sample, command = {"payload": '{"id": "meter-1", "power": 200.5}'}, {"payload": "w"}
    calls = (
        _json("POST", "packets", body=_PACKET, expected=(201,)),
        _json("POST", "devices/{name}/commands", _url("devices/scale-1/commands"), body=command, expected=(202,)),
        _json("POST", "devices/detect", body={"text": "S S   100.00 g"}),
        _json("POST", "rules/{name}/try", _url("rules/meters%20to%20central/try"), body=sample),
        _json("POST", "tickets/{name}/preview", _url("tickets/slip/preview"), body={"payload": '{"a": 1}'}),
    )
    return [call for call in calls for _ in range(count)]


def _of_meters(count: int, month: str) -> list[Call]:
    meter, defaults = _url("meters", _METER.format(99)), _url("meter-defaults/plant")
    body, one = {"name": "plant", "broker": "plant"}, "meter-defaults/{name}"
    calls = (
        Call("GET meter-defaults", _url("meter-defaults")),
        Call(f"GET {one}", defaults),
        _json("PUT", one, defaults, body=body),
        _json("PATCH", one, defaults, body={"zone": "Europe/Berlin"}),
        _json("POST", "meters/{name}/commands", f"{meter}/commands", body={"command": "retry"}, expected=(202,)),
        _json("POST", "meters/{name}/relay", f"{meter}/relay", body={"state": "on"}, expected=(202,)),
        Call("GET meters/report", _url("meters/report"), query={"month": month}),
    )
    return [
        _json("POST", "meter-defaults", body=body, expected=(201,)),
        *(call for call in calls for _ in range(count)),
        Call(f"DELETE {one}", defaults, "DELETE", expected=(204,)),
    ]


def preparing_calls() -> list[Call]:
    """The rows that single calls need."""
    return [
        _json("POST", "tickets", body={"name": "slip", "template": "{{ payload }}\n"}, expected=(201,)),
        _json("POST", "meters", body={"name": _METER.format(99), "broker": "plant"}, expected=(201,)),
    ]


def operations(schema: Mapping[str, Any]) -> list[str]:
    """Every operation of the OpenAPI document, as calls name it."""
    return [
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, methods in schema["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    ]


def _json(method: str, name: str, address: str = "", *, body: Any, expected: Sequence[int] = (200,)) -> Call:
    return Call(f"{method} {name}", address or _url(name), method, body=orjson.dumps(body), expected=expected)


def _url(*parts: str) -> str:
    return "/".join(("/api/v1", *parts))
