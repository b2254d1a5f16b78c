"""The admin pages of brokers: secrets go in and never come out, state without a query per row, trials and copies."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bridges.models import Broker, Topic
from bridges.tests.test_models_broker import certificate_text, key, key_text
from telemetry.models import LinkStatus

pytestmark = pytest.mark.django_db

ADD = "/admin/bridges/broker/add/"
LIST = "/admin/bridges/broker/"
FIELDS = {
    "name": "plant",
    "is_enabled": "on",
    "host": "localhost",
    "port": "1883",
    "protocol": "5",
    "tls_min_version": "1.2",
    "tls_check_hostname": "on",
    "keepalive_s": "30",
    "session_expiry_s": "86400",
    "receive_maximum": "500",
    "drop_policy": "keep",
    "will_qos": "1",
    "will_retain": "on",
}


def save(client: Client, address: str = ADD, **changes: str) -> Any:
    return client.post(address, FIELDS | changes, follow=True)


def change(broker: Broker) -> str:
    return reverse("admin:bridges_broker_change", args=[broker.pk])


def act(client: Client, action: str, *brokers: Broker) -> str:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in brokers]}
    return str(client.post(LIST, chosen, follow=True).content.decode())


def test_a_password_is_stored_and_never_shown(admin_client: Client) -> None:
    save(admin_client, username="hub", password=" swordfish ")
    broker = Broker.objects.get()
    assert (broker.password, broker.edited_on_web) == (" swordfish ", True)
    page = admin_client.get(change(broker)).content.decode()
    assert "swordfish" not in page
    assert "Leave this empty to keep it" in page


def test_an_empty_password_keeps_the_stored_one_and_its_reference(admin_client: Client) -> None:
    broker = Broker.objects.create(
        name="plant", host="localhost", password="swordfish", password_reference="env:PLANT_PASSWORD"
    )
    save(admin_client, change(broker), label="Plant")
    broker.refresh_from_db()
    assert (broker.label, broker.password, broker.password_reference) == ("Plant", "swordfish", "env:PLANT_PASSWORD")


@pytest.mark.parametrize(("typed", "stored"), [({"password": "perch"}, "perch"), ({"clear_password": "on"}, "")])
def test_a_password_is_replaced_or_removed(admin_client: Client, typed: dict[str, str], stored: str) -> None:
    broker = Broker.objects.create(name="plant", host="localhost", password="swordfish", password_reference="env:X")
    save(admin_client, change(broker), **typed)
    broker.refresh_from_db()
    assert (broker.password, broker.password_reference) == (stored, "")


def test_a_client_key_is_kept_unless_it_is_replaced_or_removed(admin_client: Client) -> None:
    secret, certificate = key_text(key()), certificate_text()
    broker = Broker.objects.create(name="plant", host="localhost", tls_certificate=certificate, tls_key=secret)
    page = admin_client.get(change(broker)).content.decode()
    assert "PRIVATE KEY" not in page
    save(admin_client, change(broker), tls_certificate=certificate)
    broker.refresh_from_db()
    assert broker.tls_key == secret
    save(admin_client, change(broker), clear_tls_key="on")
    broker.refresh_from_db()
    assert broker.tls_key == ""


def test_the_path_of_a_key_is_shown_and_can_be_emptied(admin_client: Client) -> None:
    broker = Broker.objects.create(
        name="plant", host="localhost", tls_certificate="/etc/ssl/hub.pem", tls_key="/etc/ssl/hub.key"
    )
    assert "/etc/ssl/hub.key" in admin_client.get(change(broker)).content.decode()
    save(admin_client, change(broker), tls_certificate="/etc/ssl/hub.pem", tls_key="")
    broker.refresh_from_db()
    assert broker.tls_key == ""


def test_secrets_are_no_field_for_who_may_only_look(client: Client, django_user_model: Any) -> None:
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("guest", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_broker"))
    client.force_login(user)
    secret = key_text(key())
    broker = Broker.objects.create(name="plant", host="localhost", password="swordfish", tls_key=secret)
    page = client.get(change(broker)).content.decode()
    assert "localhost" in page
    assert "swordfish" not in page
    assert "PRIVATE KEY" not in page


def test_a_wrong_host_is_told_at_its_field(admin_client: Client) -> None:
    form = save(admin_client, host="mqtt://plant").context["adminform"].form
    assert "without mqtt://" in form.errors["host"][0]


def test_a_doubtful_setting_is_saved_with_a_warning(admin_client: Client) -> None:
    assert "8883 usually speaks TLS" in save(admin_client, port="8883").content.decode()
    assert Broker.objects.count() == 1


def test_the_list_asks_no_more_for_many_brokers_than_for_one(admin_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(LIST)
        return len(captured)

    Broker.objects.create(name="b0", host="localhost")
    queries()
    for_one = queries()
    for number in range(1, 12):
        Broker.objects.create(name=f"b{number}", host="localhost")
        LinkStatus.objects.create(key=f"broker:b{number}", state="refused")
    assert queries() == for_one


def test_the_list_tells_how_each_broker_stands(admin_client: Client) -> None:
    Broker.objects.create(name="plant", host="localhost")
    LinkStatus.objects.create(key="broker:plant", state="refused", warning="it drops messages", detail="bad password")
    page = admin_client.get(LIST).content.decode()
    for said in ("refused", "bad password", "it drops messages", "localhost:1883"):
        assert said in page


def test_a_copy_is_disabled_and_has_no_client_id_of_the_first(admin_client: Client) -> None:
    broker = Broker.objects.create(
        name="plant", host="localhost", client_id="hub", password="swordfish", discovery_enabled=True
    )
    Topic.objects.create(name="t", broker=broker, filter="a")
    act(admin_client, "duplicate", broker)
    act(admin_client, "duplicate", broker)
    copies = Broker.objects.exclude(pk=broker.pk)
    assert not copies.filter(discovery_enabled=True).exists(), "two would tell of the same devices"
    assert [(row.name, row.client_id, row.is_enabled, row.password) for row in copies] == [
        ("plant-copy", "", False, "swordfish"),
        ("plant-copy2", "", False, "swordfish"),
    ]


def test_a_connection_that_fails_is_told_in_words(admin_client: Client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    broker = Broker.objects.create(name="plant", host="127.0.0.1", port=port)
    assert "connection refused" in act(admin_client, "test_connection", broker)
