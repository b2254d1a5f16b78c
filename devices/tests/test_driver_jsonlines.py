"""The driver for JSON lines."""

from __future__ import annotations

from math import isfinite

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.jsonlines import MAX_READINGS, JsonLinesDriver
from telemetry.options import OptionFault
from telemetry.values import DecodeFault, Reading


def test_the_document_is_the_value_and_its_numbers_are_readings() -> None:
    decoded = JsonLinesDriver().decode(b'{"t": 21.5, "air": {"humidity": 47}, "ok": true, "name": "a", "list": [1]}')
    assert decoded.value["air"] == {"humidity": 47}
    assert decoded.readings == (Reading("t", 21.5), Reading("air.humidity", 47.0))


def test_a_bare_number_is_called_value() -> None:
    assert JsonLinesDriver().decode(b"21.5").readings == (Reading("value", 21.5),)


@pytest.mark.parametrize("line", [b"", b"{", b"boot ok", b'{"t": nan}', b"\xff", b"[" * 4000])
def test_what_is_not_json_is_a_fault(line: bytes) -> None:
    with pytest.raises(DecodeFault, match="not JSON"):
        JsonLinesDriver().decode(line)


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda below: st.dictionaries(st.text(), below))
)
def test_any_document_gives_finite_readings(document: object) -> None:
    decoded = JsonLinesDriver().decode(orjson.dumps(document))
    assert all(isfinite(reading.value) for reading in decoded.readings)


def test_the_number_of_readings_is_bounded() -> None:
    line = orjson.dumps({f"m{number}": number for number in range(1000)})
    assert len(JsonLinesDriver().decode(line).readings) == MAX_READINGS


def test_it_has_no_options_of_bare_numbers_and_takes_longer_lines() -> None:
    with pytest.raises(OptionFault, match="metric"):
        JsonLinesDriver({"metric": "weight"})
    (frame,) = JsonLinesDriver().framer().feed(b"x" * 4000 + b"\n")
    assert not frame.fault
