"""The driver for receipt printers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.escpos import EscposDriver
from devices.framing import Frame


@given(st.binary(max_size=100))
def test_a_payload_goes_out_as_received_plus_exactly_one_lf(payload: bytes) -> None:
    assert EscposDriver().encode(payload) == payload + b"\n"


@pytest.mark.parametrize("payload", [b"", b"two\nlines\n"])
def test_the_lf_is_added_to_an_empty_payload_and_after_an_lf_too(payload: bytes) -> None:
    assert EscposDriver().encode(payload) == payload + b"\n"


def test_a_receipt_is_never_repeated() -> None:
    assert not EscposDriver().may_repeat_writes


def test_a_status_byte_is_a_frame_after_silence() -> None:
    driver = EscposDriver()
    framer = driver.framer()
    framer.feed(b"\x12")
    assert driver.idle_gap_s is not None
    assert framer.idle() == [Frame(b"\x12")]
    assert driver.decode(b"\x12").value == {"hex": "12", "size": 1}
