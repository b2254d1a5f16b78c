"""The admin pages of devices: options as fields, live state without a query per row, copies and trials."""

from __future__ import annotations

import os
import pty
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from devices.models import Device
from devices.port_list import PortInput
from devices.serial import found_ports
from devices.tests.fake_dev import FakeDev
from telemetry.ids import new_id
from telemetry.models import Delivery, LatestReading, LinkStatus

pytestmark = pytest.mark.django_db

ADD = "/admin/devices/device/add/"
LIST = "/admin/devices/device/"
FIELDS = {
    "name": "scale",
    "is_enabled": "on",
    "driver": "lines",
    "port": "/dev/serial/by-id/usb-scale",
    "baud": "9600",
    "site": "main",
    "data_bits": "8",
    "parity": "none",
    "stop_bits": "1.0",
    "flow_control": "none",
    "drop_policy": "keep",
    "write_timeout_s": "10",
}
OPTIONS = {
    "options_shown_for": "lines",
    "option_command_terminator": "none",
    "option_metric": "value",
    "option_encoding": "utf-8",
    "option_line_end": "lf",
    "option_max_bytes": "256",
}


def save(client: Client, address: str = ADD, **changes: str) -> Any:
    return client.post(address, FIELDS | OPTIONS | changes, follow=True)


def page_of(answer: Any) -> str:
    return str(answer.content.decode())


def act(client: Client, action: str, *names: str) -> Any:
    chosen = [str(pk) for pk in Device.objects.filter(name__in=names).values_list("pk", flat=True)]
    return client.post(LIST, {"action": action, "_selected_action": chosen}, follow=True)


def test_a_device_s_name_leads_to_its_page(admin_client: Client) -> None:
    row = Device.objects.create(name="esp-1:a.b")
    assert admin_client.get(f"{LIST}named/esp-1:a.b/")["Location"] == f"{LIST}{row.pk}/change/"
    assert admin_client.get(f"{LIST}named/nobody/").status_code == 404


def test_the_form_shows_the_stop_bits_that_are_stored(admin_client: Client) -> None:
    save(admin_client, stop_bits="2.0")
    page = page_of(admin_client.get(f"{LIST}{Device.objects.get().pk}/change/"))
    assert '<option value="2.0" selected>2</option>' in page


def test_a_device_is_saved_with_the_options_that_differ_from_their_default(admin_client: Client) -> None:
    save(admin_client, option_metric="weight", option_decimal_comma="on")
    device = Device.objects.get()
    assert device.options == {"metric": "weight", "decimal_comma": True}
    assert device.edited_on_web


def test_choosing_a_driver_shows_the_form_again_with_its_options(admin_client: Client) -> None:
    answer = admin_client.post(ADD, FIELDS)
    page = page_of(answer)
    assert "has options of its own" in page
    assert "errornote" not in page
    assert "errorlist" not in page
    assert 'name="option_max_bytes" value="256"' in page
    assert "Many scales take single bytes" in page
    assert not Device.objects.exists()


def test_another_driver_brings_its_own_options_and_forgets_the_old(admin_client: Client) -> None:
    save(admin_client, option_metric="weight")
    device = Device.objects.get()
    address = reverse("admin:devices_device_change", args=[device.pk])
    page = page_of(save(admin_client, address, driver="bytes"))
    assert "option_metric" not in page
    shown = {"options_shown_for": "bytes"}
    fields = dict(FIELDS, driver="bytes", **shown)
    form = admin_client.get(address, {"driver": "bytes"}).context["adminform"].form
    fields |= {name: value for name, value in form.initial.items() if name.startswith("option_") and value}
    admin_client.post(address, fields)
    device.refresh_from_db()
    assert (device.driver, device.options) == ("bytes", {})


def test_the_button_shows_options_and_saves_nothing(admin_client: Client) -> None:
    page = page_of(save(admin_client, _options="1", name=""))
    assert "look at them below" in page
    assert "This field is required" not in page
    assert not Device.objects.exists()


def test_a_wrong_option_is_told_at_its_field(admin_client: Client) -> None:
    answer = save(admin_client, option_max_bytes="0")
    assert answer.context["adminform"].form.errors == {"option_max_bytes": ["Must be at least 1."]}


def test_a_fault_of_the_model_is_told_at_its_field(admin_client: Client) -> None:
    answer = save(admin_client, port="ttyUSB0")
    assert "absolute device path" in answer.context["adminform"].form.errors["port"][0]


def test_a_stored_option_that_its_driver_no_longer_takes_does_not_break_the_page(admin_client: Client) -> None:
    device = Device.objects.create(name="scale", driver="lines", port="/dev/ttyUSB0", options={"metric": 5, "gone": 1})
    page = admin_client.get(reverse("admin:devices_device_change", args=[device.pk]))
    assert page.status_code == 200


def test_a_name_is_chosen_once(admin_client: Client) -> None:
    save(admin_client)
    device = Device.objects.get()
    save(admin_client, reverse("admin:devices_device_change", args=[device.pk]), name="other", label="Scale 1")
    device.refresh_from_db()
    assert (device.name, device.label) == ("scale", "Scale 1")


def test_what_is_probably_not_meant_is_told_after_saving(admin_client: Client) -> None:
    assert "/dev/serial/by-id/ stays with its device" in page_of(save(admin_client, port="/dev/ttyUSB0"))


def test_the_list_asks_no_more_for_many_devices_than_for_one(admin_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            admin_client.get(LIST)
        return len(captured)

    Device.objects.create(name="d0", driver="lines", port="/dev/tty0")
    queries()
    for_one = queries()
    for number in range(1, 12):
        Device.objects.create(name=f"d{number}", driver="lines", port=f"/dev/tty{number}")
        LinkStatus.objects.create(key=f"device:d{number}", state="connected")
    assert queries() == for_one


def test_the_list_tells_how_each_device_stands(admin_client: Client) -> None:
    now = timezone.now()
    Device.objects.create(name="scale", driver="lines", port="/dev/tty0")
    Device.objects.create(name="off", driver="lines", port="/dev/tty1", is_enabled=False)
    Device.objects.create(name="meter")
    LinkStatus.objects.create(
        key="device:scale", state="lost", detail="is the cable in?", last_error="pulled", last_error_at=now
    )
    LatestReading.objects.create(
        device="meter", metric="p", value=1, time=now - timedelta(hours=2), message_id=new_id()
    )
    for state in ("waiting", "sending", "delivered"):
        Delivery.objects.create(
            created_at=now, source="s", kind="write", target="device:scale", payload=b"", state=state
        )
    page = page_of(admin_client.get(LIST))
    for said in ("lost, trying again", "is the cable in?", "pulled", "disabled", "behind a topic", "2\xa0hours ago"):
        assert said in page
    assert 'state__exact=waiting">2</a>' in page


def test_the_error_of_a_link_that_works_again_is_told_as_the_past(admin_client: Client) -> None:
    Device.objects.create(name="scale", driver="lines", port="/dev/tty0")
    status = LinkStatus.objects.create(key="device:scale", state="lost", last_error="pulled")
    assert "before: " not in page_of(admin_client.get(LIST))
    status.state = "connected"
    status.save()
    assert "before: pulled" in page_of(admin_client.get(LIST))


def test_the_list_has_what_keeps_its_states_fresh(admin_client: Client) -> None:
    Device.objects.create(name="scale", driver="lines", port="/dev/tty0")
    page = page_of(admin_client.get(LIST))
    script = re.search(r'src="[^"]*(telemetry/live_cells[^"]*\.js)"', page)
    assert script is not None
    assert finders.find("telemetry/live_cells.js") is not None
    for cell in ("state", "last_heard", "waiting", "last_error"):
        assert f'class="field-{cell}' in page


def test_devices_are_enabled_and_disabled(admin_client: Client) -> None:
    Device.objects.create(name="meter")
    assert "Disabled: 1." in page_of(act(admin_client, "disable", "meter"))
    assert not Device.objects.get().is_enabled
    act(admin_client, "enable", "meter")
    assert Device.objects.get().is_enabled
    assert Device.objects.get().edited_on_web


def test_a_copy_is_shown_before_it_is_saved_without_the_port(admin_client: Client) -> None:
    save(admin_client, label="Scale", option_metric="weight", option_decimal_comma="on", baud="19200")
    form = act(admin_client, "duplicate", "scale").context["adminform"].form
    assert (form["name"].value(), form["baud"].value(), form["port"].value()) == ("scale-copy", "19200", None)
    assert (form["option_metric"].value(), bool(form["option_decimal_comma"].value())) == ("weight", True)
    assert not form["option_keep_empty"].value()
    assert form["label"].value() == "Scale (copy)"
    assert Device.objects.count() == 1


class TestTrying:
    """Test connection."""

    @pytest.fixture
    def port(self) -> Iterator[str]:
        main, other = pty.openpty()
        yield os.ttyname(other)
        os.close(main)
        os.close(other)

    def test_a_port_that_nobody_holds_is_opened_for_a_moment(self, admin_client: Client, port: str) -> None:
        Device.objects.create(name="scale", driver="lines", port=port)
        assert "the port can be opened." in page_of(act(admin_client, "test_connection", "scale"))

    def test_a_port_that_is_not_there_is_told(self, admin_client: Client) -> None:
        Device.objects.create(name="scale", driver="lines", port="/dev/nothing-here")
        assert "is the cable in?" in page_of(act(admin_client, "test_connection", "scale"))

    def test_a_connected_device_is_left_alone(self, admin_client: Client) -> None:
        Device.objects.create(name="scale", driver="lines", port="/dev/nothing-here")
        LinkStatus.objects.create(key="device:scale", state="connected")
        assert "scale: connected." in page_of(act(admin_client, "test_connection", "scale")).lower()

    def test_a_port_of_another_site_is_not_tried_here(self, admin_client: Client) -> None:
        Device.objects.create(name="scale", driver="lines", port="/dev/nothing-here", site="cellar")
        LinkStatus.objects.create(key="device:scale", state="lost", detail="pulled")
        page = page_of(act(admin_client, "test_connection", "scale"))
        assert "at the site cellar" in page
        assert "pulled" in page


def test_found_ports_are_offered_with_the_lasting_name_first_and_their_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_dev = FakeDev(tmp_path)
    port = fake_dev.plug("ttyUSB0", by_id="usb-scale", vendor="FTDI <USB>", serial_number="A1")
    monkeypatch.setattr(found_ports, "DEV", fake_dev.root)
    monkeypatch.setattr("serial.tools.list_ports.comports", fake_dev.comports)
    Device.objects.create(name="scale", driver="lines", port=port)
    shown = PortInput().render("port", "", {"id": "id_port"})
    assert 'list="port-found"' in shown
    lasting, fleeting = shown.index("by-id/usb-scale"), shown.index(f'value="{port}"')
    assert lasting < fleeting
    assert "FTDI &lt;USB&gt;, serial number A1 - used by scale" in shown
