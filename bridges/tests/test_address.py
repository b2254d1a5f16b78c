"""Out-topics with placeholders: what may be saved, and what a message may put into them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.mqtt.filters import check_name
from bridges.rules.address import AddressFault, AddressTemplate
from bridges.tests.messages import make_variables


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("plain/topic", "plain/topic"),
        ("kpm33b/{device}/seconds", "kpm33b/meter-1/seconds"),
        ("{topic[0]}/{topic[-1]}", "plant/meter-1"),
        ("out/{payload.inner.x}", "out/1"),
        ("out/{payload['a-b']}", "out/7"),
        ("out/{payload.tags[0]}", "out/hot"),
        ("out/{payload.on}", "out/true"),
        ("out/{payload.voltage}", "out/230.5"),
        ("out/{readings.count}", "out/3"),
        ("out/{readings['ENERGY.Total']}", "out/1.25"),
        ("{ device }", "meter-1"),
        ("a/{{x}}/{device}", "a/{x}/meter-1"),
        ("{device}{device}", "meter-1meter-1"),
        ("$aws/things/{device}/shadow", "$aws/things/meter-1/shadow"),
        ("by/{source}", "by/broker:plant"),
    ],
)
def test_placeholders_are_filled_in(template: str, address: str) -> None:
    assert AddressTemplate(template).render(make_variables()) == address


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("", "empty"),
        ("a/+/b", "'+'"),
        ("a/#", "'#'"),
        ("a/\x00", "character"),
        ("a/{device", "single '{'"),
        ("a/device}", "single '}'"),
        ("a/{}", "known are"),
        ("a/{nope}", "known are"),
        ("a/{device.x}", "{device.x}"),
        ("a/{payload}", "cannot be filled in"),
        ("a/{readings}", "cannot be filled in"),
        ("a/{time}", "cannot be filled in"),
        ("a/{payload.x + 1}", "cannot be filled in"),
        ("a/{topic[999]}", "at most 200"),
        ("a" * 65_536, "65,535 bytes"),
    ],
)
def test_a_bad_template_is_refused_on_saving(template: str, said: str) -> None:
    with pytest.raises(AddressFault) as caught:
        AddressTemplate(template)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        {},
        [],
        {"a": 1},
        "a+b",
        "+",
        "#",
        "a#",
        "a\x00b",
        "a/b",
        "/",
        "a\x1fb",
        "\ud800",
        float("nan"),
        1e300,
        "a" * 65_536,
    ],
)
def test_a_value_that_cannot_stand_in_a_topic_is_refused(value: Any) -> None:
    with pytest.raises(AddressFault):
        AddressTemplate("out/{payload.x}").render(make_variables({"x": value}))


@pytest.mark.parametrize("value", [None, "", "a+b", "a/b", []])
def test_the_fault_names_the_placeholder(value: Any) -> None:
    with pytest.raises(AddressFault, match=r"\{payload\.x\}"):
        AddressTemplate("out/{device}/{payload.x}").render(make_variables({"x": value}))


@pytest.mark.parametrize("template", ["out/{payload.nope}", "out/{topic[7]}", "out/{topic[-4]}", "out/{readings.nope}"])
def test_a_missing_value_is_refused(template: str) -> None:
    with pytest.raises(AddressFault, match="missing"):
        AddressTemplate(template).render(make_variables())


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(AddressFault, match=r"\{device\} is empty"):
        AddressTemplate("out/{device}").render(make_variables(device=""))


def test_a_slash_in_a_value_needs_to_be_allowed() -> None:
    template = AddressTemplate("mirror/{topic}")
    with pytest.raises(AddressFault, match="'/'"):
        template.render(make_variables())
    assert template.render(make_variables(), allow_slash=True) == "mirror/plant/hall/meter-1"


def test_a_value_cannot_lead_to_the_topics_of_the_broker() -> None:
    with pytest.raises(AddressFault, match=r"'\$'"):
        AddressTemplate("{payload.x}/uptime").render(make_variables({"x": "$SYS"}))
    assert AddressTemplate("a/{payload.x}").render(make_variables({"x": "$SYS"})) == "a/$SYS"


@settings(deadline=None)
@given(value=st.text(max_size=20) | st.floats() | st.integers() | st.booleans(), allow_slash=st.booleans())
def test_whatever_the_value_the_address_is_a_topic_or_a_fault(value: Any, *, allow_slash: bool) -> None:
    try:
        address = AddressTemplate("a/{payload.x}/b").render(make_variables({"x": value}), allow_slash=allow_slash)
    except AddressFault:
        return
    check_name(address)
    assert address.startswith("a/")
    assert allow_slash or address.count("/") == 2


@settings(deadline=None)
@given(st.text(max_size=30) | st.text("{}[]()device.payloadtopic'0-1/ ", max_size=30))
def test_any_template_is_compiled_or_refused(template: str) -> None:
    try:
        address = AddressTemplate(template).render(make_variables())
    except AddressFault:
        return
    check_name(address)
