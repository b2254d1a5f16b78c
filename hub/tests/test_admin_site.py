"""The admin as people meet it: one sign-in, an index by purpose, schedules and keys that explain themselves."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.test import Client
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from hub.admin_site import GROUPS, grouped
from hub.schedule_admin import TASKS
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return staff_client()


@pytest.fixture
def kept_house() -> PeriodicTask:
    """The schedule that the hub brings, also after a test that emptied every table."""
    import_module("hub.migrations.0003_schedules").add(apps, None)
    return PeriodicTask.objects.get(task="telemetry.keep_house")


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_stranger_signs_in_on_the_one_page_for_it_and_comes_back() -> None:
    answer = Client().get("/admin/bridges/broker/", follow=True)
    assert answer.redirect_chain[-1][0] == "/login/?next=/admin/bridges/broker/"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/"])
def test_nobody_is_led_away_by_the_sign_in(client: Client, wanted: str) -> None:
    assert client.get("/admin/login/", {"next": wanted})["Location"] == "/admin/"
    assert "evil" not in Client().get("/admin/login/", {"next": wanted})["Location"]


def test_who_is_signed_in_already_goes_straight_on(client: Client) -> None:
    assert client.get("/admin/login/", {"next": "/admin/bridges/rule/"})["Location"] == "/admin/bridges/rule/"


def test_who_may_not_come_in_is_told_so() -> None:
    client = Client()
    client.force_login(User.objects.create_user("guest"))
    assert "Your account may not see this page" in client.get("/admin/", follow=True).content.decode()


def test_the_index_has_every_page_under_a_heading_of_ours_with_a_sentence(client: Client) -> None:
    text = page(client, "/admin/")
    headings = re.findall(r'<h2 id="way-[^"]*">([^<]+)</h2>', text)
    assert headings == [heading for heading, _ in GROUPS]
    assert "Scales, printers, sensors" in text
    assert 'href="/admin/devices/device/identify/"' in text


def test_the_index_shows_only_what_a_person_may_see() -> None:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_broker"))
    client = Client()
    client.force_login(user)
    text = page(client, "/admin/")
    assert re.findall(r'<h2 id="way-[^"]*">([^<]+)</h2>', text) == ["Connect"]
    assert "Which scale is this?" not in text
    assert "Add to" not in text


def test_a_page_that_no_heading_names_stands_under_its_app() -> None:
    app = {"name": "Other", "app_label": "other", "models": [{"object_name": "Thing", "name": "Things"}]}
    assert [(group["name"], len(group["models"])) for group in grouped([app])] == [("Other", 1)]


def test_every_page_names_the_version(client: Client, settings: Settings) -> None:
    settings.PATCHBAY_VERSION = "1.2.3"
    assert "Patchbay 1.2.3" in page(client, "/admin/bridges/broker/")


def test_a_schedule_offers_the_tasks_of_the_hub_by_what_they_do(client: Client) -> None:
    text = page(client, "/admin/django_celery_beat/periodictask/add/")
    assert all(words in text for words in TASKS.values())
    assert "<script id" not in text.replace('<script id="django-admin', "")


def test_the_schedules_that_the_hub_brings_can_be_edited(client: Client, kept_house: PeriodicTask) -> None:
    text = page(client, f"/admin/django_celery_beat/periodictask/{kept_house.pk}/change/")
    assert '<option value="telemetry.keep_house" selected>' in text


def test_a_schedule_with_a_task_of_another_kind_keeps_it(client: Client, kept_house: PeriodicTask) -> None:
    PeriodicTask.objects.filter(pk=kept_house.pk).update(task="my.own")
    text = page(client, f"/admin/django_celery_beat/periodictask/{kept_house.pk}/change/")
    assert '<option value="my.own" selected>' in text


def test_a_new_key_is_asked_for_nothing_that_it_does_not_have_yet(client: Client) -> None:
    text = page(client, "/admin/hub/apikey/add/")
    assert "Prefix" not in text
    assert "Empty: it never expires." in text
    assert "<h1>API keys</h1>" in page(client, "/admin/hub/apikey/")


def test_a_rule_is_asked_for_in_the_order_of_the_data(client: Client) -> None:
    text = page(client, "/admin/bridges/rule/add/")
    order = [text.index(f'name="{name}"') for name in ("name", "sources-0-topic", "condition", "actions-0-topic")]
    assert order == sorted(order)
    assert text.count('id="sources-group"') == 1
