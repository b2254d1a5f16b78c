"""Tickets: from a message to a receipt, its bytes, its text and its picture."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.printing.code_pages import CODE_PAGES
from devices.printing.escpos_bytes import escpos_bytes, new_printer, qr_picture
from devices.printing.job import TICKET, JobOptions
from devices.printing.logo import LogoFault, prepared
from devices.printing.preview import as_png, as_text
from devices.printing.receipt import Barcode, Cut, Feed, Line, Logo, Qr, Receipt, mark, visible, without_marks
from devices.printing.sandbox import TicketFault
from devices.printing.ticket import Ticket, TicketForm


def picture(size: tuple[int, int] = (300, 120), kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "black").save(out, kind)
    return out.getvalue()


def receipt_of(template: str, payload: Any = None, **form: Any) -> Receipt:
    return Ticket(TicketForm(template=template, **form)).receipt({"payload": payload})


def bytes_of(template: str, payload: Any = None, **form: Any) -> bytes:
    return escpos_bytes(receipt_of(template, payload, **form), TicketForm(template=template, **form))


def test_a_ticket_begins_with_a_reset_and_its_code_page() -> None:
    assert bytes_of("5,00 €") == b"\x1b@\x1bt\x135,00 \xd5\n"
    assert bytes_of("x", page_number=9) == b"\x1b@\x1bt\x09x\n"
    assert bytes_of("\u4f60", code_page=CODE_PAGES["gb18030"]) == b"\x1b@\xc4\xe3\n"


def test_styles_are_switched_on_and_off_and_the_end_is_plain() -> None:
    said = bytes_of('{{ bold("b") }}a{{ center(big("c")) }}')
    assert said == b"\x1b@\x1bt\x13\x1bE\x01b\x1bE\x00a\x1d!\x11c\n\x1d!\x00"


def test_a_line_stands_where_its_first_characters_say() -> None:
    assert bytes_of('{{ right("r") }}') == b"\x1b@\x1bt\x13\x1ba\x02r\n\x1ba\x00"


def test_a_cut_after_a_styled_line_comes_last() -> None:
    said = bytes_of('{{ right(bold("b")) }}\n{{ cut("full") }}')
    assert said.endswith(b"b\n\x1bE\x00\x1ba\x00\x1dV\x00")
    assert JobOptions(cut="full", feed_lines=2).job(said, TICKET) == said


def test_a_row_has_its_parts_at_the_two_edges() -> None:
    (line,) = receipt_of('{{ row("Net", bold("1.5")) }}', width=20).items
    assert getattr(line, "text", "") == "Net" + " " * 14 + "1.5"


def test_the_left_of_a_row_gives_way() -> None:
    (line,) = receipt_of('{{ row("a very long name", "1.50") }}', width=16).items
    assert getattr(line, "text", "") == "a very long 1.50"


def test_codes_feeds_and_cuts_are_commands_of_their_own() -> None:
    said = receipt_of('a\n{{ qr("x") }}\n{{ center(barcode("A1")) }}\n{{ feed(2) }}\nb\n{{ cut("full") }}\n').items
    kinds = [type(item) for item in said]
    assert kinds == [Line, Qr, Barcode, Feed, Line, Cut]
    assert said[2] == Barcode("A1", "CODE128", 64, "center")


def test_a_printer_draws_the_qr_code_itself_or_gets_a_picture() -> None:
    assert b"\x1d(k\x04\x001P0x" in bytes_of('{{ qr("x") }}')
    assert b"\x1dv0\x00" in bytes_of('{{ qr("x") }}', qr_as_image=True)


@pytest.mark.parametrize(
    ("kind", "data", "command"),
    [
        ("CODE128", "A{1", b"\x1dkI\x06{BA{{1"),
        ("EAN13", "4006381333931", b"\x1dk\x024006381333931\x00"),
        ("CODE39", "A-1", b"\x1dk\x04A-1\x00"),
        ("ITF", "1234", b"\x1dk\x051234\x00"),
    ],
)
def test_a_barcode_is_drawn_by_the_printer(kind: str, data: str, command: bytes) -> None:
    assert command in bytes_of(f'{{{{ barcode("{data}", "{kind}") }}}}')


def test_a_logo_is_sent_as_dots() -> None:
    said = bytes_of("{{ logo() }}", logo=prepared(picture((16, 8)), 42))
    assert b"\x1dv0\x00\x02\x00\x08\x00" + b"\xff" * 16 in said


@pytest.mark.parametrize(
    "template",
    [
        "{{ logo() }}",
        '{{ qr("") }}',
        '{{ qr("x", size=40) }}',
        '{{ barcode("x", "QR") }}',
        '{{ barcode("abc", "EAN13") }}',
        '{{ barcode("1", height=9999) }}',
        "{{ feed(5000) }}",
        '{{ cut("twice") }}',
    ],
)
def test_what_cannot_be_drawn_is_a_fault(template: str) -> None:
    with pytest.raises(TicketFault):
        receipt_of(template)


def test_text_can_be_broken_between_words() -> None:
    said = receipt_of("{{ wrapped(payload) }}", "one two three", width=16).items
    assert [getattr(item, "text", "") for item in said] == ["one two three"]
    said = receipt_of("{{ wrapped(payload, 8) }}", "one two three", width=16).items
    assert [getattr(item, "text", "") for item in said] == ["one two", "three"]


@given(st.text(max_size=40))
def test_nothing_that_a_message_says_is_a_command(text: str) -> None:
    """Not even marks of our own, nor ESC/POS bytes in any page."""
    said = bytes_of("{{ payload }}|", f"{text}\x1b{mark(0)}\x1dV\x00")
    head = b"\x1b@\x1bt\x13"
    assert said.startswith(head)
    assert not set(said[len(head) :]) & ({*range(0x20), 0x7F} - {0x0A})


def test_marks_are_taken_out_of_values_however_deep() -> None:
    assert without_marks({"a": [mark(1), {mark(2): 1}]}) == {"a": ["1", {"2": 1}]}
    assert visible(f"a{mark(3)}b") == "ab"


def test_a_receipt_may_only_be_so_large() -> None:
    with pytest.raises(TicketFault, match="bytes"):
        bytes_of("{% for i in range(60) %}{{ qr('x' ~ i, size=16) }}{% endfor %}", qr_as_image=True)


def test_the_preview_is_text_as_wide_as_the_paper() -> None:
    template = '{{ center("ab") }}\n{{ line() }}\n€ \u4f60\n{{ center(qr("x")) }}\n{{ feed(2) }}\n{{ cut() }}\n'
    form = TicketForm(template=template, width=16)
    said = as_text(Ticket(form).receipt({}), form)
    assert said == "       ab\n" + "-" * 16 + "\n€ ?\n    [QR: x]\n\n\n✂✂✂\n"


def test_the_preview_is_a_picture_as_wide_as_the_paper() -> None:
    template = (
        '{{ center(logo()) }}{{ bold(underlined("ab€")) }}{{ inverted("c") }}{{ big("d") }}\n{{ qr("x") }}'
        '{{ barcode("A1") }}{{ barcode("12345678901", "UPC-A") }}{{ barcode("A1", "CODE39") }}{{ feed() }}{{ cut() }}'
    )
    form = TicketForm(template=template + "\n" + "x" * 60, width=32, logo=prepared(picture(), 32))
    with Image.open(BytesIO(as_png(Ticket(form).receipt({}), form))) as shown:
        assert shown.width == 32 * 12 + 32
        assert len(shown.convert("1").getcolors() or []) == 2


def test_a_logo_is_made_to_fit_the_paper() -> None:
    with Image.open(BytesIO(prepared(picture((2000, 500), "JPEG"), 32))) as fitted:
        assert (fitted.mode, fitted.width, fitted.height) == ("1", 384, 96)


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"x" * 3_000_000, picture()[:60]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(LogoFault):
        prepared(data, 42)


def test_a_qr_picture_has_square_dots() -> None:
    drawn = qr_picture(Qr("x", 3))
    assert drawn.width == drawn.height == (21 + 4) * 3


def test_printers_do_not_share_their_bytes() -> None:
    one, other = new_printer(), new_printer()
    one._raw(b"x")
    assert (one.output, other.output) == (b"x", b"")


def test_a_ticket_knows_its_logo() -> None:
    assert receipt_of("{{ right(logo()) }}", logo=prepared(picture(), 42)).items == (Logo("right"),)
