"""Framers: the same frames for any split of the bytes, bounded memory, and no silent loss."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.framing import ByteFramer, Frame, LineFramer

streams = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"\x00", b"\x02", b"\x03", b"12.3 g", b"x" * 7, b"\xff"])
    | st.binary(max_size=12)
).map(b"".join)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` cut at each of `cuts`, taken modulo its length."""
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@given(streams, st.lists(st.integers(0, 500)), st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.booleans())
def test_lines_are_the_same_for_every_split(
    data: bytes, cuts: list[int], terminator: bytes, drops: bool, keeps: bool
) -> None:
    def framer() -> LineFramer:
        return LineFramer(terminator, 10, drop_first_partial=drops, keep_empty=keeps)

    whole, pieces = framer(), framer()
    expected = whole.feed(data) + whole.end()
    assert [f for piece in split(data, cuts) for f in pieces.feed(piece)] + pieces.end() == expected


@given(streams, st.lists(st.integers(0, 500)), st.integers(0, 9))
def test_raw_frames_are_the_same_for_every_split(data: bytes, cuts: list[int], length: int) -> None:
    whole, pieces = ByteFramer(length=length, max_bytes=16), ByteFramer(length=length, max_bytes=16)
    expected = whole.feed(data) + whole.idle()
    assert [f for piece in split(data, cuts) for f in pieces.feed(piece)] + pieces.idle() == expected


@given(streams)
def test_raw_frames_lose_no_byte(data: bytes) -> None:
    framer = ByteFramer(max_bytes=16)
    assert b"".join(frame.data for frame in framer.feed(data) + framer.end()) == data


@given(st.binary(min_size=0, max_size=50))
def test_no_frame_is_longer_than_the_cap(data: bytes) -> None:
    framer = LineFramer(max_bytes=8)
    assert all(len(frame.data) <= 8 for frame in framer.feed(data) + framer.end())


def test_it_cuts_at_lf_and_takes_off_one_cr() -> None:
    assert LineFramer().feed(b"  12.340 g\r\nok\nx\r\r\n") == [Frame(b"  12.340 g"), Frame(b"ok"), Frame(b"x\r")]


def test_it_takes_off_control_bytes_at_the_ends_of_a_line() -> None:
    assert LineFramer().feed(b"\x0212.3 g\x03\r\n\x00a\x00b\r\x03\n") == [Frame(b"12.3 g"), Frame(b"a\x00b")]


def test_empty_lines_are_left_out_unless_wanted() -> None:
    assert LineFramer().feed(b"\r\n\na\n") == [Frame(b"a")]
    assert LineFramer(keep_empty=True).feed(b"\r\na\n") == [Frame(b""), Frame(b"a")]


def test_a_line_without_end_gives_one_fault_and_the_next_line_is_whole() -> None:
    framer = LineFramer()
    first = framer.feed(b"x" * 300)
    assert [(len(frame.data), bool(frame.fault)) for frame in first] == [(256, True)]
    assert framer.feed(b"x" * 10_000) == []
    assert framer.feed(b"tail\n12.3 g\n") == [Frame(b"12.3 g")]


def test_a_line_of_exactly_the_cap_is_a_line() -> None:
    assert LineFramer(max_bytes=4).feed(b"abcd\n") == [Frame(b"abcd")]
    assert LineFramer(max_bytes=4).feed(b"abcde\n")[0].fault


def test_memory_stays_bounded_without_any_terminator() -> None:
    framer = LineFramer(b"\r\n", 16)
    for _ in range(1000):
        framer.feed(b"x" * 1000)
    assert len(framer._held) <= 16


def test_the_first_piece_after_opening_can_be_dropped() -> None:
    framer = LineFramer(drop_first_partial=True)
    assert framer.feed(b"079 g\n  12.079 g\n") == [Frame(b"  12.079 g")]


def test_a_line_cut_by_the_closing_port_is_a_fault() -> None:
    framer = LineFramer()
    framer.feed(b"a\n12.")
    (frame,) = framer.end()
    assert (frame.data, bool(frame.fault)) == (b"12.", True)
    assert framer.end() == []


def test_silence_ends_a_raw_frame() -> None:
    framer = ByteFramer()
    assert framer.feed(b"\x12") == []
    assert framer.idle() == [Frame(b"\x12")]
    assert framer.idle() == []


def test_silence_inside_a_fixed_length_is_a_fault() -> None:
    framer = ByteFramer(length=4)
    assert framer.feed(b"abcdef") == [Frame(b"abcd")]
    assert framer.idle()[0].fault == "2 of 4 bytes, then silence"
    assert framer.feed(b"wxyz") == [Frame(b"wxyz")]
