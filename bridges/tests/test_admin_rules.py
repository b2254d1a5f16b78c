"""The admin pages of rules, topics and deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bridges.intake import stop_intake
from bridges.models import Broker, Rule, RuleAction, RuleSource, Topic
from devices.models import Device
from telemetry.models import Delivery, LinkStatus, RuleCount

pytestmark = pytest.mark.django_db

RULES = "/admin/bridges/rule/"
TOPICS = "/admin/bridges/topic/"
EVENTS, WEBHOOKS, SCRIPTS, NOTIFICATIONS = (f"actions-{number}" for number in range(2, 6))
ACTIONS = ("actions", EVENTS, WEBHOOKS, SCRIPTS, NOTIFICATIONS)


@pytest.fixture(autouse=True)
def _rows() -> None:
    plant = Broker.objects.create(name="plant", host="localhost")
    Topic.objects.create(name="in", broker=plant, filter="a")
    Topic.objects.create(name="out", broker=plant, filter="b", direction="out")
    Device.objects.create(name="printer", driver="escpos", port="/dev/ttyUSB0")


def pk(model: Any, name: str) -> str:
    return str(model.objects.get(name=name).pk)


def rule_form(**changes: str) -> dict[str, str]:
    counts = {f"{part}-{kind}_FORMS": "0" for part in ("sources", *ACTIONS) for kind in ("INITIAL", "MIN_NUM", "TOTAL")}
    fields = {"name": "heat", "is_enabled": "on", "condition": "", "transform": "", "sample": ""}
    parts = {
        "sources-TOTAL_FORMS": "2",
        "actions-TOTAL_FORMS": "3",
        "sources-0-topic": pk(Topic, "in"),
        "sources-1-packets": "on",
        "actions-0-topic": pk(Topic, "out"),
        "actions-0-position": "0",
        "actions-1-device": pk(Device, "printer"),
        "actions-1-position": "1",
        "actions-2-position": "0",
    }
    return fields | counts | parts | changes


def errors_of(answer: Any) -> list[str]:
    formsets = [inline.formset for inline in answer.context["inline_admin_formsets"]]
    return [text for formset in formsets for found in formset.errors for texts in found.values() for text in texts]


def act(client: Client, address: str, action: str, *rows: Any) -> str:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return str(client.post(address, chosen, follow=True).content.decode())


def test_a_rule_is_saved_with_its_sources_and_actions(admin_client: Client) -> None:
    admin_client.post(RULES + "add/", rule_form(condition="readings.t > 1.0"))
    rule = Rule.objects.get()
    assert rule.edited_on_web
    assert [str(source) for source in rule.sources.all()] == ["in", "packets"]
    assert [(action.kind, str(action.topic or action.device)) for action in rule.actions.all()] == [
        ("publish", "out"),
        ("write", "printer"),
    ]


def with_options(prefix: str, **options: str) -> dict[str, str]:
    fields = {f"{prefix}-0-option_{name}": value for name, value in options.items()}
    return {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-0-position": "5", **fields}


HOOK = {"url": "https://example.org/h", "method": "POST", "timeout": "10", "headers": "{}", "expiry": "0"}


def test_an_action_of_every_kind_is_saved_with_its_options(admin_client: Client) -> None:
    hook = with_options(WEBHOOKS, **HOOK | {"secret": "swordfish", "headers": '{"X-A": "b"}'})
    script = with_options(SCRIPTS, name="report.py", timeout="30", memory="256", output="64", expiry="0")
    notify = with_options(NOTIFICATIONS, url="tgram://123456789:abcdefg_hijklmnop/12315544/", level="info", expiry="0")
    form = rule_form(**hook, **script, **notify, **with_options(EVENTS, name="hot"))
    assert admin_client.post(RULES + "add/", form).status_code == 302
    rows = {row.kind: row for row in RuleAction.objects.all()}
    assert rows["event"].options == {"name": "hot"}
    assert rows["webhook"].options == {"url": "https://example.org/h", "headers": {"X-A": "b"}}
    assert rows["webhook"].kept_secrets == {"secret": ("swordfish", "")}
    assert rows["script"].options == {"name": "report.py", "timeout": 30.0}
    assert list(rows["notify"].kept_secrets) == ["url"]
    page = admin_client.get(f"{RULES}{Rule.objects.get().pk}/change/").content.decode()
    assert "report.py" in page
    assert "swordfish" not in page
    assert "abcdefg_hijklmnop" not in page


def test_an_empty_secret_keeps_the_stored_one(admin_client: Client) -> None:
    admin_client.post(RULES + "add/", rule_form(**with_options(WEBHOOKS, **HOOK, secret="swordfish")))
    rule, hook = Rule.objects.get(), RuleAction.objects.get(kind="webhook")
    RuleAction.objects.exclude(pk=hook.pk).delete()
    rule.sources.all().delete()
    form = rule_form(**with_options(WEBHOOKS, **HOOK | {"timeout": "5"}))
    form |= {f"{WEBHOOKS}-INITIAL_FORMS": "1", f"{WEBHOOKS}-0-id": str(hook.pk), f"{WEBHOOKS}-0-rule": str(rule.pk)}
    form |= {"actions-2-position": "6"}  # as the page shows it for a new one
    assert admin_client.post(f"{RULES}{rule.pk}/change/", form).status_code == 302
    hook.refresh_from_db()
    assert (hook.options["timeout"], hook.kept_secrets["secret"][0]) == (5.0, "swordfish")


def test_the_page_tells_which_option_is_needed(admin_client: Client) -> None:
    page = admin_client.get(RULES + "add/").content.decode()
    assert "https://host/path, without user or password. Needed." in page
    assert "Needed. Default" not in page


def test_a_wrong_option_is_told(admin_client: Client) -> None:
    answer = admin_client.post(RULES + "add/", rule_form(**with_options(WEBHOOKS, **HOOK | {"url": "ftp://x"})))
    assert "Must be an address such as" in "".join(errors_of(answer))


@pytest.mark.parametrize(
    ("url", "allowed", "is_told"),
    [
        ("http://127.0.0.1:9/h", "", True),
        ("http://[fd00::1]/h", "", True),
        ("http://localhost/h", "", True),
        ("http://127.0.0.1:9/h", "on", False),
        ("https://example.org/h", "", False),
    ],
)
def test_a_webhook_that_will_be_refused_is_told_at_once(
    admin_client: Client, url: str, allowed: str, is_told: bool
) -> None:
    given = HOOK | {"url": url} | ({"allow_internal": allowed} if allowed else {})
    answer = admin_client.post(RULES + "add/", rule_form(**with_options(WEBHOOKS, **given)), follow=True)
    assert Rule.objects.exists()
    assert ("inside the own network, is refused unless" in answer.content.decode()) == is_told


def test_a_rule_shows_what_waits_for_it(admin_client: Client) -> None:
    rule = Rule.objects.create(name="heat", every_s=60)
    RuleAction.objects.create(rule=rule, kind="script", options={"name": "a"})
    for target, kind in (("rule:heat", "batch"), ("script:heat", "script"), ("script:heat", "script")):
        Delivery.objects.create(created_at=timezone.now(), source="x", kind=kind, target=target, payload=b"")
    (row,) = admin_client.get(RULES).context["cl"].result_list
    assert row.live_waiting == 3


def test_a_wrong_expression_is_told_at_its_field(admin_client: Client) -> None:
    answer = admin_client.post(RULES + "add/", rule_form(condition="(", transform='{"a": "("}'))
    assert sorted(answer.context["adminform"].form.errors) == ["condition", "transform"]
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sources-0-packets": "on"}, "one topic, one device, or packets"),
        ({"actions-0-device": "printer"}, "name a topic only"),
    ],
)
def test_a_line_names_one_thing(admin_client: Client, changes: dict[str, str], said: str) -> None:
    changes = {key: pk(Device, value) if value == "printer" else value for key, value in changes.items()}
    assert said in errors_of(admin_client.post(RULES + "add/", rule_form(**changes)))[0]


def test_only_what_fits_is_offered(admin_client: Client) -> None:
    Device.objects.create(name="meter")
    formsets = admin_client.get(RULES + "add/").context["inline_admin_formsets"]
    sources, actions, *_ = (inline.formset.empty_form.fields for inline in formsets)
    assert [row.name for row in sources["topic"].queryset] == ["in"]
    assert [row.name for row in actions["topic"].queryset] == ["out"]
    assert [row.name for row in actions["device"].queryset] == ["printer"]


def test_a_rule_that_can_do_nothing_is_saved_with_a_warning(admin_client: Client) -> None:
    named = ("-topic", "-packets", "-device", "1-position", "2-position")
    form = {key: value for key, value in rule_form(**{"actions-TOTAL_FORMS": "1"}).items() if not key.endswith(named)}
    page = admin_client.post(RULES + "add/", form, follow=True).content.decode()
    assert "Without a source this rule never runs." in page


def filled(name: str = "heat") -> Rule:
    rule = Rule.objects.create(name=name, condition="readings.t > 1.0", sample="{}")
    RuleSource.objects.create(rule=rule, topic=Topic.objects.get(name="in"))
    RuleAction.objects.create(rule=rule, kind="publish", topic=Topic.objects.get(name="out"))
    return rule


def test_a_copy_of_a_rule_is_disabled_and_complete(admin_client: Client) -> None:
    act(admin_client, RULES, "duplicate", filled())
    copy = Rule.objects.get(name="heat-copy")
    assert (copy.is_enabled, copy.condition, copy.sources.count(), copy.actions.count()) == (
        False,
        "readings.t > 1.0",
        1,
        1,
    )
    assert Rule.objects.get(name="heat").sources.count() == 1


@pytest.mark.parametrize("address", [RULES, TOPICS])
def test_lists_ask_no_more_for_many_rows_than_for_few(admin_client: Client, address: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(address)
        return len(captured)

    filled()
    queries()
    for_few = queries()
    for number in range(8):
        filled(f"rule {number}")
        Topic.objects.create(name=f"t{number}", broker=Broker.objects.get(), filter=f"t/{number}")
        RuleCount.objects.create(rule=f"rule {number}", matched=1)
    assert queries() == for_few


def test_the_list_tells_what_rules_made_of_messages(admin_client: Client) -> None:
    filled()
    RuleCount.objects.create(
        rule="heat", matched=1200, unmatched=300, failed=2, last_error="no such overload", last_error_at=timezone.now()
    )
    page = admin_client.get(RULES).content.decode()
    assert "1,200 of 1,502" in page
    assert "no such overload" in page


def test_a_topic_lives_as_its_broker_does(admin_client: Client) -> None:
    filled()
    LinkStatus.objects.create(key="broker:plant", state="refused", detail="bad password")
    page = admin_client.get(TOPICS).content.decode()
    assert "bad password" in page
    assert reverse("admin:bridges_rule_change", args=[Rule.objects.get().pk]) in page


def test_a_topic_is_saved_with_its_codecs_options(admin_client: Client) -> None:
    fields = {
        "name": "meters",
        "is_enabled": "on",
        "broker": pk(Broker, "plant"),
        "direction": "in",
        "filter": "#",
        "qos": "1",
        "codec": "json",
        "no_local": "on",
        "options_shown_for": "json",
        "option_device_key": "id",
        "option_zone": "UTC",
    }
    page = admin_client.post(TOPICS + "add/", fields, follow=True).content.decode()
    topic = Topic.objects.get(name="meters")
    assert (topic.codec_options, topic.edited_on_web) == ({"device_key": "id"}, True)
    assert "Overlaps with the topic in (a)" in page
    answer = admin_client.post(TOPICS + "add/", fields | {"name": "more", "filter": "x", "option_zone": "Mars"})
    assert "no time zone" in str(answer.context["adminform"].form.errors["codec"])


def test_a_copy_of_a_topic_is_shown_before_it_is_saved(admin_client: Client) -> None:
    row = Topic.objects.get(name="in")
    answer = admin_client.post(TOPICS, {"action": "duplicate", "_selected_action": [str(row.pk)]}, follow=True)
    form = answer.context["adminform"].form
    assert (form["name"].value(), form["filter"].value(), form["broker"].value()) == (
        "in-copy",
        "a",
        pk(Broker, "plant"),
    )


class TestSendingAgain:
    """Deliveries that did not get through."""

    @pytest.fixture(autouse=True)
    def _intake(self) -> Iterator[None]:
        yield
        stop_intake()

    def delivery(self, state: str) -> Delivery:
        return Delivery.objects.create(
            created_at=timezone.now(),
            source="s",
            kind="publish",
            target="broker:plant",
            address="b",
            payload=b"x",
            state=state,
            reason="odd",
        )

    def test_the_page_of_one_shows_what_its_script_answered(self, admin_client: Client) -> None:
        row = self.delivery("dead")
        Delivery.objects.filter(pk=row.pk).update(result={"exit_code": 3, "stderr": "no paper"})
        assert "no paper" in admin_client.get(f"/admin/telemetry/delivery/{row.pk}/change/").content.decode()

    def test_the_page_of_one_tells_all_its_times_alike(self, admin_client: Client) -> None:
        row, at = self.delivery("delivered"), datetime(2026, 3, 1, 10, 20, 30, 4_000, tzinfo=UTC)
        Delivery.objects.filter(pk=row.pk).update(done_at=at, expires_at=at)
        page = admin_client.get(f"/admin/telemetry/delivery/{row.pk}/change/").content.decode()
        assert page.count("2026-03-01 10:20:30.004 UTC") == 2

    def test_dead_ones_go_back_into_the_outbox_and_others_are_told(self, admin_client: Client) -> None:
        dead, done = self.delivery("dead"), self.delivery("delivered")
        page = act(admin_client, "/admin/telemetry/delivery/", "send_again", dead, done)
        assert "Put back into the outbox: 1." in page
        assert "it is delivered." in page
        dead.refresh_from_db()
        assert (dead.state, dead.reason) == ("waiting", "")

    def test_who_may_only_look_cannot_send_again(self, client: Client, django_user_model: Any) -> None:
        user = django_user_model.objects.create_user("guest", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_delivery"))
        client.force_login(user)
        dead = self.delivery("dead")
        act(client, "/admin/telemetry/delivery/", "send_again", dead)
        dead.refresh_from_db()
        assert dead.state == "dead"
