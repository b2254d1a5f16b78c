"""The kinds of actions and the interval of a rule, by REST and config file: the shapes, and where secrets go."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bridges.config_file.faults import ConfigFileRefused
from bridges.config_file.importer import Report, import_config
from bridges.config_file.writer import export_config
from bridges.models import Rule, RuleAction
from bridges.pipeline.compilation import compile_snapshot
from bridges.pipeline.snapshot import EventAction, TaskAction
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/rules"
WEBHOOK = {"url": "https://example.org/hook", "method": "PUT", "headers": {"X-Place": "hall"}}
ACTIONS: list[dict[str, Any]] = [
    {"event": "hot"},
    {"webhook": WEBHOOK},
    {"script": "report.py"},
    {"script": {"name": "other.py", "timeout": 60}},
]
FILE = """\
version: 1
rules:
  - name: heat
    sources: [{packets: true}]
    every: 60
    actions:
      - webhook: {url: https://example.org/hook, secret: {env: HOOK_SECRET}}
      - notify: {url: {env: PHONE_URL}, title: Heat}
      - script: report.py
      - event: hot
"""
PACKET = {"device_id": "d", "timestamp": "2026-03-01T12:00:00Z", "measurements": {"t": 4}}
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544/"


@pytest.fixture
def client() -> Client:
    return staff_client()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "swordfish")
    monkeypatch.setenv("PHONE_URL", TELEGRAM)


def send(client: Client, method: str, url: str, **body: Any) -> Any:
    return getattr(client, method)(url, body, content_type="application/json")


def post(client: Client, *actions: Any, **fields: Any) -> Any:
    return send(client, "post", URL, **({"name": "heat", "sources": [{"packets": True}], "actions": actions} | fields))


def secrets_of(kind: str) -> dict[str, str]:
    return {name: pair[0] for name, pair in RuleAction.objects.get(kind=kind).kept_secrets.items()}


def run(text: str, **options: bool) -> Report:
    return import_config(text.encode(), **options)


def places(answer: Any) -> dict[str, str]:
    return {error["path"]: error["message"] for error in answer.json()["errors"]}


def test_every_kind_comes_back_as_it_was_given(client: Client) -> None:
    assert post(client, *ACTIONS).status_code == 201
    assert client.get(f"{URL}/heat").json()["actions"] == ACTIONS


def test_an_option_that_cannot_be_used_is_told_at_its_action(client: Client) -> None:
    answer = post(
        client, {"event": "fine"}, {"webhook": {"url": "ftp://x"}}, {"script": "../x"}, {"event": {"nam": "x"}}
    )
    assert answer.status_code == 400
    found = places(answer)
    assert list(found) == ["/actions/1/webhook", "/actions/2/script", "/actions/3/event"]
    assert found["/actions/1/webhook"].startswith("url: ")


@pytest.mark.parametrize(
    "action", [{}, {"event": "a", "script": "b"}, {"webhook": 5}, {"nope": 1}, {"notify": TELEGRAM}]
)
def test_an_action_is_exactly_one_kind_with_options(client: Client, action: Any) -> None:
    assert post(client, action).status_code == 400


def test_text_that_no_database_keeps_is_refused(client: Client) -> None:
    assert post(client, {"webhook": {"url": "https://example.org/", "headers": {"X": "\0"}}}).status_code == 400


def test_secrets_are_taken_encrypted_and_never_answered(client: Client) -> None:
    post(client, {"webhook": WEBHOOK | {"secret": "swordfish"}}, {"notify": {"url": TELEGRAM}})
    answer = client.get(f"{URL}/heat")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM bridges_ruleaction")
        assert "swordfish" not in str(cursor.fetchall())
    assert "swordfish" not in answer.content.decode()
    assert "tgram" not in answer.content.decode()
    assert answer.json()["actions"] == [{"webhook": WEBHOOK | {"secret_set": True}}, {"notify": {"url_set": True}}]
    assert (secrets_of("webhook"), secrets_of("notify")) == ({"secret": "swordfish"}, {"url": TELEGRAM})


def test_what_was_read_can_be_sent_back_and_keeps_its_secrets(client: Client) -> None:
    post(client, {"webhook": WEBHOOK | {"secret": "swordfish"}}, {"notify": {"url": TELEGRAM}})
    body = client.get(f"{URL}/heat").json()
    assert send(client, "put", f"{URL}/heat", **body | {"condition": "readings.t > 1.0"}).status_code == 200
    assert (secrets_of("webhook"), secrets_of("notify")) == ({"secret": "swordfish"}, {"url": TELEGRAM})


def test_a_secret_goes_by_null(client: Client) -> None:
    post(client, {"webhook": WEBHOOK | {"secret": "swordfish"}})
    send(client, "patch", f"{URL}/heat", actions=[{"webhook": WEBHOOK | {"secret": None}}])
    assert secrets_of("webhook") == {}


@pytest.mark.parametrize(("every", "stored"), [(60, 60.0), (0.5, 0.5), ("default", 0.0), (None, None)])
def test_an_interval_comes_back_as_it_was_given(client: Client, every: Any, stored: float | None) -> None:
    assert post(client, every=every).status_code == 201
    assert (client.get(f"{URL}/heat").json()["every"], Rule.objects.get().every_s) == (every, stored)


@pytest.mark.parametrize("every", [0, -1, 0.01, 100_000, "often", True, []])
def test_an_impossible_interval_is_refused(client: Client, every: Any) -> None:
    assert list(places(post(client, every=every))) == ["/every"]


def test_a_batch_rule_is_tried_on_a_batch_of_one(client: Client) -> None:
    post(client, {"event": "e"}, every=60, condition="batch.count == 1", transform={"m": "batch.metrics.t.mean"})
    answer = send(client, "post", f"{URL}/heat/try", payload=PACKET)
    assert answer.json()["output"] == {"m": 4.0}
    whole = send(client, "post", f"{URL}/heat/try", payload=PACKET, transform=None)
    assert whole.json()["output"]["metrics"]["t"]["sum"] == 4.0


def test_only_a_batch_rule_may_name_the_batch(client: Client) -> None:
    assert list(places(post(client, condition="batch.count > 1"))) == ["/condition"]


def test_a_file_becomes_rules_with_their_secrets_and_comes_out_again() -> None:
    run(FILE)
    assert (secrets_of("webhook"), secrets_of("notify")) == ({"secret": "swordfish"}, {"url": TELEGRAM})
    text = export_config()
    assert "swordfish" not in text
    assert "tgram" not in text
    before = list(RuleAction.objects.values_list("kind", "options", "position"))
    assert run(text).changes == []
    assert run(FILE).changes == []
    Rule.objects.all().delete()
    run(text)
    assert list(RuleAction.objects.values_list("kind", "options", "position")) == before
    assert (secrets_of("webhook"), Rule.objects.get().every_s) == ({"secret": "swordfish"}, 60)


def test_a_changed_secret_is_a_change_that_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run(FILE)
    monkeypatch.setenv("HOOK_SECRET", "barracuda")
    (change,) = run(FILE).changes
    assert change.fields == ("secrets of actions: changed",)
    assert secrets_of("webhook") == {"secret": "barracuda"}


def test_a_reference_that_is_left_out_takes_the_secret_away() -> None:
    run(FILE)
    run(FILE.replace(", secret: {env: HOOK_SECRET}", ""))
    assert secrets_of("webhook") == {}


def test_a_secret_typed_on_the_web_stays_and_is_noted_in_the_export(client: Client) -> None:
    post(client, {"webhook": WEBHOOK | {"secret": "swordfish"}})
    text = export_config()
    assert "secret: {env: NAME}}  <- typed on the web" in text
    run(text, force=True)
    assert secrets_of("webhook") == {"secret": "swordfish"}


def test_a_secret_in_the_file_itself_is_refused() -> None:
    with pytest.raises(ConfigFileRefused) as caught:
        run(FILE.replace("{env: HOOK_SECRET}", "swordfish"))
    assert "actions[0].webhook.secret: A secret in a config file is a reference" in str(caught.value.faults[0])


def test_actions_become_targets_by_their_place_in_the_rule(client: Client) -> None:
    post(client, {"webhook": WEBHOOK | {"expiry": 60}}, *ACTIONS, every="default")
    (rule,) = compile_snapshot().batch_rules
    assert [(type(action), action.target) for action in rule.actions] == [
        (TaskAction, "webhook:heat"),
        (EventAction, "events"),
        (TaskAction, "webhook:heat/2"),
        (TaskAction, "script:heat"),
        (TaskAction, "script:heat/2"),
    ]
    assert (rule.actions[0].expiry_s, rule.every_s) == (60, 0.0)


def test_the_schema_describes_actions_and_intervals(client: Client) -> None:
    schemas = client.get("/api/schema/?format=json").json()["components"]["schemas"]
    assert {"event", "webhook", "script", "notify"} <= schemas["Action"]["properties"].keys()
    assert "every" in schemas["Rule"]["properties"]
