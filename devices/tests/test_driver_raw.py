"""The driver for raw bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.raw import BytesDriver
from devices.framing import Frame


@given(st.binary(max_size=100))
def test_any_bytes_are_shown_in_hexadecimal(frame: bytes) -> None:
    decoded = BytesDriver().decode(frame)
    assert decoded.value == {"hex": frame.hex(), "size": len(frame)}
    assert decoded.readings == ()


def test_frames_have_the_declared_length() -> None:
    assert BytesDriver({"length": 2}).framer().feed(b"abcde") == [Frame(b"ab"), Frame(b"cd")]


def test_silence_of_the_declared_length_ends_a_frame() -> None:
    driver = BytesDriver({"idle_gap_s": 0.2})
    assert driver.idle_gap_s == 0.2
    framer = driver.framer()
    framer.feed(b"abc")
    assert framer.idle() == [Frame(b"abc")]


def test_a_payload_goes_out_as_it_is() -> None:
    assert BytesDriver().encode(b"\x00\xff\n") == b"\x00\xff\n"


def test_writes_are_repeatable_only_if_the_options_say_so() -> None:
    assert not BytesDriver().may_repeat_writes
    assert BytesDriver({"writes_may_repeat": True}).may_repeat_writes
