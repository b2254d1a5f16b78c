"""The admin page of ticket templates."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from devices.models import TicketTemplate

pytestmark = pytest.mark.django_db
LIST = "/admin/devices/tickettemplate/"
FIELDS = {
    "name": "weights",
    "label": "",
    "template": "{{ big(payload.name) }}\r\n",
    "sample": '{"name": "Ant"}',
    "width": "42",
    "code_page": "cp858",
    "code_page_number": "",
    "qr_by": "printer",
    "time_zone": "UTC",
}


def save(client: Client, address: str = f"{LIST}add/", **changes: Any) -> Any:
    return client.post(address, FIELDS | changes, follow=True)


def page_of(answer: Any) -> str:
    return str(answer.content.decode())


def picture() -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (40, 16), "black").save(out, "PNG")
    return SimpleUploadedFile("logo.png", out.getvalue())


def change_page() -> str:
    return f"{LIST}{TicketTemplate.objects.get().pk}/change/"


def test_a_new_ticket_begins_with_an_example_that_works(admin_client: Client) -> None:
    page = admin_client.get(f"{LIST}add/")
    initial = page.context["adminform"].form.initial
    save(admin_client, template=initial["template"], sample=initial["sample"])
    assert TicketTemplate.objects.get().edited_on_web


def test_the_page_shows_the_sample_as_picture_and_text(admin_client: Client) -> None:
    save(admin_client)
    page = page_of(admin_client.get(change_page()))
    assert "data:image/png;base64," in page
    assert "<pre>Ant\n</pre>" in page


def test_line_ends_are_kept_as_in_files(admin_client: Client) -> None:
    save(admin_client, template="{{ line() }}\r\n{{ cut() }}", sample='{"name":\r\n"Ant"}')
    row = TicketTemplate.objects.get()
    assert (row.template, row.sample) == ("{{ line() }}\n{{ cut() }}", '{"name":\n"Ant"}')


def test_a_fault_of_the_template_stands_at_its_field(admin_client: Client) -> None:
    page = save(admin_client, template="one\n{% for %}")
    assert "Line 2" in str(page.context["adminform"].form.errors["template"])


def test_a_logo_is_uploaded_and_removed(admin_client: Client) -> None:
    save(admin_client, picture=picture(), template="{{ logo() }}")
    assert bytes(TicketTemplate.objects.get().logo).startswith(b"\x89PNG")
    save(admin_client, change_page(), without_logo="on", template="no logo")
    assert bytes(TicketTemplate.objects.get().logo) == b""


def test_a_file_that_is_no_picture_is_refused(admin_client: Client) -> None:
    page = save(admin_client, picture=SimpleUploadedFile("logo.png", b"<svg/>"))
    assert "picture" in page.context["adminform"].form.errors
    assert not TicketTemplate.objects.exists()


def test_the_list_says_which_rules_print_it(admin_client: Client) -> None:
    save(admin_client)
    assert "weights" in page_of(admin_client.get(LIST))
