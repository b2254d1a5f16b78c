"""The admin page "Which scale is this?"."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from devices.models import Device
from devices.serial import found_ports
from devices.tests.fake_dev import FakeDev
from simulators.pseudo_terminal import PseudoTerminal
from simulators.scale import Scale, ScaleSettings

pytestmark = pytest.mark.django_db
PAGE = "/admin/devices/device/identify/"


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeDev:
    fake = FakeDev(tmp_path / "dev")
    fake.root.mkdir()
    monkeypatch.setattr(found_ports, "DEV", fake.root)
    monkeypatch.setattr("serial.tools.list_ports.comports", fake.comports)
    return fake


def page_of(answer: Any) -> str:
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_the_list_of_devices_leads_to_it(admin_client: Client, dev: FakeDev) -> None:
    assert PAGE in page_of(admin_client.get("/admin/devices/device/"))
    assert "Which scale is this?" in page_of(admin_client.get(PAGE))


def test_pasted_lines_are_answered_with_reasons_and_a_form_filled_in(admin_client: Client, dev: FakeDev) -> None:
    page = page_of(admin_client.post(PAGE, {"lines": "0.1 g\r\nST,+0013.544  g\r\nUS,+0013.538  g\r\n"}))
    assert "A&D scale" in page
    assert "2 of 2 lines: ST, US, QT or WT, a comma and a sign, as A&D prints" in page
    assert "weight 13.544 g, stable" in page
    form = page_of(admin_client.get(str(re.search(r'href="(/admin/devices/device/add/\?[^"]+)"', page)[1])))  # type: ignore[index]
    assert re.search(r'<option value="and" selected', form)
    assert re.search(r'name="option_drop_first_partial"[^>]* checked', form)


def test_the_last_line_counts_though_it_does_not_end(admin_client: Client, dev: FakeDev) -> None:
    page = page_of(admin_client.post(PAGE, {"lines": "ST,+0013.544  g\r\nUS,+0013.538  g"}))
    assert "2 of 2 lines" in page


def test_a_port_of_which_nothing_is_known_has_no_empty_brackets(admin_client: Client, dev: FakeDev) -> None:
    plain = dev.plug("ttyS0")
    assert f">{plain}</option>" in page_of(admin_client.get(PAGE))


def test_only_free_ports_are_offered(admin_client: Client, dev: FakeDev) -> None:
    used, free = dev.plug("ttyUSB0"), dev.plug("ttyUSB1", vendor="FTDI")
    Device.objects.create(name="scale", driver="lines", port=used)
    page = page_of(admin_client.get(PAGE))
    assert f'value="{free}"' in page
    assert f'value="{used}"' not in page


def test_a_port_is_listened_to(admin_client: Client, dev: FakeDev, tmp_path: Path) -> None:
    with (
        PseudoTerminal(tmp_path / "dev" / "serial" / "by-id" / "usb-scale") as terminal,
        Scale(terminal, ScaleSettings(style="cas", send_every_s=0.05)),
    ):
        page = page_of(admin_client.post(PAGE, {"port": str(terminal.path)}))
    assert "CAS scale" in page
    assert "9600 8N1" in page
    assert f"port={str(terminal.path).replace('/', '%2F')}" in page


def test_a_port_that_went_away_is_told_at_the_field(admin_client: Client, dev: FakeDev) -> None:
    port = Path(dev.plug("ttyUSB0"))
    port.unlink()
    assert "is the cable in?" in page_of(admin_client.post(PAGE, {"port": str(port)}))


def test_a_silent_port_is_told_with_what_to_do(
    admin_client: Client, dev: FakeDev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.identification_page.from_port", lambda port, asks: [])
    assert "Press the scale's print key" in page_of(admin_client.post(PAGE, {"port": dev.plug("ttyUSB0")}))


@pytest.mark.parametrize("given", [{}, {"lines": "  "}, {"lines": "S S 1 g", "port": "here"}])
def test_exactly_one_source_is_asked_for(admin_client: Client, dev: FakeDev, given: dict[str, str]) -> None:
    if "port" in given:
        given["port"] = dev.plug("ttyUSB0")
    assert "Paste lines, or choose a port." in page_of(admin_client.post(PAGE, given | {"ask": ""}))


def test_who_may_not_add_devices_may_not_use_it(dev: FakeDev) -> None:
    client = Client()
    client.force_login(User.objects.create_user("viewer", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
