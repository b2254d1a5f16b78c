"""The list of ports and "which device is this?" over REST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from devices.models import Device
from devices.serial import found_ports
from devices.tests.fake_dev import FakeDev
from simulators.pseudo_terminal import PseudoTerminal
from simulators.scale import Scale, ScaleSettings
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
DETECT = "/api/v1/devices/detect"


@pytest.fixture
def client() -> Client:
    return staff_client()


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeDev:
    fake = FakeDev(tmp_path)
    monkeypatch.setattr(found_ports, "DEV", fake.root)
    monkeypatch.setattr("serial.tools.list_ports.comports", fake.comports)
    return fake


def detect(client: Client, body: Any) -> Any:
    return client.post(DETECT, body, content_type="application/json")


def test_ports_are_listed_with_their_names_their_adapter_and_their_user(client: Client, dev: FakeDev) -> None:
    dev.plug("ttyUSB0", by_id="usb-A1", by_path="pci-1", vendor="FTDI", product="FT232R", serial_number="A1")
    dev.plug("ttyUSB1", by_path="pci-2")
    by_id = str(dev.root / "serial/by-id/usb-A1")
    Device.objects.create(name="scale", driver="lines", port=str(dev.root / "serial/by-path/pci-1"))
    said = client.get("/api/v1/ports").json()
    assert said["site"] == "main"
    first, second = said["results"]
    assert first == {
        "name": by_id,
        "device": str(dev.root / "ttyUSB0"),
        "by_id": [by_id],
        "by_path": [str(dev.root / "serial/by-path/pci-1")],
        "description": "",
        "vendor": "FTDI",
        "product": "FT232R",
        "serial_number": "A1",
        "usb_id": "0403:6001",
        "used_by": "scale",
    }
    assert (second["name"], second["used_by"]) == (str(dev.root / "serial/by-path/pci-2"), None)


def test_a_device_of_another_site_uses_no_port_here(client: Client, dev: FakeDev) -> None:
    port = dev.plug("ttyUSB0")
    Device.objects.create(name="scale", driver="lines", port=port, site="cellar")
    assert client.get("/api/v1/ports").json()["results"][0]["used_by"] is None


@pytest.mark.parametrize(
    "body", [{"text": "S S     100.00 g\r\nS D     100.02 g\r\n"}, {"hex": b"S S     100.00 g\r\n".hex()}]
)
def test_pasted_lines_give_proposals_with_their_reasons(client: Client, body: dict[str, str]) -> None:
    answer = detect(client, body)
    assert answer.status_code == 200
    best = answer.json()["proposals"][0]
    assert (best["driver"], best["serial"]) == ("mt-sics", None)
    assert best["confidence"] > 0.7
    assert "MT-SICS" in best["why"]
    assert best["examples"][0] == {"text": "S S     100.00 g", "reads": "weight 100.00 g, stable"}
    assert best["device"] == {"driver": "mt-sics", "options": {}}


def test_a_port_is_listened_to_and_the_device_can_be_made_of_the_answer(client: Client, tmp_path: Path) -> None:
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Scale(terminal, ScaleSettings(style="radwag", send_every_s=0.05)),
    ):
        best = detect(client, {"port": str(terminal.path)}).json()["proposals"][0]
        assert (best["driver"], best["serial"]) == ("radwag", "9600 8N1")
        made = client.post("/api/v1/devices", {**best["device"], "name": "balance"}, content_type="application/json")
    assert made.status_code == 201
    assert Device.objects.get().port == str(terminal.path)


def test_a_port_that_a_link_holds_is_left_alone(client: Client, dev: FakeDev) -> None:
    port = dev.plug("ttyUSB0", by_id="usb-A1")
    Device.objects.create(name="scale", driver="lines", port=port)
    refused = detect(client, {"port": str(dev.root / "serial/by-id/usb-A1")})
    assert (refused.status_code, refused.json()["code"]) == (409, "port_in_use")
    assert "scale" in refused.json()["detail"]


def test_a_port_that_is_not_there_is_a_problem(client: Client) -> None:
    refused = detect(client, {"port": "/dev/nothing-here"})
    assert (refused.status_code, refused.json()["code"]) == (409, "port_unavailable")


@pytest.mark.parametrize("port", ["socket://host:1", "relative", "/dev/../etc/passwd"])
def test_only_a_port_of_this_machine_can_be_tried(client: Client, port: str) -> None:
    refused = detect(client, {"port": port})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["path"] == "/port"


@pytest.mark.parametrize("body", [{}, {"text": "a", "hex": "61"}, {"hex": "6"}, {"ask": True}, {"text": "a", "x": 1}])
def test_a_question_without_exactly_one_source_is_refused(client: Client, body: Any) -> None:
    assert detect(client, body).json()["code"] == "invalid"


def test_a_device_may_be_called_detect(client: Client) -> None:
    Device.objects.create(name="detect")
    assert client.get(DETECT).json()["name"] == "detect"
    assert client.delete(DETECT).status_code == 204


def test_who_may_not_add_devices_may_not_detect_them() -> None:
    assert Client().post(DETECT, {"text": "a"}, content_type="application/json").status_code == 401
