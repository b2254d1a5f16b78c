"""Alerts and their rules over REST and in the admin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from hub.tests.api_support import key_client
from telemetry.models import Alert, AlertRule, ConfigurationVersion

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECRET = "json://user:s3cret@127.0.0.1:1"


def an_alert(state: str = "open", **fields: Any) -> Alert:
    given = {"rule": "links", "subject": f"broker:{Alert.objects.count()}", "severity": "warning", "detail": "Down."}
    return Alert.objects.create(state=state, bad_since=NOW, seen_at=NOW, opened_at=NOW, **given | fields)


def test_alerts_are_listed_newest_first_without_those_that_nobody_was_told_of() -> None:
    first, _, last = an_alert(), an_alert("pending"), an_alert("cleared", severity="critical")

    body = key_client("read").get("/api/v1/alerts").json()

    assert [row["id"] for row in body["results"]] == [last.pk, first.pk]
    assert (body["count"], body["results"][1]["state"], body["results"][1]["opened_at"]) == (
        2,
        "open",
        "2026-05-01T12:00:00Z",
    )


@pytest.mark.parametrize("query", ["state=open", "severity=warning", "rule=links", "subject=broker:0"])
def test_alerts_are_found_by_their_fields(query: str) -> None:
    an_alert()
    an_alert("cleared", severity="critical", rule="other", subject="device:x")

    body = key_client("read").get(f"/api/v1/alerts?{query}").json()

    assert [row["subject"] for row in body["results"]] == ["broker:0"]


def test_a_long_list_is_turned_page_by_page() -> None:
    for _ in range(5):
        an_alert()
    client, address, seen = key_client("read"), "/api/v1/alerts?limit=2", []
    while address:
        body = client.get(address).json()
        seen += [row["id"] for row in body["results"]]
        address = body["next"]
    assert seen == sorted(Alert.objects.values_list("id", flat=True), reverse=True)


def test_a_cursor_of_another_list_is_refused() -> None:
    assert key_client("read").get("/api/v1/alerts?cursor=AAAA").status_code == 400


def test_acknowledging_notes_who_did_and_may_be_repeated() -> None:
    alert, client = an_alert(), key_client("command")

    for _ in range(2):
        answer = client.post(f"/api/v1/alerts/{alert.pk}/acknowledge")
        assert (answer.status_code, answer.json()["state"]) == (200, "acknowledged")
    assert answer.json()["acknowledged_by"].startswith("key:")
    assert answer.json()["acknowledged_at"]


def test_what_is_over_cannot_be_acknowledged_and_what_is_not_told_is_not_there() -> None:
    client = key_client("command")
    assert client.post(f"/api/v1/alerts/{an_alert('cleared').pk}/acknowledge").json()["code"] == "conflict"
    assert client.post(f"/api/v1/alerts/{an_alert('pending').pk}/acknowledge").status_code == 404
    assert client.post("/api/v1/alerts/99999/acknowledge").status_code == 404


def test_a_reader_may_not_acknowledge() -> None:
    assert key_client("read").post(f"/api/v1/alerts/{an_alert().pk}/acknowledge").status_code == 403


def test_rules_are_made_by_rest_and_never_tell_their_addresses() -> None:
    client = key_client("configure")
    rule = {"name": "cold", "kind": "value-range", "options": {"metric": "t", "lowest": "2"}, "notify": SECRET}
    before = ConfigurationVersion.current()

    answer = client.post("/api/v1/alert-rules", rule, "application/json")

    assert answer.status_code == 201
    assert (answer.json()["notify_set"], "notify" in answer.json()) == (True, False)
    assert AlertRule.objects.get().notify == SECRET
    assert ConfigurationVersion.current() > before
    client.put("/api/v1/alert-rules/cold", {key: rule[key] for key in ("kind", "options")}, "application/json")
    assert AlertRule.objects.get().notify == SECRET, "what is left out is kept"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"kind": "nonsense"}, "/kind"),
        ({"options": {"x": 1}}, "/options"),
        ({"notify": "nonsense://x"}, "/notify"),
        ({"severity": "awful"}, "/severity"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_its_place(fields: dict[str, Any], path: str) -> None:
    rule = {"name": "r", "kind": "link-down"} | fields

    answer = key_client("configure").post("/api/v1/alert-rules", rule, "application/json")

    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json()["errors"]] == [path]


@pytest.fixture
def admin() -> Client:
    user: Any = get_user_model()._default_manager.create(username="anna", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


def test_a_rule_is_made_in_the_admin_with_the_options_of_its_kind(admin: Client) -> None:
    address = reverse("admin:telemetry_alertrule_add")
    page = admin.get(f"{address}?kind=backlog")
    assert "option_oldest_s" in page.content.decode()
    form = {
        "name": "queue", "is_enabled": "on", "kind": "backlog", "severity": "critical", "notify": SECRET,
        "option_waiting": "50", "option_oldest_s": "0", "option_for_s": "60", "option_clear_s": "30",
        "options_shown_for": "backlog",
    }  # fmt: skip

    answer = admin.post(address, form)

    assert answer.status_code == 302, answer.content.decode()
    rule = AlertRule.objects.get()
    assert (rule.options, rule.notify, rule.edited_on_web) == ({"waiting": 50}, SECRET, True)


def test_stored_addresses_are_kept_removed_but_never_shown(admin: Client) -> None:
    rule = AlertRule.objects.create(name="r", kind="link-down", notify=SECRET)
    address = reverse("admin:telemetry_alertrule_change", args=[rule.pk])
    page = admin.get(address).content.decode()
    assert "s3cret" not in page
    assert "1 stored" in page
    form = {
        "kind": "link-down", "severity": "info", "notify": "", "option_link": "", "option_for_s": "60",
        "option_clear_s": "30", "options_shown_for": "link-down",
    }  # fmt: skip

    admin.post(address, form)
    rule.refresh_from_db()
    assert (rule.notify, rule.severity) == (SECRET, "info")
    admin.post(address, form | {"clear_notify": "on"})
    rule.refresh_from_db()
    assert rule.notify == ""


def test_an_address_that_nobody_knows_is_not_saved(admin: Client) -> None:
    form = {"name": "r", "kind": "link-down", "severity": "info", "notify": "nonsense://x", "option_for_s": "60",
            "option_clear_s": "30", "options_shown_for": "link-down"}  # fmt: skip

    page = admin.post(reverse("admin:telemetry_alertrule_add"), form).content.decode()

    assert "Address 1" in page
    assert not AlertRule.objects.exists()


def test_alerts_are_acknowledged_in_the_admin(admin: Client) -> None:
    alert, pending = an_alert(), an_alert("pending", detail="Not told yet.")
    address = reverse("admin:telemetry_alert_changelist")
    page = admin.get(address).content.decode()
    assert "Down." in page
    assert "Not told yet." not in page

    admin.post(address, {"action": "acknowledge", "_selected_action": [alert.pk, pending.pk]})

    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "anna")
    pending.refresh_from_db()
    assert pending.state == "pending"


def test_the_page_of_one_alert_opens(admin: Client) -> None:
    page = admin.get(reverse("admin:telemetry_alert_change", args=[an_alert().pk]))
    assert page.status_code == 200
