"""Ticket templates over REST, and what they will print."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from devices.models import TicketTemplate
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
TICKETS = "/api/v1/tickets"
GOOD = {"name": "weights", "template": "{{ center(bold(payload.name)) }}\n{{ payload.n | fixed }} €\n"}


def logo(kind: str = "PNG") -> str:
    out = BytesIO()
    Image.new("RGB", (40, 16), "black").save(out, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(out.getvalue()).decode()}"


@pytest.fixture
def client() -> Client:
    return staff_client()


def send(client: Client, body: Any, *, name: str = "", method: str = "post") -> Any:
    address = f"{TICKETS}/{name}" if name else TICKETS
    return getattr(client, method)(address, body, content_type="application/json")


def test_a_ticket_is_made_read_changed_and_removed(client: Client) -> None:
    assert send(client, GOOD | {"width": 32, "time_zone": "Europe/Berlin"}).status_code == 201
    shown = client.get(f"{TICKETS}/weights").json()
    assert (shown["template"], shown["width"], shown["code_page"], shown["logo"]) == (
        GOOD["template"], 32, "cp858", None,
    )  # fmt: skip
    assert send(client, {"code_page": "cp437"}, name="weights", method="patch").status_code == 200
    assert TicketTemplate.objects.get().code_page == "cp437"
    assert client.delete(f"{TICKETS}/weights").status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"template": "{% if %}"}, "template"),
        ({"template": "{{ payload.name }}", "sample": "{}"}, "template"),
        ({"sample": "{"}, "sample"),
        ({"width": 4}, "width"),
        ({"code_page": "cp9"}, "code_page"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"logo": "data:image/png;base64,AAAA"}, "logo"),
        ({"logo": "http://example.org/logo.png"}, "logo"),
        ({"logo": {"file": "/etc/passwd"}}, "logo"),
        ({"template": "{{ logo() }}", "sample": "{}"}, "template"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_fault_is_told_at_its_field(client: Client, change: dict[str, Any], field: str) -> None:
    answer = send(client, GOOD | change)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert field in str(answer.json()["errors"])
    assert not TicketTemplate.objects.exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_logo_comes_back_as_a_small_black_and_white_picture(client: Client, kind: str) -> None:
    assert send(client, GOOD | {"logo": logo(kind)}).status_code == 201
    data = client.get(f"{TICKETS}/weights").json()["logo"]
    with Image.open(BytesIO(base64.b64decode(data.partition(",")[2]))) as shown:
        assert (shown.mode, shown.size) == ("1", (40, 16))
    send(client, {"logo": None}, name="weights", method="patch")
    assert bytes(TicketTemplate.objects.get().logo) == b""


def test_the_preview_shows_text_and_picture(client: Client) -> None:
    send(client, GOOD | {"width": 20})
    answer = client.post(
        f"{TICKETS}/weights/preview", {"payload": {"name": "Ant", "n": 1.5}}, content_type="application/json"
    )
    assert answer.json()["text"] == "        Ant\n1.50 €\n"
    assert base64.b64decode(answer.json()["png"]).startswith(b"\x89PNG")


def test_the_preview_of_the_own_sample_needs_no_payload(client: Client) -> None:
    send(client, GOOD | {"sample": '{"name": "Bee", "n": 2}'})
    assert "Bee" in send(client, {}, name="weights/preview").json()["text"]


def test_a_preview_that_fails_says_why(client: Client) -> None:
    send(client, GOOD)
    answer = client.post(f"{TICKETS}/weights/preview", {"payload": {"n": 1}}, content_type="application/json")
    assert answer.status_code == 400
    assert "name" in str(answer.json()["errors"])


def test_there_is_no_preview_of_nothing(client: Client) -> None:
    assert client.post(f"{TICKETS}/nothing/preview").status_code == 404
