"""Which scale is this: every sample is recognised, and what is no scale is not taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.detection import CharacterFormat, character_format, legibility, propose
from devices.drivers.registry import driver_named
from devices.tests.scale_samples import DRIVER_OF, Sample, samples
from simulators.scale import ScaleSettings, Style, scale_line

# What several makers say in the same words, or what is only the rest of a line.
_AMBIGUOUS = {b"Z A\r\n", b"ES\r\n", b"SR 1.21\r\n", b"BCE3202-1S\r\n", b"L\r\n", b"     123 g  \r\n"}
TOLD = [
    sample
    for sample in samples()
    if sample.protocol in DRIVER_OF
    and sample.meaning["kind"] not in ("command", "fragment")
    and sample.line not in _AMBIGUOUS
]


@pytest.mark.parametrize("sample", TOLD, ids=str)
def test_a_single_line_of_a_maker_is_recognised(sample: Sample) -> None:
    best = propose(sample.line)[0]
    assert best.driver == DRIVER_OF[sample.protocol]
    assert best.why


@pytest.mark.parametrize(
    ("style", "driver"),
    [
        ("kern", "kern-tws"),
        ("mt-sics", "mt-sics"),
        ("sartorius-sbi", "sartorius-sbi"),
        ("and", "and"),
        ("ohaus", "ohaus"),
        ("radwag", "radwag"),
        ("cas", "cas"),
        ("adam", "adam"),
    ],
)
def test_a_running_stream_is_recognised_although_its_first_line_is_cut(style: Style, driver: str) -> None:
    settings = ScaleSettings(style=style)
    stream = b"".join(scale_line(float(g), is_stable=g % 2 == 0, settings=settings) for g in range(10, 16))
    best = propose(stream[7:-5])[0]
    assert (best.driver, best.framing.line_end) == (driver, "lf")
    assert best.confidence >= 0.6
    assert best.options.get("drop_first_partial") is True
    assert "of 4 lines" in best.why
    assert best.examples[0].reads.startswith("weight 1")


def test_pieces_are_put_together() -> None:
    assert propose([b"S S     10", b"0.00 g\r", b"\n"]) == propose(b"S S     100.00 g\r\n")


def test_lines_that_end_otherwise_are_cut_there_and_the_driver_is_told() -> None:
    cr = propose(b"ST,+0013.544  g\rST,+0013.538  g\r")[0]
    assert (cr.driver, cr.framing.line_end, dict(cr.options)) == ("and", "cr", {"line_end": "cr"})
    etx = propose(b"\nN + 1.00 kg\r\x03\nN + 1.10 kg\r\x03")[0]
    assert (etx.driver, dict(etx.options)) == ("adam", {"line_end": "etx"})


def test_json_lines_are_json() -> None:
    best = propose(b'{"t": 21.5}\n{"t": 21.6}\n')[0]
    assert (best.driver, best.confidence) == ("json", 0.97)


def test_other_text_is_proposed_as_text_without_much_confidence() -> None:
    best = propose(b"hello\nworld\n")[0]
    assert best.driver == "lines"
    assert best.confidence <= 0.3


def test_noise_is_called_noise() -> None:
    best = propose(bytes(range(128, 256)))[0]
    assert best.driver == "bytes"
    assert "baud rate" in best.why


def test_nothing_gives_nothing() -> None:
    assert propose(b"") == propose([]) == propose(b"\r\n \n") == []


@given(st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(samples()).map(lambda s: s.line)).map(b"".join)))
def test_any_bytes_give_proposals_in_order_whose_options_their_drivers_take(data: bytes) -> None:
    found = propose(data)
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    for one in found:
        assert 0 <= one.confidence <= 1
        driver_named(one.driver)(one.options)


def _as_seven_bits(text: bytes, parity: str) -> bytes:
    return bytes(byte | ((byte.bit_count() & 1) ^ (parity == "odd")) << 7 for byte in text)


@pytest.mark.parametrize("parity", ["even", "odd"])
def test_seven_bits_with_parity_are_found_in_what_was_read_as_eight(parity: str) -> None:
    text = b"ST,+0013.544  g\r\n"
    assert character_format(_as_seven_bits(text, parity)) == CharacterFormat(7, parity, text)


def test_plain_text_has_eight_bits_and_so_has_noise() -> None:
    assert character_format(b"S S 1 g\r\n").data_bits == 8
    assert character_format(bytes(range(128, 256))).data_bits == 8
    assert character_format(b"").parity == "none"


def test_legibility_is_the_share_of_text() -> None:
    assert legibility(b"") == 0.0
    assert legibility(b"ab\xff\xfe") == 0.5
