"""Device packs over REST: the list, what one asks, and its installation."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from bridges.models import Broker, OwnPack, Topic
from bridges.packs.library import keep_own
from bridges.tests.packs import PACK, changed
from devices.models import Device
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/packs"
INSTALL = f"{URL}/test-scale/install"
ANSWERS = {"port": "/dev/ttyS9", "broker": "mqtt://127.0.0.1:1899"}


@pytest.fixture
def client() -> Client:
    keep_own(PACK.encode())
    return staff_client()


def post(client: Client, body: Any, url: str = INSTALL) -> Any:
    return client.post(url, body, content_type="application/json")


def test_the_list_has_the_hubs_packs_and_own_ones(client: Client) -> None:
    found = {pack["name"]: pack for pack in client.get(URL).json()["results"]}
    assert found["mt-sics"]["own"] is False
    assert found["test-scale"] == {
        "name": "test-scale",
        "title": "A scale for tests",
        "category": "scale",
        "products": ["KERN PCB"],
        "summary": "A scale.",
        "own": True,
        "installed": 0,
    }


def test_one_pack_says_what_it_asks_and_what_plays_it(client: Client) -> None:
    body = client.get(f"{URL}/test-scale").json()
    asked = {setting["name"]: setting for setting in body["settings"]}
    assert (asked["port"]["required"], asked["broker"]["required"], asked["limit"]["default"]) == (True, False, 5)
    assert body["tests"] == 2
    assert body["simulators"][0]["arguments"] == ["scale", "--link", "/dev/ttyUSB0", "--style", "kern"]
    assert body["installations"] == []
    assert client.get(f"{URL}/none").status_code == 404


def test_an_installation_makes_everything_and_is_listed(client: Client) -> None:
    answer = post(client, {"settings": ANSWERS})
    assert answer.status_code == 200
    body = answer.json()
    assert [(change["kind"], change["noun"]) for change in body["changes"]] == [
        ("added", "broker"),
        ("added", "device"),
        ("added", "topic"),
        ("added", "rule"),
    ]
    assert (body["tests"], body["dry_run"], body["settings"]["broker"]) == (2, False, "127.0.0.1")
    (installed,) = client.get(f"{URL}/test-scale").json()["installations"]
    assert installed["current"] is True
    assert ["devices", "scale"] in installed["rows"]
    assert post(client, {"settings": ANSWERS}).json()["changes"] == []


def test_a_dry_run_changes_nothing(client: Client) -> None:
    body = post(client, {"settings": ANSWERS, "dry_run": True}).json()
    assert len(body["changes"]) == 4
    assert (Device.objects.count(), Broker.objects.count()) == (0, 0)


def test_an_answer_at_fault_is_named(client: Client) -> None:
    answer = post(client, {"settings": {"port": "nowhere", "broker": "none"}})
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == ["/settings/port"]
    answer = post(client, {"settings": {"port": "/dev/x", "broker": "none"}})
    assert "no broker named 'none'" in answer.json()["errors"][0]["message"]


def test_a_name_that_is_taken_is_a_conflict(client: Client) -> None:
    Device.objects.create(name="scale")
    answer = post(client, {"settings": ANSWERS})
    assert (answer.status_code, answer.json()["code"]) == (409, "pack_refused")
    assert answer.json()["errors"][0]["path"] == "/devices/0/name"


def test_failing_tests_are_named_and_nothing_is_installed(client: Client) -> None:
    OwnPack.objects.update(text=changed("sends: t", "sends: w"))
    answer = post(client, {"settings": ANSWERS})
    assert (answer.status_code, answer.json()["code"]) == (409, "pack_tests_failed")
    assert "a command: the bytes are" in answer.json()["errors"][0]["message"]
    assert Topic.objects.count() == 0


def test_a_pack_that_the_hub_does_not_understand_any_more_is_a_conflict_and_spoils_no_list(client: Client) -> None:
    OwnPack.objects.update(text="pack: 9")
    assert client.get(f"{URL}/test-scale").status_code == 409
    assert len(client.get(URL).json()["results"]) > 20


def test_who_may_not_add_what_a_pack_makes_may_not_install_it(client: Client) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="add_device"))
    someone = Client()
    someone.force_login(clerk)
    answer = post(someone, {"settings": ANSWERS})
    assert answer.status_code == 403
    assert "bridges.add_topic" in answer.json()["detail"]


def test_raw_printing_is_a_right_of_its_own_here_too(client: Client) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    models = ("broker", "device", "topic", "rule", "tickettemplate", "alertrule")
    for model in models:
        clerk.user_permissions.add(*Permission.objects.filter(codename__in=[f"add_{model}", f"change_{model}"]))
    someone = Client()
    someone.force_login(clerk)
    answers = {"port": "/dev/ttyS9", "broker": "mqtt://127.0.0.1:1899"}
    url = f"{URL}/escpos-printer/install"
    assert post(someone, {"settings": answers, "dry_run": True}, url).status_code == 200
    refused = post(someone, {"settings": answers | {"raw": True}}, url)
    assert (refused.status_code, refused.json()["code"]) == (409, "pack_refused")
    assert "raw bytes" in refused.json()["detail"]
