"""The driver for receipt printers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.escpos import EscposDriver
from devices.framing import Frame
from devices.printing.code_pages import CODE_PAGES
from devices.printing.job import RAW, TICKET
from telemetry.options import OptionFault
from telemetry.values import DecodeFault


def job(payload: bytes, form: str = "", **options: Any) -> bytes:
    return EscposDriver(options).encode_as(payload, form)


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


@given(st.binary(max_size=60), st.sampled_from(sorted(CODE_PAGES)))
def test_in_text_mode_no_payload_can_command_the_printer(payload: bytes, page: str) -> None:
    data = job(payload or b"x", mode="text", code_page=page)
    assert not set(data) & ({*range(0x20), 0x7F} - {0x0A, 0x09})
    assert data.endswith(b"\n")


@given(st.text(st.characters(codec="cp858", exclude_categories=["Cc"]), max_size=60))
def test_text_that_the_code_page_has_comes_out_as_its_bytes(text: str) -> None:
    assert job(text.encode() + b"!", mode="text", code_page="cp858") == text.encode("cp858") + b"!\n"


@pytest.mark.parametrize(
    ("text", "page", "said"),
    [
        ("5,00 €", "cp858", b"5,00 \xd5\n"),
        ("5,00 €", "cp437", b"5,00 ?\n"),
        ("Mu\u0308ller", "cp437", b"M\x81ller\n"),
        ("a\r\nb\tc\x1dV\x00\x1bp\x00", "cp437", b"a\nb\tcVp\n"),
        ("\N{PILE OF POO}", "cp1252", b"?\n"),
    ],
)
def test_in_text_mode_control_bytes_go_and_unknown_characters_become_question_marks(
    text: str, page: str, said: bytes
) -> None:
    assert job(text.encode(), mode="text", code_page=page) == said


def test_bytes_that_are_no_utf_8_are_printed_as_question_marks() -> None:
    assert job(b"a\xffb", mode="text") == b"a?b\n"


@pytest.mark.parametrize(
    ("options", "start"),
    [
        ({"code_page": "cp858"}, b"\x1b@\x1bt\x13"),
        ({"code_page": "cp866"}, b"\x1b@\x1bt\x11"),
        ({"code_page": "cp858", "code_page_number": 7}, b"\x1b@\x1bt\x07"),
        ({"code_page": "gb18030"}, b"\x1b@"),
    ],
)
def test_a_reset_before_each_job_chooses_the_code_page(options: dict[str, Any], start: bytes) -> None:
    assert job(b"x", init=True, **options) == start + b"x\n"


@pytest.mark.parametrize(
    ("cut", "command"),
    [("none", b""), ("partial", b"\x1dV\x01"), ("full", b"\x1dV\x00"), ("feed-and-cut", b"\x1dVB\x00")],
)
def test_a_job_is_fed_and_then_cut(cut: str, command: bytes) -> None:
    assert job(b"x", cut=cut, feed_lines=3) == b"x\n\x1bd\x03" + command


def test_an_empty_message_feeds_one_line_and_nothing_else() -> None:
    assert job(b"", init=True, cut="full", feed_lines=3) == b"\n"


def test_an_empty_message_can_be_refused() -> None:
    with pytest.raises(DecodeFault, match="empty"):
        job(b"", empty_message="refuse")


def test_a_raw_payload_stays_raw_on_a_printer_of_texts() -> None:
    assert job(b"\x1bE\x01\xe4", RAW, mode="text") == b"\x1bE\x01\xe4\n"


def test_a_ticket_is_a_job_of_its_own_that_the_printer_cuts() -> None:
    assert job(b"\x1b@hello\n", TICKET, mode="text", init=True, cut="full") == b"\x1b@hello\n\x1dV\x00"


@pytest.mark.parametrize("cut", [b"\x1dV\x00", b"\x1dV\x01", b"\x1dVB\x00"])
def test_a_ticket_that_cuts_by_itself_is_not_cut_again(cut: bytes) -> None:
    assert job(b"hello\n" + cut, TICKET, cut="full", feed_lines=2) == b"hello\n" + cut


@pytest.mark.parametrize("option", [{"mode": "html"}, {"code_page": "cp9"}, {"cut": "yes"}, {"chunk_bytes": 1}])
def test_a_wrong_option_is_named(option: dict[str, Any]) -> None:
    with pytest.raises(OptionFault, match=next(iter(option))):
        EscposDriver(option)
