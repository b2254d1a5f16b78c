"""Numbers and units of scales: decimals are kept, nothing is guessed."""

from __future__ import annotations

import pytest

from devices.drivers.weighing import FRAGMENT, Kind, ScaleLine, acknowledged, as_number, as_unit, words_or_fragment
from telemetry.values import Reading


@pytest.mark.parametrize(
    ("sign", "digits", "text"),
    [
        ("+", "0013.540", "13.540"),
        ("-", "00012", "-12"),
        ("", "0.00", "0.00"),
        ("-", "0000", "-0"),
        ("", "007.5", "7.5"),
    ],
)
def test_a_number_keeps_its_decimals_and_loses_zeros_in_front(sign: str, digits: str, text: str) -> None:
    assert as_number(sign, digits, decimal_comma=False) == text


def test_a_comma_is_only_understood_if_it_was_configured() -> None:
    assert as_number("", "12,50", decimal_comma=False) == ""
    assert as_number("", "12,50", decimal_comma=True) == "12.50"


def test_units_keep_their_letters_but_weights_in_capitals() -> None:
    assert [as_unit(text) for text in ("KG", " g ", "PCS", "PC", "%", "")] == ["kg", "g", "pcs", "PC", "%", ""]


def test_the_json_tells_how_many_decimals_were_shown() -> None:
    line = ScaleLine(kind=Kind.WEIGHT, number="-12.340", unit="g", is_stable=None, said={"mode": "net"})
    assert line.as_json("the line") == {
        "kind": "weight", "value": -12.34, "unit": "g", "stable": None, "text": "-12.340", "decimals": 3, "mode": "net",
        "raw": "the line",
    }  # fmt: skip


def test_a_weight_gives_its_number_and_its_rest_as_readings() -> None:
    line = ScaleLine(kind=Kind.WEIGHT, number="1.50", unit="kg", is_stable=False)
    assert line.readings() == (Reading("weight", 1.5, "kg"), Reading("stable", 0.0))


def test_unknown_stability_gives_no_reading_of_it() -> None:
    assert ScaleLine(kind=Kind.TARE, number="2", unit="g").readings() == (Reading("tare", 2.0, "g"),)


@pytest.mark.parametrize("unit", ["pcs", "PC", "Stk"])
def test_pieces_are_a_count_whatever_the_scale_calls_them(unit: str) -> None:
    assert ScaleLine(kind=Kind.WEIGHT, number="3", unit=unit).readings()[0].metric == "count"


@pytest.mark.parametrize("line", [acknowledged("T"), FRAGMENT, ScaleLine(kind=Kind.ERROR, number="9", unit="g")])
def test_what_is_no_measurement_gives_no_reading(line: ScaleLine) -> None:
    assert line.readings() == ()


def test_words_begin_with_a_letter_and_all_else_is_a_fragment() -> None:
    assert words_or_fragment("BCE3202-1S").kind is Kind.INFO
    assert {words_or_fragment(text).kind for text in ("079", "", "a\x07b", "°C")} == {Kind.FRAGMENT}
