"""Every kind of question that the REST API answers from history, over what `benchmarks.filling` wrote."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from benchmarks.filling import History
from benchmarks.rest_calls import Call
from telemetry.ids import lowest_id

MESSAGES, READINGS, DELIVERIES = "/api/v1/messages", "/api/v1/readings", "/api/v1/deliveries"
_GOLDEN = 0.6180339887  # spreads times evenly, whichever number of them is taken
Asked = Callable[[History, int], dict[str, str]]


def _at(history: History, number: int) -> datetime:
    return history.at(0.05 + 0.9 * (number * _GOLDEN % 1))


def _span(length: timedelta) -> Asked:
    def asked(history: History, number: int) -> dict[str, str]:
        start = _at(history, number)
        return {"start_time": start.isoformat(), "end_time": (start + length).isoformat()}

    return asked


def _deep(**filters: str) -> Asked:
    """A page somewhere in the middle, as reached by following `next`."""

    def asked(history: History, number: int) -> dict[str, str]:
        place = lowest_id(_at(history, number)).bytes
        return filters | {"cursor": base64.urlsafe_b64encode(place).decode().rstrip("=")}

    return asked


def _with(*parts: Asked, **filters: str) -> Asked:
    """These filters, in which {n} is the number of the call, and those of the parts."""

    def asked(history: History, number: int) -> dict[str, str]:
        found = {
            name: text.format(n=number, tenth=number % 10, total=_total(history, number))
            for name, text in filters.items()
        }
        for part in parts:
            found |= part(history, number)
        return found

    return asked


def _total(history: History, number: int) -> float:
    """An energy counter's value that exactly one message has."""
    return (int(history.count * (0.05 + 0.9 * (number * _GOLDEN % 1))) // 20 * 20 + number % 12) / 1000


HOUR, DAY, MONTH = _span(timedelta(hours=1)), _span(timedelta(days=1)), _span(timedelta(days=30))

KINDS: dict[str, tuple[str, Asked]] = {
    "messages recent": (MESSAGES, _with()),
    "messages recent, 1,000": (MESSAGES, _with(limit="1000")),
    "messages of an hour": (MESSAGES, HOUR),
    "messages of a month": (MESSAGES, MONTH),
    "messages deep": (MESSAGES, _deep()),
    "messages device": (MESSAGES, _with(device="meter-{n}")),
    "messages device, rare": (MESSAGES, _with(device="probe")),
    "messages device, unknown": (MESSAGES, _with(device="nobody-{n}")),
    "messages device of a day": (MESSAGES, _with(DAY, device="sensor-{n}")),
    "messages device deep": (MESSAGES, _deep(device="meter-7")),
    "messages topic": (MESSAGES, _with(topic="meters/{n}")),
    "messages topic, rare": (MESSAGES, _with(topic="lab/probe")),
    "messages topic, unknown": (MESSAGES, _with(topic="no/{n}")),
    "messages topic name": (MESSAGES, _with(topic="sensors")),
    "messages topic name, rare": (MESSAGES, _with(topic="lab")),
    "messages topic deep": (MESSAGES, _deep(topic="meters/7")),
    "messages source": (MESSAGES, _with(source="broker:plant")),
    "messages source, small": (MESSAGES, _with(source="device:scale-{tenth}")),
    "messages value, usual": (MESSAGES, _with(key="state", value="ok")),
    "messages value, 1 in 60": (MESSAGES, _with(key="state", value="idle")),
    "messages value, only long ago": (MESSAGES, _with(key="state", value="new")),
    "messages value, rare": (MESSAGES, _with(key="state", value="fault")),
    "messages value, unknown": (MESSAGES, _with(key="state", value="nothing-{n}")),
    "messages number": (MESSAGES, _with(key="power", value="{n}.25")),
    "messages number, nested": (MESSAGES, _with(key="battery.level", value="{n}")),
    "messages number, nested, one": (MESSAGES, _with(key="energy.total", value="{total}")),
    "messages value of a day": (MESSAGES, _with(DAY, key="state", value="idle")),
    "messages value of a device": (MESSAGES, _with(device="sensor-{n}", key="battery.level", value="50")),
    "messages value of a topic": (MESSAGES, _with(topic="meters", key="energy.tariff", value="3")),
    "messages value deep": (MESSAGES, _deep(key="state", value="idle")),
    "messages key": (MESSAGES, _with(key="energy.tariff")),
    "messages key, 1 in 20": (MESSAGES, _with(key="stable")),
    "messages device and topic": (MESSAGES, _with(device="meter-{n}", topic="meters")),
    "packets": ("/api/v1/packets", _with()),
    "packets deep": ("/api/v1/packets", _deep()),
    "readings recent": (READINGS, _with()),
    "readings of a series": (READINGS, _with(device="meter-{n}", metric="power")),
    "readings of a series, 1,000": (READINGS, _with(device="meter-{n}", metric="power", limit="1000")),
    "readings of a series of a day": (READINGS, _with(DAY, device="meter-{n}", metric="power")),
    "readings device": (READINGS, _with(device="sensor-{n}")),
    "readings device, rare": (READINGS, _with(device="probe")),
    "readings metric": (READINGS, _with(metric="weight")),
    "readings deep": (READINGS, _deep(device="meter-7", metric="power")),
    "minutes of a series": (READINGS, _with(device="meter-{n}", metric="power", bucket="1m")),
    "hours of a series": (READINGS, _with(device="meter-{n}", metric="power", bucket="1h")),
    "days of a series": (READINGS, _with(device="meter-{n}", metric="power", bucket="1d")),
    "minutes of an hour of all": (READINGS, _with(HOUR, bucket="1m")),
    "hours of all": (READINGS, _with(bucket="1h")),
    "days of all": (READINGS, _with(bucket="1d")),
    "deliveries recent": (DELIVERIES, _with()),
    "deliveries deep": (DELIVERIES, _deep()),
    **{
        f"deliveries {state}": (DELIVERIES, _with(state=state))
        for state in ("waiting", "sending", "delivered", "dead", "expired", "unknown")
    },
    "deliveries target": (DELIVERIES, _with(target="broker:central")),
    "deliveries target, rare": (DELIVERIES, _with(target="webhook:probe alarm")),
    "deliveries rule": (DELIVERIES, _with(rule="weights to central")),
    "deliveries rule, rare": (DELIVERIES, _with(rule="probe alarm")),
    "deliveries kind, rare": (DELIVERIES, _with(kind="webhook")),
    "dead letters": ("/api/v1/dead-letters", _with()),
    "status": ("/api/v1/status", _with()),
}


def calls(history: History, *, repeats: int) -> Iterator[Call]:
    """Each kind so many times, with other devices, values and spans each time."""
    for name, (path, asked) in KINDS.items():
        for number in range(repeats):
            yield Call(name, path, query=asked(history, number))
