"""What all scale drivers share: framing, commands, answers, and that no bytes ever break them."""

from __future__ import annotations

from math import isfinite

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.commands import Part
from devices.drivers.registry import DRIVERS
from devices.drivers.scale import ScaleDriver, printable
from devices.drivers.weighing import Kind
from devices.tests.scale_samples import SCALES, read, samples, scale
from telemetry.options import OptionFault

SCALE_DRIVERS = [driver for driver in DRIVERS.values() if issubclass(driver, ScaleDriver)]
_LINES = [sample.line for sample in samples()]

_noisy_line = st.builds(
    lambda line, at, noise, cut: (line[:at] + noise + line[at:])[: cut or None],
    st.sampled_from(_LINES),
    st.integers(0, 20),
    st.binary(max_size=4),
    st.integers(0, 20),
)
_pieces = st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(_LINES), _noisy_line), max_size=20)


def test_every_scale_driver_is_registered_with_its_samples() -> None:
    assert sorted(driver.name for driver in SCALE_DRIVERS) == SCALES


@given(st.sampled_from(SCALES), _pieces)
def test_no_bytes_in_any_split_break_a_driver(name: str, pieces: list[bytes]) -> None:
    for value in read(scale(name), pieces):
        assert value["kind"] in set(Kind)
        assert isfinite(value.get("value", 0.0))
        orjson.dumps(value)


@given(st.sampled_from(SCALES), _pieces, st.data())
def test_how_the_bytes_are_split_changes_nothing(name: str, pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    split = [whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert read(scale(name), split) == read(scale(name), [whole])


@given(st.sampled_from(SCALES), st.text(max_size=60))
def test_any_text_is_taken(name: str, line: str) -> None:
    driver = scale(name)
    assert driver.parse(line).kind in set(Kind)
    assert driver.decode(line.encode("utf-8", "replace")).value["kind"] in set(Kind)


@pytest.mark.parametrize("name", SCALES)
def test_noise_is_kept_as_a_fragment_without_a_reading(name: str) -> None:
    decoded = scale(name).decode(b"\xff\x81 12.5 g")
    assert decoded.value == {"kind": "fragment", "raw": r"\xff\x81 12.5 g"}
    assert not decoded.readings


@pytest.mark.parametrize("driver", SCALE_DRIVERS, ids=lambda driver: driver.name)
def test_command_names_are_told_apart(driver: type[ScaleDriver]) -> None:
    names = [command.name for command in driver.commands]
    assert len(set(names)) == len(names)
    assert {"print", "tare"} <= set(names)
    assert len({command.data for command in driver.commands}) == len(names)


def test_a_terminator_is_put_once_and_nothing_is_put_after_nothing() -> None:
    driver = scale("mt-sics")
    assert driver.encode(b"S") == driver.encode(b"S\r\n") == b"S\r\n"
    assert driver.encode(b"") == b""
    assert scale("mt-sics", command_terminator="none").encode(b"S") == b"S"


def test_bytes_stay_as_they_are_unless_names_are_allowed() -> None:
    assert scale("kern-tws").encode(b"tare") == b"tare"
    assert scale("kern-tws", named_commands=True).encode(b"tare") == b"t"
    assert scale("kern-tws", named_commands=True).encode(b"w") == b"w"
    assert scale("kern-tws", named_commands=True).encode(b"tare it") == b"tare it"


def test_the_answer_to_a_command_is_the_one_that_it_declares() -> None:
    driver = scale("kern-tws", answer_timeout_s=0.5, rest_timeout_s=3.0)
    weigh, rest, tare = driver.answer(b"w"), driver.answer(b"s"), driver.answer(b"t")
    assert (weigh.lines, weigh.timeout_s, weigh.is_repeatable) == (1, 0.5, True)
    assert (rest.lines, rest.timeout_s, rest.is_repeatable) == (1, 3.0, False)
    assert tare.lines == 0


def test_unknown_bytes_may_be_answered_but_nobody_counts_on_it() -> None:
    answer = scale("kern-tws").answer(b"q")
    assert answer.lines == 1
    assert not answer.is_certain
    assert scale("kern-tws").answer(b"").lines == 0


def test_a_named_command_is_answered_like_its_bytes() -> None:
    driver = scale("mt-sics", named_commands=True)
    assert driver.answer(b"print") == driver.answer(b"SI") == driver.answer(b"SI\r\n")


def test_an_error_ends_an_answer_and_a_fragment_is_no_part_of_it() -> None:
    driver = scale("radwag")
    assert driver.answer_part(b"S", b"S ^", seen=0) is Part.LAST
    assert driver.answer_part(b"S", b"   8.5 g", seen=0) is Part.NONE


def test_the_first_line_is_dropped_only_on_demand() -> None:
    assert len(read(scale("and"), [b"0.1 g\r\nST,+0001.0  g\r\n"])) == 2
    (kept,) = read(scale("and", drop_first_partial=True), [b"0.1 g\r\nST,+0001.0  g\r\n"])
    assert kept["value"] == 1.0


def test_lines_may_end_with_a_cr_alone() -> None:
    (value,) = read(scale("and", line_end="cr"), [b"ST,+0001.0  g\r"])
    assert value["kind"] == "weight"


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(OptionFault, match="answer_timeout_s"):
        scale("ohaus", answer_timeout_s=0.0)


def test_unprintable_bytes_are_shown_in_hexadecimal() -> None:
    assert printable(b"\x1bP 1\x00\xb0") == r"\x1bP 1\x00\xb0"
