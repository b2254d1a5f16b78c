"""What a job looks like in plain characters."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.printing.escpos_bytes import escpos_bytes
from devices.printing.logo import prepared
from devices.printing.preview import as_text
from devices.printing.printed_text import printed_text
from devices.printing.ticket import Ticket, TicketForm
from telemetry.ids import new_id
from telemetry.live.events import delivery_event

WEIGHING = """{{ center(big("Weighing")) }}
{{ line() }}
{{ row("Grüße", bold("5 €")) }}
{{ underlined("x") }} {{ inverted("y") }}
{{ feed(2) }}{{ right("end") }}
{{ cut() }}"""


def both(template: str, form: TicketForm | None = None) -> tuple[str | None, str]:
    """The text made of the bytes, and the ticket's own preview."""
    form = form or TicketForm(template=template)
    receipt = Ticket(form).receipt({"payload": "x"})
    return printed_text(escpos_bytes(receipt, form)), as_text(receipt, form)


def test_a_ticket_reads_as_in_its_preview() -> None:
    printed, preview = both(WEIGHING)
    assert printed == preview
    assert printed is not None
    assert "Grüße" in printed and "5 €" in printed  # noqa: PT018 - one behaviour


def test_codes_and_pictures_stand_in_brackets() -> None:
    picture = BytesIO()
    Image.new("1", (16, 16)).save(picture, "PNG")
    template = '{{ logo() }}\n{{ qr("hi") }}\n{{ barcode("4006381333931", "EAN13") }}\n{{ barcode("A{1", "CODE128") }}'
    form = TicketForm(template=template, logo=prepared(picture.getvalue(), 42))
    printed, _ = both(template, form)
    assert printed is not None
    said = [line.strip() for line in printed.splitlines() if line.strip()]
    assert said == ["[picture]", "[QR: hi]", "[barcode: 4006381333931]", "[barcode: A{1]"]


def test_a_picture_whose_end_is_missing_is_still_told() -> None:
    assert printed_text(b"\x1b@Before\n\x1dv0\x00\x10\x00\x10\x00\xff\xff") == "Before\n[picture]\n"


@pytest.mark.parametrize("payload", [b"", b"Hello", b"\x1d!\x11", b'{"a": 1}', b"\x1b@\x1bt\x13"])
def test_what_is_no_job_is_left_to_others(payload: bytes) -> None:
    assert printed_text(payload) is None


@given(st.binary(max_size=300))
def test_any_bytes_become_printable_text(noise: bytes) -> None:
    text = printed_text(b"\x1b@x" + noise)
    assert text is not None
    assert all(mark.isprintable() or mark in "\n\t" for mark in text)


def test_the_live_page_is_told_the_text_of_a_receipt() -> None:
    def told(target: str) -> tuple[str, bool]:
        event = delivery_event(
            new_id(), datetime.now(UTC), target=target, state="delivered", payload=b"\x1b@\x1bt\x13\x1d!\x115 \xd5\n"
        )
        return event["text"], event["is_binary"]

    assert told("device:printer") == ("5 €\n", False)
    assert told("broker:plant")[1] is True
