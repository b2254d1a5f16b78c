"""The text codec: the text as it is, and one reading if it is a number."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import MAX_PAYLOAD_BYTES, Incoming
from bridges.codecs.text import TextCodec
from telemetry.options import OptionFault
from telemetry.values import Decoded, DecodeFault, Reading


def decode(payload: bytes, **options: Any) -> Decoded:
    _, (decoded,) = TextCodec(options).decode(None, Incoming(payload, datetime(2026, 1, 31, tzinfo=UTC)))
    return decoded


@pytest.mark.parametrize("text", ["ON", "", " 21.5 \r\n", "zwölf", "a\x00b", "tab\tbed"])
def test_the_value_is_the_text_unchanged(text: str) -> None:
    assert decode(text.encode()).value == text


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("21.5", 21.5, ""),
        ("-5", -5.0, ""),
        ("+3 V", 3.0, "V"),
        (" 7 \r\n", 7.0, ""),
        ("12.34 g", 12.34, "g"),
        ("21.5°C", 21.5, "°C"),
        ("22.8 celsius", 22.8, "celsius"),
        ("100%", 100.0, "%"),
        ("5 m3/h", 5.0, "m3/h"),
        ("4.7kΩ", 4.7, "kΩ"),
        ("1e5", 100_000.0, ""),
        (".5", 0.5, ""),
    ],
)
def test_a_number_with_or_without_a_unit_is_a_reading(text: str, value: float, unit: str) -> None:
    assert decode(text.encode()).readings == (Reading("value", value, unit),)


NO_NUMBER = ["ON", "", "nan", "inf", "1,5", "1 2", "10:30", "0x1F", "2026-01-31", "1e999", "5 kg net", "v5", "1.2.3"]


@pytest.mark.parametrize("text", [*NO_NUMBER, "9" * 100])
def test_other_text_gives_no_reading(text: str) -> None:
    assert decode(text.encode()).readings == ()


def test_the_metric_and_the_encoding_are_options() -> None:
    decoded = decode("21,5 °C".encode("latin-1").replace(b",", b"."), encoding="latin-1", metric="temperature")
    assert decoded.readings == (Reading("temperature", 21.5, "°C"),)


def test_bytes_of_another_encoding_are_refused_with_their_place() -> None:
    with pytest.raises(DecodeFault, match="byte 3 is not utf-8"):
        decode(b"ab\xff")


def test_a_payload_beyond_the_limit_is_refused() -> None:
    with pytest.raises(DecodeFault, match="limit"):
        decode(b"x" * (MAX_PAYLOAD_BYTES + 1))


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(OptionFault, match="encoding"):
        TextCodec({"encoding": "klingon"})


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("0123456789.eE+- °%gk\n", max_size=20).map(str.encode))
def test_any_bytes_are_decoded_or_refused(payload: bytes) -> None:
    for encoding in ("utf-8", "cp1252", "utf-16-le"):
        try:
            decoded = decode(payload, encoding=encoding)
        except DecodeFault:
            continue
        assert isinstance(decoded.value, str)
        assert len(decoded.readings) <= 1
