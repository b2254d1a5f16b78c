"""The documents for Home Assistant: of every device in the samples, of hostile names, and what its templates answer."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bridges.codecs.auto import AutoCodec
from bridges.codecs.base import Incoming
from bridges.discovery.documents import (
    MAX_METRICS,
    About,
    Document,
    Kind,
    Metric,
    Subject,
    device_documents,
    hub_documents,
    name_of,
    state_payload,
    value_template,
)
from bridges.discovery.names import Names
from bridges.tests.decoding import NOW, SAMPLES
from devices.tests.scale_samples import DRIVER_OF, samples, scale
from telemetry.values import Decoded, Reading

NAMES = Names("homeassistant", "patchbay")
TOPIC = {"type": "string", "pattern": r"^[^+#\u0000]{1,500}$"}
WORDS = {"type": "string", "minLength": 1}
UNITS: dict[str, list[str | None]] = {
    "apparent_power": ["VA"],
    "battery": ["%"],
    "carbon_dioxide": ["ppm"],
    "current": ["A", "mA"],
    "distance": ["km", "m", "cm", "mm", "mi", "yd", "ft", "in"],
    "duration": ["d", "h", "min", "s"],
    "energy": ["Wh", "kWh", "MWh"],
    "frequency": ["Hz", "kHz", "MHz", "GHz"],
    "humidity": ["%"],
    "illuminance": ["lx"],
    "power": ["W", "kW"],
    "power_factor": ["%", None],
    "pressure": ["Pa", "hPa", "kPa", "bar", "cbar", "mbar", "mmHg", "inHg", "psi"],
    "reactive_power": ["var"],
    "signal_strength": ["dB", "dBm"],
    "temperature": ["°C", "°F", "K"],
    "voltage": ["V", "mV"],
    "weight": ["kg", "g", "mg", "µg", "oz", "lb", "st"],
}
"""What each device class that the samples give may be measured in (home-assistant.io, Sensor, "Device class")."""
DEVICE = {
    "type": "object",
    "required": ["identifiers", "name"],
    "additionalProperties": False,
    "properties": {
        "identifiers": {"type": "array", "items": WORDS, "minItems": 1},
        "name": WORDS,
        "manufacturer": WORDS,
        "model": WORDS,
        "serial_number": WORDS,
        "via_device": WORDS,
    },
}
COMMON: dict[str, object] = {
    "name": WORDS,
    "unique_id": WORDS,
    "state_topic": TOPIC,
    "device": DEVICE,
    "origin": {"type": "object", "required": ["name"], "properties": {"name": WORDS}, "additionalProperties": False},
    "entity_category": {"const": "diagnostic"},
}
SENSOR = jsonschema_rs.validator_for(
    {
        "type": "object",
        "required": ["name", "unique_id", "state_topic", "value_template", "state_class", "availability", "device"],
        "additionalProperties": False,
        "properties": COMMON
        | {
            "value_template": {"type": "string", "pattern": r"^\{\{ .* \}\}$"},
            "state_class": {"enum": ["measurement", "total_increasing"]},
            "device_class": {"enum": list(UNITS)},
            "unit_of_measurement": WORDS,
            "expire_after": {"type": "integer", "minimum": 1},
            "availability_mode": {"enum": ["all"]},
            "availability": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["topic"],
                    "additionalProperties": False,
                    "properties": {"topic": TOPIC, "payload_available": WORDS, "payload_not_available": WORDS},
                },
            },
        },
    }
)
BINARY_SENSOR = jsonschema_rs.validator_for(
    {
        "type": "object",
        "required": ["name", "unique_id", "state_topic", "device"],
        "additionalProperties": False,
        "properties": COMMON | {"payload_on": WORDS, "payload_off": WORDS, "device_class": {"const": "connectivity"}},
    }
)
CONFIG_TOPIC = r"\Ahomeassistant/sensor/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/config\Z"
_JINJA = ImmutableSandboxedEnvironment()


def rendered(template: str, payload: bytes) -> str:
    """What Home Assistant takes out of a state."""
    return _JINJA.from_string(template).render(value_json=json.loads(payload))


def configs(documents: list[Document]) -> dict[str, Any]:
    return {one.topic: orjson.loads(one.payload) for one in documents if one.kind is Kind.CONFIG}


def subject(*metrics: Metric, name: str = "scale", **more: Any) -> Subject:
    return Subject(name=name, metrics=metrics, **more)


def weight(value: float = 12.5, unit: str = "g") -> Metric:
    return Metric("weight", unit, value)


def _of_mqtt() -> list[tuple[str, tuple[Reading, ...]]]:
    found: list[Decoded] = []
    for sample in SAMPLES:
        found += AutoCodec().decode(None, Incoming(sample["payload"].encode(), NOW, sample["topic"]))[1]
    return [(one.device or one.topic_device or "bound", one.readings) for one in found if one.readings]


def _of_scales() -> list[tuple[str, tuple[Reading, ...]]]:
    found = []
    for sample in samples():
        if sample.protocol in DRIVER_OF and not sample.is_command:
            options = {"line_end": "etx"} if sample.line.endswith(b"\x03") else {}
            driver = scale(DRIVER_OF[sample.protocol], **options)
            (frame,) = driver.framer().feed(sample.line)
            found.append((DRIVER_OF[sample.protocol], driver.decode(frame.data).readings))
    return [(name, readings) for name, readings in found if readings]


MEASURED = [*_of_mqtt(), *_of_scales()]


@pytest.mark.parametrize(
    ("device", "readings"), MEASURED, ids=[f"{number} {name}" for number, (name, _) in enumerate(MEASURED)]
)
def test_every_device_of_the_samples_is_described_in_documented_keys_and_its_state_is_read(
    device: str, readings: tuple[Reading, ...]
) -> None:
    metrics = [Metric(reading.metric, reading.unit, reading.value) for reading in readings]
    documents = device_documents(NAMES, subject(*metrics, name=device, label="A device", expire_after_s=120))
    described = configs(documents)
    state = state_payload(readings)
    assert len(described) == len(metrics) == len({one["unique_id"] for one in described.values()})
    for metric in metrics:
        config = described[NAMES.config(device, metric.name)]
        SENSOR.validate(config)
        if "device_class" in config:
            assert config.get("unit_of_measurement") in UNITS[config["device_class"]]
        if config.get("device_class") == "energy":
            assert config["state_class"] == "total_increasing"
        assert config.get("unit_of_measurement", "") == metric.unit
        assert float(rendered(config["value_template"], state)) == metric.value
        assert all(NAMES.owns(one.topic) for one in documents)


def test_a_config_of_a_scale_reads_as_written_in_the_guide() -> None:
    said = subject(weight(), label="Bench scale", about=About("KERN", "", ""))
    (config,) = configs(device_documents(NAMES, said)).values()
    assert config == {
        "name": "Weight",
        "unique_id": "patchbay.scale.weight",
        "state_topic": "patchbay/scale/state",
        "value_template": '{{ value_json.get("weight", {}).get("g", "") }}',
        "state_class": "measurement",
        "device_class": "weight",
        "unit_of_measurement": "g",
        "availability": [
            {"topic": "patchbay/status", "payload_not_available": "offline"},
            {"topic": "patchbay/scale/availability"},
        ],
        "availability_mode": "all",
        "device": {
            "identifiers": ["patchbay.scale"],
            "name": "Bench scale",
            "manufacturer": "KERN",
            "via_device": "patchbay",
        },
        "origin": {"name": "Patchbay"},
    }


def test_the_hub_is_a_device_that_others_are_connected_by() -> None:
    status, entity = hub_documents(NAMES, connection="c1")
    assert (status.topic, status.payload, status.occasion) == ("patchbay/status", b"online", "c1")
    config = orjson.loads(entity.payload)
    BINARY_SENSOR.validate(config)
    assert config["device"]["identifiers"] == ["patchbay"]
    assert entity.topic == "homeassistant/binary_sensor/patchbay/status/config"


def test_a_value_in_another_unit_is_not_taken_for_one_in_this() -> None:
    template = value_template("weight", "g")
    assert rendered(template, state_payload([Reading("weight", 12.5, "g")])) == "12.5"
    assert rendered(template, state_payload([Reading("weight", 0.0125, "kg")])) == ""


def test_a_message_without_the_metric_leaves_it_as_it_is() -> None:
    assert rendered(value_template("energy", "kWh"), state_payload([Reading("power", 5.0, "W")])) == ""


def test_zero_is_a_value() -> None:
    assert rendered(value_template("weight", "g"), state_payload([Reading("weight", 0.0, "g")])) == "0.0"


@given(metric=st.text(min_size=1, max_size=80), unit=st.text(max_size=16))
def test_no_name_and_no_unit_from_the_wire_becomes_part_of_a_template_or_a_topic(metric: str, unit: str) -> None:
    said = subject(Metric(metric, unit, 1.5))
    ((topic, config),) = configs(device_documents(NAMES, said)).items()
    assert topic == NAMES.config("scale", metric)
    assert NAMES.owns(topic)
    inner = config["value_template"].removeprefix("{{").removesuffix("}}")
    assert not any(sign in inner for sign in ("{{", "}}", "{%", "{#"))
    assert rendered(config["value_template"], state_payload([Reading(metric, 1.5, unit)])) == "1.5"


@given(first=st.text(max_size=80), second=st.text(max_size=80))
def test_different_metrics_are_different_entities(first: str, second: str) -> None:
    assert (NAMES.config("scale", first) == NAMES.config("scale", second)) is (first == second)


def test_a_device_without_readings_is_not_told_of() -> None:
    assert device_documents(NAMES, subject()) == []


def test_one_device_fills_no_home_assistant() -> None:
    many = [Metric(f"m{number}", "", 0.0) for number in range(MAX_METRICS + 5)]
    assert len(configs(device_documents(NAMES, subject(*many)))) == MAX_METRICS


def test_availability_says_what_is_known_and_is_kept_while_a_state_is_not() -> None:
    documents = {one.kind: one for one in device_documents(NAMES, subject(weight(), is_present=False))}
    assert documents[Kind.AVAILABILITY].payload == b"offline"
    kept = {kind for kind, document in documents.items() if document.is_retained}
    assert kept == {Kind.CONFIG, Kind.AVAILABILITY}


def test_a_will_of_the_users_own_is_what_tells_that_the_hub_is_gone() -> None:
    names = Names("homeassistant", "patchbay", "plant/hub")
    (config,) = configs(device_documents(names, subject(weight()), offline=b"dead")).values()
    assert config["availability"][0] == {"topic": "plant/hub", "payload_not_available": "dead"}
    status, entity = hub_documents(names, connection="c", offline=b"dead")
    assert status.topic == "plant/hub"
    assert orjson.loads(entity.payload)["payload_off"] == "dead"


def test_a_state_is_said_again_for_a_new_metric_and_not_for_a_new_value() -> None:
    def state(*metrics: Metric) -> Document:
        return device_documents(NAMES, subject(*metrics))[-1]

    first = state(weight(1.0))
    assert (state(weight(2.0)).occasion, state(weight(2.0)).digest) == (first.occasion, first.digest)
    assert state(weight(1.0), Metric("tare", "g", 0.0)).occasion != first.occasion
    assert state(weight(1.0, "kg")).occasion != first.occasion


@pytest.mark.parametrize(
    ("metric", "name"),
    [("active_power_l1", "Active power L1"), ("ENERGY.Power", "ENERGY Power"), ("co2", "CO2"), ("...", "...")],
)
def test_a_metric_is_named_as_people_would(metric: str, name: str) -> None:
    assert name_of(metric) == name


def test_a_value_that_came_without_the_usual_unit_is_left_out_of_the_state() -> None:
    documents = device_documents(NAMES, subject(Metric("weight", "g", None), Metric("tare", "g", 2.0)))
    assert documents[-1].payload == b'{"tare":{"g":2.0}}'
    assert NAMES.config("scale", "weight") in configs(documents)
