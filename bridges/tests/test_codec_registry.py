"""Codecs are found by name, and each keeps the promise that all make: a result or a DecodeFault."""

import json
import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import Incoming
from bridges.codecs.registry import CODECS, codec_named
from bridges.tests.decoding import SAMPLES
from telemetry.values import Decoded, DecodeFault, Json

NOW = datetime(2026, 1, 31, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "docs" / "codecs.md").read_text()


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_is_found_by_its_name(name: str) -> None:
    assert codec_named(name).name == name
    assert codec_named(name)().given.keys() == {option.name for option in codec_named(name).options}


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_is_on_its_page_with_every_option(name: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    assert [option.name for option in CODECS[name].options if f"`{option.name}`" not in row] == []


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no codec 'nope'.*json"):
        codec_named("nope")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
topics = st.sampled_from(sorted({one["topic"] for one in SAMPLES})) | st.text("abc/+#$ \x01ü", max_size=12)
payloads = st.binary(max_size=80) | anything.map(json.dumps).map(str.encode)


@st.composite
def nearly_samples(draw: st.DrawFn) -> tuple[str, bytes]:
    """The payload of a real device with one of its values replaced by anything."""
    sample = draw(st.sampled_from(SAMPLES))
    try:
        document = json.loads(sample["payload"])
        document[draw(st.sampled_from(sorted(document)))] = draw(anything)
    except (ValueError, TypeError, IndexError):
        return sample["topic"], draw(payloads)
    return sample["topic"], json.dumps(document).encode()


@pytest.mark.parametrize("name", CODECS)
@settings(deadline=None)
@given(said=st.lists(st.tuples(topics, payloads) | nearly_samples(), min_size=1, max_size=4))
def test_every_codec_decodes_or_refuses_anything_and_its_state_can_be_kept(
    name: str, said: list[tuple[str, bytes]]
) -> None:
    codec, state = codec_named(name)(), None
    for topic, payload in said:
        try:
            state, results = codec.decode(state, Incoming(payload, NOW, topic))
        except DecodeFault:
            continue
        for decoded in results:
            orjson.dumps(decoded.value)
            check(decoded)
        state = json.loads(orjson.dumps(state))
    state, _ = codec.flush(state, NOW + timedelta(days=1))
    assert len(orjson.dumps(state)) < 100_000


def check(decoded: Decoded) -> None:
    metrics = [reading.metric for reading in decoded.readings]
    assert len(metrics) == len(set(metrics))
    for reading in decoded.readings:
        assert reading.metric
        assert reading.metric.isprintable()
        assert math.isfinite(reading.value)
        assert len(reading.unit) <= 32
    assert decoded.time is None or decoded.time.tzinfo is not None
    assert decoded.device.isprintable()


@pytest.mark.parametrize("name", CODECS)
@settings(deadline=None)
@given(state=anything)
def test_no_codec_trips_over_the_state_of_another(name: str, state: Json) -> None:
    codec = codec_named(name)()
    decoded: list[Decoded] = []
    with suppress(DecodeFault):
        decoded += codec.decode(
            state, Incoming(b'{"model": "a", "id": "b", "time": "20260131120000"}', NOW, "MQTT_RT_DATA")
        )[1]
    decoded += codec.flush(state, NOW)[1]
    for one in decoded:
        check(one)
