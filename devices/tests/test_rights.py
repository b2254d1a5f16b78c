"""Raw bytes to a printer are a right of their own, in the admin and over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from devices.models import Device

pytestmark = pytest.mark.django_db
FIELDS = {
    "name": "printer", "is_enabled": "on", "driver": "escpos", "port": "/dev/printer", "baud": "9600", "site": "main",
    "data_bits": "8", "parity": "none", "stop_bits": "1.0", "flow_control": "none", "write_timeout_s": "10",
    "drop_policy": "keep",
    "options_shown_for": "escpos", "option_code_page": "cp437", "option_code_page_number": "-1",
    "option_feed_lines": "0", "option_cut": "none", "option_empty_message": "feed", "option_chunk_bytes": "512",
    "option_chunk_pause_s": "0", "option_status": "off",
}  # fmt: skip


def staff(*more: str) -> Client:
    user = User.objects.create_user("bert", is_staff=True)
    names = ("add_device", "change_device", "view_device", *more)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def save(client: Client, mode: str, address: str = "/admin/devices/device/add/") -> Any:
    return client.post(address, FIELDS | {"option_mode": mode}, follow=True)


def post(client: Client, options: dict[str, str]) -> Any:
    body = {"name": "printer", "driver": "escpos", "port": "/dev/printer", "options": options}
    return client.post("/api/v1/devices", body, content_type="application/json")


def test_without_the_permission_a_person_sets_up_printers_of_texts_only() -> None:
    client = staff()
    assert "raw bytes" in save(client, "raw").content.decode()
    assert not Device.objects.exists()
    save(client, "text")
    assert Device.objects.get().options == {"mode": "text"}


def test_with_the_permission_a_person_may_choose_raw() -> None:
    save(staff("print_raw"), "raw")
    assert Device.objects.get().driver == "escpos"


def test_a_printer_that_is_raw_already_can_be_changed_in_other_ways() -> None:
    row = Device.objects.create(name="printer", driver="escpos", port="/dev/printer")
    client = staff()
    answer = client.post(
        f"/admin/devices/device/{row.pk}/change/", FIELDS | {"option_mode": "raw", "option_cut": "full"}, follow=True
    )
    assert answer.status_code == 200
    row.refresh_from_db()
    assert row.options["cut"] == "full"


def test_over_rest_the_same_holds_for_people() -> None:
    client = staff()
    answer = post(client, {})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "mode" in str(answer.json()["errors"])
    assert post(client, {"mode": "text"}).status_code == 201
    changed = client.patch("/api/v1/devices/printer", {"options": {}}, content_type="application/json")
    assert changed.status_code == 400
