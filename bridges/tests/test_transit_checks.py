"""Topics whose messages pass through unstored: what goes with them, as every way of editing checks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from bridges.config_file.writer import export_config
from bridges.models import Broker, Rule, RuleAction, RuleSource, Topic
from bridges.pipeline.compilation import compile_snapshot
from bridges.runtime.wanted import wanted_links
from bridges.tests.test_admin_rules import ACTIONS, EVENTS
from bridges.transit.crossing import TransitSettings
from devices.models import Device
from telemetry.models import Lease, LinkStatus
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db

WEBHOOK = {"webhook": "https://example.org/hook"}


@pytest.fixture
def plant() -> Broker:
    return Broker.objects.create(name="plant", host="localhost")


@pytest.fixture
def passing(plant: Broker) -> Topic:
    return Topic.objects.create(name="passing", broker=plant, filter="a/#", is_stored=False)


@pytest.fixture
def out() -> Topic:
    central = Broker.objects.create(name="central", host="localhost")
    return Topic.objects.create(name="out", broker=central, direction="out", filter="out/{device}")


def make_rule(topic: Topic, **changes: Any) -> Rule:
    row = Rule.objects.create(**{"name": "pass on"} | changes)
    RuleSource.objects.create(rule=row, topic=topic)
    return row


def faults_of(row: Topic) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    return caught.value.message_dict


def post_rule(**changes: Any) -> Any:
    body = {"name": "pass on", "sources": [{"topic": "passing"}], "actions": [{"publish": "out"}]} | changes
    return staff_client().post("/api/v1/rules", body, content_type="application/json")


@pytest.mark.parametrize("codec", ["kpm33b", "auto", "rtl433"])
def test_a_codec_that_must_remember_messages_cannot_pass_them_through(plant: Broker, codec: str) -> None:
    faults = faults_of(Topic(name="t", broker=plant, filter="b", codec=codec, is_stored=False))
    assert list(faults) == ["is_stored"]


def test_only_what_comes_in_can_pass_through(plant: Broker) -> None:
    row = Topic(name="t", broker=plant, direction="out", filter="b", is_stored=False)
    assert "is_stored" in faults_of(row)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


@pytest.mark.parametrize("changes", [{"every_s": 60.0}, {}])
def test_a_topic_whose_rules_need_stored_messages_stays_stored(plant: Broker, changes: dict[str, Any]) -> None:
    topic = Topic.objects.create(name="t", broker=plant, filter="b")
    row = make_rule(topic, **changes)
    if not changes:
        RuleAction.objects.create(rule=row, kind="event", options={"name": "seen"})
    topic.is_stored = False
    assert "pass on" in faults_of(topic)["is_stored"][0]


def test_a_rule_that_publishes_and_writes_is_taken(passing: Topic, out: Topic) -> None:
    Device.objects.create(name="printer", driver="escpos", port="/dev/ttyX")
    answer = post_rule(actions=[{"publish": "out"}, {"write": "printer"}])
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize("action", [WEBHOOK, {"event": "seen"}, {"script": "run.py"}])
def test_rest_refuses_every_other_action_at_its_place(passing: Topic, out: Topic, action: dict[str, str]) -> None:
    answer = post_rule(actions=[{"publish": "out"}, action])
    assert answer.status_code == 400
    (kind,) = action
    assert [fault["path"] for fault in answer.json()["errors"]] == [f"/actions/1/{kind}"]
    assert "can only be published and written" in str(answer.json())


def test_rest_refuses_a_batch_at_every(passing: Topic, out: Topic) -> None:
    answer = post_rule(every=60)
    assert answer.status_code == 400
    assert "cannot wait for a batch" in str(answer.json())


def test_a_new_source_is_held_against_the_actions_that_a_rule_has(passing: Topic, plant: Broker) -> None:
    stored = Topic.objects.create(name="stored", broker=plant, filter="c")
    RuleAction.objects.create(rule=make_rule(stored), kind="event", options={"name": "seen"})
    body = {"sources": [{"topic": "passing"}]}
    answer = staff_client().patch("/api/v1/rules/pass on", body, content_type="application/json")
    assert answer.status_code == 400


def rule_form(topic: Topic, out: Topic, **changes: str) -> dict[str, str]:
    lists = ("sources", *ACTIONS)
    counts = {f"{part}-{kind}_FORMS": "0" for part in lists for kind in ("INITIAL", "MIN_NUM", "TOTAL")}
    parts = {
        "sources-TOTAL_FORMS": "1",
        "sources-0-topic": str(topic.pk),
        "actions-TOTAL_FORMS": "1",
        "actions-0-topic": str(out.pk),
        "actions-0-position": "0",
    }
    fields = {"name": "pass on", "is_enabled": "on", "condition": "", "transform": "", "sample": ""}
    return fields | counts | parts | changes


AN_EVENT = {f"{EVENTS}-TOTAL_FORMS": "1", f"{EVENTS}-0-option_name": "seen", f"{EVENTS}-0-position": "1"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [(AN_EVENT, "can only be published and written"), ({"every_s": "60"}, "cannot wait for a batch")],
)
def test_the_admin_refuses_it_at_the_source(
    admin_client: Client, passing: Topic, out: Topic, changes: dict[str, str], said: str
) -> None:
    answer = admin_client.post("/admin/bridges/rule/add/", rule_form(passing, out, **changes))
    (errors,) = [
        inline.formset for inline in answer.context["inline_admin_formsets"] if inline.formset.prefix == "sources"
    ]
    assert said in str(errors.errors[0]["topic"])
    assert not Rule.objects.exists()


def test_the_admin_takes_a_rule_that_publishes(admin_client: Client, passing: Topic, out: Topic) -> None:
    assert admin_client.post("/admin/bridges/rule/add/", rule_form(passing, out)).status_code == 302
    assert Rule.objects.get().actions.count() == 1


def test_the_admin_takes_the_same_event_for_a_stored_topic(
    admin_client: Client, passing: Topic, out: Topic, plant: Broker
) -> None:
    stored = Topic.objects.create(name="stored", broker=plant, filter="c")
    assert admin_client.post("/admin/bridges/rule/add/", rule_form(stored, out, **AN_EVENT)).status_code == 302


def test_the_list_of_topics_shows_the_link_that_its_messages_pass_by(admin_client: Client, passing: Topic) -> None:
    for key, state in (("broker:plant", "connected"), ("transit:plant", "refused")):
        LinkStatus.objects.create(key=key, state=state)
        Lease.objects.create(key=key, owner="w", expires_at="2100-01-01T00:00Z")
    page = admin_client.get("/admin/bridges/topic/").content.decode()
    assert "in, QoS 1, not stored" in page
    assert "refused" in page
    assert "connected" not in page


def test_the_config_file_says_store_only_where_it_is_off(passing: Topic, out: Topic, tmp_path: Path) -> None:
    text = export_config()
    assert text.count("store:") == 1
    assert "store: false" in text
    file = tmp_path / "hub.yaml"
    file.write_text(text)
    Topic.objects.all().delete()
    call_command("import_config", str(file))
    assert not Topic.objects.get(name="passing").is_stored


def test_it_is_compiled_apart_from_what_is_stored(passing: Topic, out: Topic, plant: Broker) -> None:
    Topic.objects.create(name="stored", broker=plant, filter="c")
    RuleAction.objects.create(rule=make_rule(passing), kind="publish", topic=out)
    snapshot = compile_snapshot()
    assert list(snapshot.topics) == ["stored"]
    assert snapshot.transit is not None
    assert list(snapshot.transit.topics) == ["passing"]
    assert [rule.rule.name for rule in snapshot.transit.rules_by_topic["passing"]] == ["pass on"]


def test_without_such_a_topic_there_is_nothing_of_it(plant: Broker) -> None:
    Topic.objects.create(name="stored", broker=plant, filter="c")
    assert compile_snapshot().transit is None
    assert list(wanted_links("main")[0]) == ["broker:plant"]


def test_a_rule_written_past_the_checks_takes_its_topic_out_of_use(passing: Topic) -> None:
    RuleAction.objects.create(rule=make_rule(passing), kind="event", options={"name": "seen"})
    snapshot = compile_snapshot()
    assert snapshot.transit is not None
    assert not snapshot.transit.topics
    assert "needs stored ones" in snapshot.faults["topic passing"]


def test_it_has_a_link_of_its_own_with_sessions_of_their_own(passing: Topic, out: Topic, plant: Broker) -> None:
    plant.will_topic = "hub/gone"
    plant.save()
    Topic.objects.create(name="stored", broker=plant, filter="c")
    Device.objects.create(name="printer", driver="escpos", port="/dev/ttyX")
    rule = make_rule(passing)
    RuleAction.objects.create(rule=rule, kind="publish", topic=out)
    RuleAction.objects.create(rule=rule, kind="write", device=Device.objects.get())
    links, _ = wanted_links("main")
    transit, ordinary = links["transit:plant"], links["broker:plant"]
    assert [one.name for one in transit.subscriptions] == ["passing"]
    assert [one.name for one in ordinary.subscriptions] == ["stored"]
    assert transit.needs == {"device:printer"}
    settings = transit.settings
    assert isinstance(settings, TransitSettings)
    assert settings.session.client_id == f"{ordinary.settings.client_id}-transit"
    assert settings.session.will_topic == ""
    ((target, session),) = settings.outputs
    assert (target, session.client_id) == (
        "broker:central",
        f"{links['broker:central'].settings.client_id}-transit-plant",
    )


def test_another_device_to_write_to_starts_its_link_anew(passing: Topic) -> None:
    rule, before = make_rule(passing), wanted_links("main")[0]["transit:plant"].settings
    printer = Device.objects.create(name="printer", driver="escpos", port="/dev/ttyX")
    RuleAction.objects.create(rule=rule, kind="write", device=printer)
    assert wanted_links("main")[0]["transit:plant"].settings != before


def test_a_disabled_broker_has_no_link_for_what_passes_through(passing: Topic, plant: Broker) -> None:
    plant.is_enabled = False
    plant.save()
    assert "transit:plant" not in wanted_links("main")[0]
