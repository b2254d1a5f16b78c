"""What a test of a pack may expect, and how it is compared with what was seen. Pure; each difference is a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from telemetry.recording.batch import DeliveryDraft
from telemetry.values import Reading

MAX_SHOWN: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one step came to, in the words of expectations. `wire` has the bytes of each write."""

    values: Sequence[Any] = ()
    devices: Sequence[str] = ()
    readings: Sequence[Reading] = ()
    times: Sequence[datetime | None] = ()
    deliveries: Sequence[DeliveryDraft] = ()
    refusals: Sequence[str] = ()
    wire: Mapping[UUID, bytes] = field(default_factory=dict)
    sends: bytes | None = None
    standing: str | None = None

    def of(self, kind: str) -> list[DeliveryDraft]:
        """The deliveries of one kind."""
        return [draft for draft in self.deliveries if draft.kind == kind]


def differences(expected: Mapping[str, Any], outcome: Outcome) -> list[str]:
    """A sentence for each thing that is not as expected; none if all is."""
    found = [text for name, value in expected.items() for text in EXPECTATIONS[name](value, outcome)]
    if outcome.refusals and "refused" not in expected:
        found.append(f"it was refused: {'; '.join(outcome.refusals)}")
    return found


def _kind(expected: Any, outcome: Outcome) -> Iterator[str]:
    yield from _value({"kind": expected}, outcome)


def _value(expected: Any, outcome: Outcome) -> Iterator[str]:
    if not outcome.values:
        yield f"nothing was decoded, where {said(expected)} is expected"
        return
    if not isinstance(expected, Mapping):
        if not _equal(expected, outcome.values[-1]):
            yield f"the value is {said(outcome.values[-1])}, not {said(expected)}"
        return
    yield from _parts(expected, outcome.values[-1], "value")


def _parts(expected: Mapping[str, Any], actual: Any, path: str) -> Iterator[str]:
    """Each named part; what is not named may be anything."""
    for key, wanted in expected.items():
        place = f"{path}.{key}"
        if not isinstance(actual, Mapping) or key not in actual:
            yield f"{place} is missing in {said(actual)}"
        elif isinstance(wanted, Mapping) and wanted:
            yield from _parts(wanted, actual[key], place)
        elif not _equal(wanted, actual[key]):
            yield f"{place} is {said(actual[key])}, not {said(wanted)}"


def _readings(expected: Any, outcome: Outcome) -> Iterator[str]:
    wanted, actual = _spoken(expected), _found_readings(outcome)
    yield from _some_readings(expected, outcome)
    for metric in actual.keys() - wanted.keys():
        yield f"a reading {metric} of {actual[metric]} is not expected"


def _some_readings(expected: Any, outcome: Outcome) -> Iterator[str]:
    actual = _found_readings(outcome)
    for metric, wanted in _spoken(expected).items():
        if metric not in actual:
            yield f"the reading {metric} is missing; there are {', '.join(actual) or 'none'}"
        elif actual[metric] != wanted:
            yield f"the reading {metric} is {actual[metric]}, not {wanted}"


def spoken(reading: Reading) -> str:
    """The reading as packs write it: `21.5 °C`, `3`."""
    value = int(reading.value) if reading.value.is_integer() and abs(reading.value) < 1e15 else reading.value
    return f"{value} {reading.unit}".rstrip()


def _found_readings(outcome: Outcome) -> dict[str, str]:
    return {reading.metric: spoken(reading) for reading in outcome.readings}


def _spoken(expected: Any) -> dict[str, str]:
    """`12.30 g`, 12.3 and `12.3` mean the same number."""
    if not isinstance(expected, Mapping):
        return {"readings": "must be names and values"}
    return {str(metric): _normal(value) for metric, value in expected.items()}


def _normal(value: Any) -> str:
    number, _, unit = str(value).partition(" ")
    try:
        return spoken(Reading("", float(number), unit.strip()))
    except ValueError:
        return str(value)


def _device(expected: Any, outcome: Outcome) -> Iterator[str]:
    names = set(outcome.devices)
    if list(names) != [expected]:
        yield f"it belongs to {', '.join(map(repr, sorted(names))) or 'nobody'}, not to {expected!r}"


def _time(expected: Any, outcome: Outcome) -> Iterator[str]:
    told = next((time for time in outcome.times if time), None)
    try:
        wanted = datetime.fromisoformat(str(expected)) if expected else None
    except ValueError:
        yield f"{said(expected)} is no time"
        return
    if told != wanted:
        yield f"the device's time is {told.isoformat() if told else 'not told'}, not {said(expected)}"


def _nothing(expected: Any, outcome: Outcome) -> Iterator[str]:
    is_nothing = not (outcome.values or outcome.deliveries or outcome.refusals)
    if is_nothing is not bool(expected):
        yield f"it came to {said(list(outcome.values))}" if expected else "nothing came of it"


def _not_a_measurement(expected: Any, outcome: Outcome) -> Iterator[str]:
    if expected and not outcome.values and not outcome.refusals:
        yield "nothing was decoded, so it is not even kept as something that is no measurement"
    if bool(outcome.readings) is bool(expected):
        yield f"it has readings: {_found_readings(outcome)}" if expected else "it has no readings"


def _refused(expected: Any, outcome: Outcome) -> Iterator[str]:
    if not any(str(expected).lower() in reason.lower() for reason in outcome.refusals):
        told = "; ".join(outcome.refusals) or "it was taken"
        yield f"it should be refused with {said(expected)}, but: {told}"


def _publishes(expected: Any, outcome: Outcome) -> Iterator[str]:
    actual = outcome.of("publish")
    if not isinstance(expected, list):
        yield "publishes must be a list"
        return
    if len(expected) != len(actual):
        yield f"{len(actual)} messages are published, not {len(expected)}: {said([_shown(one) for one in actual])}"
        return
    for wanted, draft in zip(expected, actual, strict=True):
        yield from _publication(wanted, draft)


def _publication(wanted: Any, draft: DeliveryDraft) -> Iterator[str]:
    if not isinstance(wanted, Mapping):
        yield f"{said(wanted)} must have a topic and a payload"
        return
    facts = {"topic": draft.address, "qos": draft.qos, "retain": draft.is_retained, "broker": draft.target[7:]}
    for key, fact in facts.items():
        if key in wanted and wanted[key] != fact:
            yield f"the {key} of what is published is {said(fact)}, not {said(wanted[key])}"
    if "payload" in wanted and not is_payload(wanted["payload"], draft.payload):
        yield f"{draft.payload.decode('utf-8', 'replace')[:MAX_SHOWN]} is published, not {said(wanted['payload'])}"


def is_payload(wanted: Any, payload: bytes) -> bool:
    """Text must be equal byte for byte, a document in its values and in the order of its keys."""
    if isinstance(wanted, str):
        return wanted.encode() == payload
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    is_ordered = not isinstance(wanted, Mapping) or not isinstance(document, dict) or list(wanted) == list(document)
    return is_ordered and _equal(wanted, document)


def _writes(expected: Any, outcome: Outcome) -> Iterator[str]:
    actual = outcome.of("write")
    if not isinstance(expected, list):
        yield "writes must be a list"
        return
    if len(expected) != len(actual):
        yield f"{len(actual)} writes are made, not {len(expected)}"
        return
    for wanted, draft in zip(expected, actual, strict=True):
        yield from _write(wanted, draft, outcome.wire.get(draft.id, b""))


def _write(wanted: Any, draft: DeliveryDraft, wire: bytes) -> Iterator[str]:
    if not isinstance(wanted, Mapping):
        yield f"{said(wanted)} must have a device and its bytes"
        return
    device = draft.target.removeprefix("device:")
    if wanted.get("device", device) != device:
        yield f"it is written to {device}, not to {wanted['device']}"
    yield from _bytes(wanted, wire)


def _bytes(wanted: Mapping[str, Any], wire: bytes) -> Iterator[str]:
    """`text`: all the bytes. `bytes`: the same in hexadecimal. `contains`: texts that must be among them."""
    if "text" in wanted and str(wanted["text"]).encode("latin-1", "replace") != wire:
        yield f"the bytes are {wire!r}, not {str(wanted['text'])!r}"
    if "bytes" in wanted and str(wanted["bytes"]).replace(" ", "").lower() != wire.hex():
        yield f"the bytes are {wire.hex(' ')}, not {wanted['bytes']}"
    parts = wanted.get("contains") or ()
    if not isinstance(parts, list | tuple):
        yield "contains must be a list"
        return
    for part in parts:
        if str(part).encode("latin-1", "replace") not in wire:
            yield f"{part!r} is not among the bytes {wire[:MAX_SHOWN]!r}"


def _events(expected: Any, outcome: Outcome) -> Iterator[str]:
    names = [draft.address for draft in outcome.of("event")]
    if names != expected:
        yield f"the events are {said(names)}, not {said(expected)}"


def _sends(expected: Any, outcome: Outcome) -> Iterator[str]:
    wire = outcome.sends
    if wire is None:
        yield "only a command sends"
    elif str(expected).encode("latin-1", "replace") != wire:
        yield f"the bytes are {wire!r}, not {str(expected)!r}"


def _standing(expected: Any, outcome: Outcome) -> Iterator[str]:
    if outcome.standing != expected:
        yield f"the printer stands at {said(outcome.standing)}, not {said(expected)}"


def _equal(wanted: Any, actual: Any) -> bool:
    """Equal as JSON: 1 is 1.0, but true is not 1."""
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return wanted is actual
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        return wanted.keys() == actual.keys() and all(_equal(part, actual[key]) for key, part in wanted.items())
    if isinstance(wanted, list) and isinstance(actual, list | tuple):
        return len(wanted) == len(actual) and all(map(_equal, wanted, actual))
    return bool(wanted == actual)


def _shown(draft: DeliveryDraft) -> str:
    return f"{draft.address} {draft.payload.decode('utf-8', 'replace')[:60]}"


def said(value: Any) -> str:
    """A value as short JSON."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # an integer of more than 64 bits, or half a character
        text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


EXPECTATIONS: Final[Mapping[str, Callable[[Any, Outcome], Iterator[str]]]] = {
    "kind": _kind,
    "value": _value,
    "readings": _readings,
    "some_readings": _some_readings,
    "device": _device,
    "time": _time,
    "nothing": _nothing,
    "not_a_measurement": _not_a_measurement,
    "refused": _refused,
    "publishes": _publishes,
    "writes": _writes,
    "events": _events,
    "sends": _sends,
    "standing": _standing,
}
"""What may stand under `expect`."""
