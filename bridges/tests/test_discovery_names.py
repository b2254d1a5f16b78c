"""Topics of discovery: what they are, and which topics are the hub's own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.discovery.names import Names, word_of

NAMES = Names("homeassistant", "plant/hub")


@given(st.text(max_size=200))
def test_a_word_is_one_for_home_assistant(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", word_of(text))


@given(st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"))
def test_what_is_a_word_stays_as_it_is(text: str) -> None:
    assert word_of(text) == text


def test_a_start_of_home_assistant_is_told_under_its_default_topic_and_under_the_prefix() -> None:
    assert NAMES.births == ("homeassistant/status",)
    assert Names("ha", "x").births == ("ha/status", "homeassistant/status")


@pytest.mark.parametrize(
    "topic",
    [
        NAMES.hub_status,
        NAMES.hub_config,
        NAMES.state("scale"),
        NAMES.availability("scale"),
        NAMES.config("scale.1", "a b"),
    ],
)
def test_its_own_topics_are_known(topic: str) -> None:
    assert NAMES.owns(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "homeassistant/status",
        "plant/hub/orders",
        "plant/hubs/scale/state",
        "homeassistant/sensor/0x00158d/temperature/config",
        "homeassistant/sensor/tasmota_1/config",
        "plant/hub",
        "",
    ],
)
def test_topics_of_others_are_not(topic: str) -> None:
    assert not NAMES.owns(topic)
