"""The page that the browser application lives in, and signing in and out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def urls(settings: Settings) -> None:
    settings.ROOT_URLCONF = "frontend.urls"


@pytest.fixture
def ui(tmp_path: Path, settings: Settings) -> None:
    """A built browser application."""
    manifest = {"index.html": {"file": "assets/index-1.js", "css": ["assets/index-1.css"]}}
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    settings.PATCHBAY_UI_DIR = tmp_path


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password="correct horse")


@pytest.fixture
def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="patchbay-page" type="application/json">(.*?)</script>', page)
    assert found
    answer: dict[str, Any] = json.loads(found.group(1))
    return answer


def test_a_stranger_is_sent_to_the_sign_in(ui: None) -> None:
    answer = Client().get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/")


def test_the_page_loads_the_files_of_the_build(ui: None, signed_in: Client) -> None:
    page = signed_in.get("/").content.decode()
    assert '<script type="module" src="/static/ui/assets/index-1.js">' in page
    assert '<link rel="stylesheet" href="/static/ui/assets/index-1.css">' in page


def test_the_page_has_no_inline_script_but_data(ui: None, signed_in: Client) -> None:
    page = signed_in.get("/").content.decode()
    inline = [attributes for attributes in re.findall(r"<script([^>]*)>", page) if " src=" not in attributes]
    assert inline == [' id="patchbay-page" type="application/json"']
    assert "<style" not in page


def test_the_page_is_told_about_the_user_and_the_ways_elsewhere(ui: None, signed_in: Client) -> None:
    info = told(signed_in.get("/").content.decode())
    assert (info["user"], info["adminUrl"], info["apiDocsUrl"]) == ("ada", "/admin/", "/api/docs/")
    assert info["logoutUrl"] == "/logout/"


def test_a_user_name_cannot_break_out_of_the_data(ui: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("</script><b>"))
    page = client.get("/").content.decode()
    assert "</script><b>" not in page
    assert told(page)["user"] == "</script><b>"


def test_the_page_is_never_kept_by_a_cache(ui: None, signed_in: Client) -> None:
    assert "no-store" in signed_in.get("/")["Cache-Control"]


def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path, settings: Settings, signed_in: Client) -> None:
    settings.PATCHBAY_UI_DIR = tmp_path
    answer = signed_in.get("/")
    assert answer.status_code == 503
    assert "npm run build" in answer.content.decode()


def test_the_right_password_leads_back_to_the_page_asked_for(user: User) -> None:
    given = {"username": "ada", "password": "correct horse", "next": "/?a=1"}
    answer = Client().post("/login/", given)
    assert (answer.status_code, answer["Location"]) == (302, "/?a=1")


def test_signing_in_never_leads_to_another_host(user: User) -> None:
    given = {"username": "ada", "password": "correct horse", "next": "https://evil.example/"}
    assert Client().post("/login/", given)["Location"] == "/"


def test_a_wrong_password_is_said_and_the_name_is_kept(user: User) -> None:
    page = Client().post("/login/", {"username": "ada", "password": "wrong"}).content.decode()
    assert 'role="alert"' in page
    assert 'value="ada"' in page


def test_signing_out_takes_a_post_with_the_token_of_the_page(ui: None, user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    token = told(client.get("/").content.decode())["csrfToken"]
    assert client.post("/logout/").status_code == 403
    assert client.post("/logout/", {"csrfmiddlewaretoken": token})["Location"] == "/login/"
    assert client.get("/").status_code == 302


def test_browsers_find_an_icon_where_they_look_for_it(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/ui/favicon.svg")


@pytest.mark.parametrize("is_allowed", [True, False])
def test_the_page_is_told_whether_its_user_may_change_meters(
    ui: None, user: User, signed_in: Client, is_allowed: bool
) -> None:
    if is_allowed:
        user.user_permissions.add(Permission.objects.get(codename="change_meter"))
    assert told(signed_in.get("/").content.decode())["mayChangeMeters"] is is_allowed


def test_the_page_is_told_the_version_and_where_to_go_next(ui: None, signed_in: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "hub.urls"
    settings.PATCHBAY_VERSION = "1.2.3"
    said = told(signed_in.get("/").content.decode())
    assert said["version"] == "1.2.3"
    assert (said["identifyUrl"], said["packsUrl"]) == ("/admin/devices/device/identify/", "/admin/bridges/ownpack/")


def test_only_staff_that_may_see_devices_is_led_to_their_pages(ui: None, user: User, signed_in: Client) -> None:
    def is_led() -> bool:
        return bool(told(signed_in.get("/").content.decode())["mayOpenDevices"])

    user.user_permissions.add(Permission.objects.get(codename="view_device"))
    assert not is_led()
    user.is_staff = True
    user.save()
    assert is_led()
    user.user_permissions.clear()
    assert not is_led()
