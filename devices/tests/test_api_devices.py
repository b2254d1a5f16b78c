"""`devices` over REST: the JSON shape, full and partial updates, and refusals that name their place."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from devices.models import Device
from telemetry.models import ConfigurationVersion
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/devices"
SCALE = {"name": "scale", "driver": "lines", "port": "/dev/serial/by-id/scale", "baud": 4800, "stop_bits": 1}


@pytest.fixture
def client() -> Client:
    return staff_client()


def send(client: Client, method: str, url: str, body: Any) -> Any:
    return getattr(client, method)(url, body, content_type="application/json")


def places(answer: Any) -> list[str]:
    assert answer["Content-Type"] == "application/problem+json"
    return [error["path"] for error in answer.json()["errors"]]


def test_a_device_is_created_and_answered_in_the_shape_of_the_config_file(client: Client) -> None:
    answer = send(client, "post", URL, SCALE)
    assert answer.status_code == 201
    body = answer.json()
    assert {key: body[key] for key in SCALE} == SCALE
    assert (body["enabled"], body["parity"], body["site"], body["write_expiry"]) == (True, "none", "main", None)
    assert client.get(f"{URL}/scale").json() == body


def test_what_is_edited_over_rest_is_marked_as_edited_on_the_web(client: Client) -> None:
    send(client, "post", URL, SCALE)
    assert Device.objects.get().edited_on_web


def test_every_change_raises_the_configuration_version(client: Client) -> None:
    versions = [ConfigurationVersion.current()]
    for method, url, body in (
        ("post", URL, SCALE),
        ("patch", f"{URL}/scale", {"baud": 9600}),
        ("put", f"{URL}/scale", SCALE),
        ("delete", f"{URL}/scale", None),
    ):
        assert send(client, method, url, body).status_code < 300
        versions.append(ConfigurationVersion.current())
    assert len(set(versions)) == 5


def test_what_was_answered_can_be_put_back(client: Client) -> None:
    body = send(client, "post", URL, SCALE).json()
    answer = send(client, "put", f"{URL}/scale", body)
    assert (answer.status_code, answer.json()) == (200, body)


def test_a_put_sets_what_it_leaves_out_to_its_default(client: Client) -> None:
    send(client, "post", URL, SCALE | {"label": "The scale", "parity": "even"})
    body = send(client, "put", f"{URL}/scale", {"name": "scale"}).json()
    assert (body["label"], body["parity"], body["driver"], body["port"], body["baud"]) == ("", "none", "", "", 9600)


def test_a_patch_changes_only_what_it_names(client: Client) -> None:
    send(client, "post", URL, SCALE)
    body = send(client, "patch", f"{URL}/scale", {"label": "The scale"}).json()
    assert (body["label"], body["baud"]) == ("The scale", 4800)


def test_a_name_never_changes(client: Client) -> None:
    send(client, "post", URL, SCALE)
    answer = send(client, "patch", f"{URL}/scale", {"name": "other"})
    assert (answer.status_code, places(answer)) == (400, ["/name"])
    assert Device.objects.get().name == "scale"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": "a b"}, "/name"),
        ({"name": ""}, "/name"),
        ({"baud": 5}, "/baud"),
        ({"baud": 10**30}, "/baud"),
        ({"driver": "nope"}, "/driver"),
        ({"port": ""}, "/port"),
        ({"options": []}, "/options"),
        ({"options": {"a": "\x00"}}, "/options"),
        ({"options": {"nonsense": 1}}, "/options"),
        ({"stop_bits": 3}, "/stop_bits"),
        ({"write_expiry": -1}, "/write_expiry"),
        ({"write_expiry": 10**12}, "/write_expiry"),
        ({"write_timeout": "soon"}, "/write_timeout"),
        ({"label": "nul\x00"}, "/label"),
        ({"enabeld": True}, "/enabeld"),
        ({"enabled": "perhaps"}, "/enabled"),
    ],
)
def test_a_fault_is_named_by_its_place(client: Client, change: dict[str, Any], place: str) -> None:
    answer = send(client, "post", URL, SCALE | change)
    assert answer.status_code == 400
    assert places(answer) == [place]
    assert not Device.objects.exists()


def test_a_second_device_of_that_name_is_refused(client: Client) -> None:
    send(client, "post", URL, SCALE)
    answer = send(client, "post", URL, {"name": "scale"})
    assert (answer.status_code, places(answer)) == (400, ["/name"])


def test_a_device_is_deleted(client: Client) -> None:
    send(client, "post", URL, SCALE)
    assert client.delete(f"{URL}/scale").status_code == 204
    assert client.get(f"{URL}/scale").json()["code"] == "not_found"


@pytest.mark.parametrize("name", ["nope", "a%00b", "x' OR '1'='1", "%2e%2e"])
def test_a_device_that_is_not_there_is_a_problem(client: Client, name: str) -> None:
    assert client.get(f"{URL}/{name}").status_code == 404


def test_the_list_is_in_the_order_of_names_and_paged(client: Client) -> None:
    for name in ("c", "a", "b"):
        Device.objects.create(name=name)
    body = client.get(f"{URL}?limit=2").json()
    assert ([row["name"] for row in body["results"]], body["count"], body["count_exact"]) == (["a", "b"], 3, True)
    body = client.get(body["next"]).json()
    assert ([row["name"] for row in body["results"]], body["next"]) == (["c"], None)


def test_the_answer_warns_of_what_works_but_is_probably_not_meant(client: Client) -> None:
    body = send(client, "post", URL, SCALE | {"port": "/dev/ttyUSB0"}).json()
    assert "/dev/ttyUSB0" in body["warnings"][0]
    assert "warnings" not in client.get(URL).json()["results"][0]


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null"])
def test_a_body_that_is_no_object_is_refused(client: Client, body: str) -> None:
    assert client.post(URL, body, content_type="application/json").status_code == 400


def test_staff_without_the_permission_may_read_but_not_change() -> None:
    user = User.objects.create_user("ben", is_staff=True)
    client = Client()
    client.force_login(user)
    assert client.get(URL).status_code == 200
    assert send(client, "post", URL, SCALE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="add_device"))
    assert send(client, "post", URL, SCALE).status_code == 201
    assert client.delete(f"{URL}/scale").status_code == 403


def test_a_user_who_is_not_staff_sees_nothing() -> None:
    client = Client()
    client.force_login(User.objects.create_user("carl"))
    assert client.get(URL).status_code == 403


def test_a_session_without_the_csrf_token_changes_nothing() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("anna"))
    assert send(client, "post", URL, SCALE).status_code == 403
    assert not Device.objects.exists()
