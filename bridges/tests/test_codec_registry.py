"""Codecs are found by name, and each keeps the promise that all make: a result or a DecodeFault."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import Incoming
from bridges.codecs.registry import CODECS, codec_named
from bridges.tests.samples import MQTT_PAYLOADS
from telemetry.values import DecodeFault

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("name", ["json", "packet", "text", "bytes"])
def test_a_codec_is_found_by_its_name(name: str) -> None:
    assert codec_named(name).name == name
    assert codec_named(name)().given.keys() == {option.name for option in codec_named(name).options}


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no codec 'nope'.*json"):
        codec_named("nope")


@pytest.mark.parametrize("name", CODECS)
@settings(deadline=None)
@given(payload=st.binary(max_size=80) | st.sampled_from([one["payload"].encode() for one in MQTT_PAYLOADS]))
def test_every_codec_decodes_or_refuses_any_payload_and_its_state_can_be_kept(name: str, payload: bytes) -> None:
    try:
        state, results = codec_named(name)().decode(None, Incoming(payload, NOW, "a/b"))
    except DecodeFault:
        return
    orjson.dumps([state, *(decoded.value for decoded in results)])
