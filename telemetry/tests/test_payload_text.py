"""Whatever a payload is, what is shown of it is short, and can be said in JSON."""

from __future__ import annotations

from time import perf_counter

import orjson
from hypothesis import given
from hypothesis import strategies as st

from telemetry.payload_text import readable


def test_a_receipt_with_a_few_control_bytes_stays_text() -> None:
    assert readable(b"\x1b@Total 12.50 EUR\n\n") == ("\x1b@Total 12.50 EUR\n\n", False)


def test_bytes_that_are_no_utf8_become_hexadecimal() -> None:
    assert readable(b"\xff\x00abc") == ("ff00616263", True)


def test_mostly_control_bytes_become_hexadecimal() -> None:
    assert readable(b"\x01\x02\x03a") == ("01020361", True)


def test_a_memoryview_is_read_like_bytes() -> None:
    assert readable(memoryview(b"weight 12")) == ("weight 12", False)


def test_a_cut_through_a_character_does_not_make_the_text_binary() -> None:
    assert readable(b"a" + "😀".encode() * 4000) == ("a" + "😀" * 1999, False)


@given(st.text())
def test_every_text_without_controls_is_shown_as_its_first_2000_characters(text: str) -> None:
    shown, is_binary = readable(text.encode(errors="ignore"))
    assert is_binary or shown == text.encode(errors="ignore").decode()[:2000]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=600), st.integers(1, 9))
def test_a_long_text_is_cut_wherever_its_bytes_are_cut(text: str, times: int) -> None:
    assert readable(text.encode() * times) == ((text * times)[:2000], False)


@given(st.binary(max_size=9000))
def test_any_bytes_become_at_most_2000_characters_that_json_can_say(payload: bytes) -> None:
    text, is_binary = readable(payload)
    assert len(text) <= 2000
    assert orjson.loads(orjson.dumps(text)) == text
    assert not is_binary or payload[:1000].hex() == text


def test_a_large_payload_costs_no_more_than_a_small_one() -> None:
    large = b"x" * 50_000_000
    start = perf_counter()
    for _ in range(100):
        readable(large)
    assert perf_counter() - start < 0.1
