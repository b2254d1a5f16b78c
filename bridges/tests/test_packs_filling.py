"""The values of settings stay data wherever they are put: no YAML, no expression, no placeholder comes of them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.config_file.faults import Path
from bridges.packs.filling import Filling, as_literal
from bridges.packs.settings import KINDS, Setting, SettingFault, check_values
from bridges.rules.expression import Expression, Variables


def filled(text: str, value: Any, *path: Any, kind: str = "text") -> tuple[Any, list[str]]:
    """The text at this place with {setting.x} filled in, and the faults."""
    said: list[str] = []

    def say(path: Path, message: str) -> None:
        said.append(message)

    filling = Filling({"x": value}, say, wild=frozenset({"x"} if kind == "filter" else ()))
    return filling.config(text, path), said


DEVICE = ("devices", 0, "label")
CONDITION = ("rules", 0, "condition")
TRANSFORM = ("rules", 0, "transform", "a")
FILTER = ("topics", 0, "filter")


@pytest.mark.parametrize("value", [9600, 0.5, True, False, "text"])
def test_a_setting_alone_keeps_its_type(value: Any) -> None:
    assert filled("{setting.x}", value, *DEVICE) == (value, [])


def test_within_a_text_it_is_text() -> None:
    assert filled("at {setting.x}, {device}", 9600, *DEVICE) == ("at 9600, {device}", [])


@pytest.mark.parametrize("value", ['" || true || "', "a: {b: c}", "'", "{setting.x}", "\\", "{{ payload }}"])
def test_hostile_text_is_one_literal_in_an_expression(value: str) -> None:
    text, said = filled("payload == {setting.x}", value, *CONDITION)
    assert not said
    assert orjson.loads(text.removeprefix("payload == ")) == value
    assert filled("{setting.x}", value, *DEVICE) == (value, [])


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_an_expression_sees_exactly_the_text_that_was_given(value: str) -> None:
    text, _ = filled("payload == {setting.x}", value, *CONDITION)
    seen = Variables(payload=value, readings={}, device="", topic="", source="", time=None)  # type: ignore[arg-type]
    assert Expression(text).evaluate(seen) is True


def test_numbers_in_expressions_have_decimals_as_readings_have() -> None:
    assert filled("readings.a > {setting.x}", 5, *CONDITION) == ("readings.a > 5.0", [])
    assert filled("{setting.x}", True, *TRANSFORM) == ("true", [])
    assert as_literal(1e-7) == "1e-07"


@pytest.mark.parametrize("value", ["a/+", "#", "{payload.x}", "a}b"])
def test_a_topic_takes_no_wildcards_and_no_placeholders_from_a_setting(value: str) -> None:
    assert "may hold none of" in filled("{setting.x}/weight", value, *FILTER)[1][0]


def test_a_filter_may_hold_wildcards() -> None:
    assert filled("{setting.x}", "tele/+/#", *FILTER, kind="filter") == ("tele/+/#", [])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("name", "scale-1", "a/b"),
        ("text", "Gruß", "a\nb"),
        ("number", "2.5", "nan"),
        ("integer", "9600", "1.5"),
        ("boolean", "yes", "maybe"),
        ("port", "/dev/ttyUSB0", "../etc/passwd"),
        ("broker", "mqtts://me:secret@host:8883", "http://host"),
        ("broker", "plant", "a b"),
        ("topic", "lab/hall", "lab/#"),
        ("filter", "tele/#", "a#"),
        ("zone", "Europe/Vienna", "Mars"),
    ],
)
def test_a_kind_takes_what_it_should_and_refuses_the_rest(kind: str, good: str, bad: str) -> None:
    KINDS[kind](good)
    with pytest.raises(SettingFault):
        KINDS[kind](bad)


@given(st.sampled_from(sorted(KINDS)), st.none() | st.booleans() | st.floats() | st.integers() | st.text())
def test_no_value_makes_a_kind_fail_in_another_way(kind: str, value: Any) -> None:
    check_values([Setting(name="x", label="x", kind=kind)], {"x": value})


def test_answers_are_checked_against_what_the_setting_allows() -> None:
    settings = [
        Setting(name="baud", label="Baud", kind="integer", default=9600, choices=(2400, 9600)),
        Setting(name="limit", label="Limit", kind="number", minimum=1, maximum=5),
        Setting(name="note", label="Note", kind="text", is_optional=True),
    ]
    assert check_values(settings, {"limit": "2"}) == ({"baud": 9600, "limit": 2.0, "note": ""}, {})
    _, faults = check_values(settings, {"baud": "1200", "limit": 9, "other": 1})
    assert faults == {
        "baud": "This must be one of 2400, 9600.",
        "limit": "This must be at most 5.",
        "other": "This pack has no such setting.",
    }
    assert check_values(settings, {})[1] == {"limit": "This must be given."}
