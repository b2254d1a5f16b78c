"""Exporting the configuration: readable, stable, without secrets, and an import of it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bridges.config_file.importer import import_config
from bridges.config_file.reader import read_document
from bridges.config_file.writer import export_config, to_yaml
from bridges.models import Broker, Rule, RuleAction, RuleSource, Topic
from devices.models import Device, TicketTemplate

PEM = "-----BEGIN PRIVATE KEY-----\nc3dvcmRmaXNo\n-----END PRIVATE KEY-----\n"


def fill() -> None:
    plant = Broker.objects.create(
        name="plant",
        label="The plant",
        host="mqtt.example.org",
        port=8883,
        username="hub",
        password="swordfish",
        password_reference="env:PLANT_PASSWORD",
        tls_enabled=True,
        tls_ca="/etc/ssl/plant.pem",
        tls_certificate="/etc/ssl/hub.pem",
        tls_key="/etc/ssl/hub.key",
        will_topic="hub/state",
        will_payload="gone\nfor good",
    )
    printer = Device.objects.create(
        name="printer", driver="escpos", port="/dev/ttyUSB1", stop_bits=1.5, write_expiry_s=60
    )
    source = Topic.objects.create(name="in", broker=plant, filter="a/+/#", device=printer, no_local=False)
    target = Topic.objects.create(name="out", broker=plant, direction="out", filter="{device}", expiry_s=5, retain=True)
    rule = Rule.objects.create(
        name="no: 1",
        condition="readings.t > 1.0 &&\nreadings.t < 5.0",
        transform='{"z": "device", "a": "payload.x"}',
        sample='{"x": 1}\n',
    )
    RuleSource.objects.create(rule=rule, topic=source)
    RuleSource.objects.create(rule=rule, packets=True)
    RuleAction.objects.create(rule=rule, position=1, kind="write", device=printer)
    RuleAction.objects.create(rule=rule, position=0, kind="publish", topic=target)


@pytest.mark.django_db
def test_the_export_reads_well() -> None:
    fill()
    assert (
        export_config()
        == """\
# The configuration of a Patchbay hub. `manage.py import_config FILE` reads it.
version: 1

brokers:
  - name: plant
    label: The plant
    host: mqtt.example.org
    port: 8883
    username: hub
    password: {env: PLANT_PASSWORD}
    tls:
      enabled: true
      ca: /etc/ssl/plant.pem
      certificate: /etc/ssl/hub.pem
      key: {file: /etc/ssl/hub.key}
    will:
      topic: hub/state
      payload: |-
        gone
        for good

topics:
  - name: in
    broker: plant
    direction: in
    filter: a/+/#
    device: printer
    no_local: false
  - name: out
    broker: plant
    direction: out
    filter: '{device}'
    retain: true
    expiry: 5

devices:
  - name: printer
    driver: escpos
    port: /dev/ttyUSB1
    stop_bits: 1.5
    write_expiry: 60

tickets: []

rules:
  - name: 'no: 1'
    sources:
      - topic: in
      - packets: true
    condition: |-
      readings.t > 1.0 &&
      readings.t < 5.0
    transform:
      z: device
      a: payload.x
    sample: |
      {"x": 1}
    actions:
      - publish: out
      - write: printer

meter_defaults: []

meters: []

alerts: []
"""
    )


@pytest.mark.django_db
def test_an_empty_hub_exports_empty_sections() -> None:
    assert read_document(export_config().encode()).value == {
        "version": 1,
        "brokers": [],
        "topics": [],
        "devices": [],
        "tickets": [],
        "meter_defaults": [],
        "meters": [],
        "alerts": [],
        "rules": [],
    }


@pytest.mark.django_db
def test_a_secret_typed_on_the_web_is_only_hinted_at() -> None:
    Broker.objects.create(
        name="plant-1", host="localhost", password="swordfish", tls_certificate="/etc/ssl/hub.pem", tls_key=PEM
    )
    text = export_config()
    assert "swordfish" not in text
    assert "PRIVATE KEY" not in text
    assert "    # password: {env: PLANT_1_PASSWORD}  <- typed on the web" in text
    assert "    # tls: {key: {file: /path/of/key.pem}}  <- typed on the web" in text


@pytest.mark.django_db
def test_an_import_of_the_export_changes_nothing_and_rebuilds_an_empty_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANT_PASSWORD", "swordfish")
    fill()
    text = export_config()
    assert import_config(text.encode(), prune=True).changes == []
    for model in (Rule, Topic, Device, Broker):
        model.objects.all().delete()
    import_config(text.encode())
    assert export_config() == text


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
    | st.sampled_from(list("\n\r\t '\"#:{}[]|>-&*!%@`,?\\\x85\u2028\u2029\ufeff\u00a0"))
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(TEXT, parts, max_size=4),
    max_leaves=10,
)


@given(JSON, TEXT | st.sampled_from(["a", "no", "1"]))
@example({"env": ":0"}, "password")
@example({":0": None}, "?0")
def test_any_values_are_read_as_they_were_written(value: Any, key: str) -> None:
    text = to_yaml({"section": [{key: value}]})
    assert read_document(text.encode()).value == {"section": [{key: value}]}


class RoundTripTests(TestCase):
    """Each example is rolled back by hypothesis' own TestCase."""

    @given(payload=TEXT, sample=TEXT, metric=TEXT, keys=st.sets(TEXT.filter(str.isprintable).filter(bool), max_size=3))
    @settings(max_examples=50, deadline=None)
    def test_any_stored_text_comes_back(self, payload: str, sample: str, metric: str, keys: set[str]) -> None:
        """Whatever was typed, in whatever script, with whatever line ends."""
        Broker.objects.create(name="no", host="localhost", will_topic="a", will_payload=payload)
        Device.objects.create(name="1.0", driver="lines", port="/dev/ttyUSB0", options={"metric": metric})
        transform = json.dumps(dict.fromkeys(keys, "device")) if keys else ""
        Rule.objects.create(name="null", sample=sample, transform=transform)
        assert import_config(export_config().encode()).changes == []


@pytest.mark.django_db
def test_the_commands_speak_to_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hub.yaml").write_text("version: 1\nbrokers:\n  - {name: plant, host: localhost, port: 8883}\n")
    call_command("import_config", "hub.yaml", "--dry-run")
    assert capsys.readouterr().out == "+ broker plant\nDry run, nothing was changed: 1 added, 0 unchanged.\n"
    call_command("import_config", "hub.yaml")
    told = capsys.readouterr()
    assert told.out == "+ broker plant\nDone: 1 added, 0 unchanged.\n"
    assert told.err == "hub.yaml:3: warning: brokers[0]: Port 8883 usually speaks TLS, and TLS is off.\n"
    call_command("import_config", "hub.yaml")
    assert capsys.readouterr().out == "Nothing to change.\n"
    call_command("export_config", output="out.yaml")
    assert "port: 8883" in Path("out.yaml").read_text()
    call_command("export_config")
    assert capsys.readouterr().out == Path("out.yaml").read_text()


@pytest.mark.django_db
def test_the_import_command_ends_with_every_fault_and_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hub.yaml").write_text("version: 1\nbrokers:\n  - {name: plant, host: localhost, port: 0, prt: 1}\n")
    with pytest.raises(CommandError, match=r"Nothing was changed: 2 faults\.") as caught:
        call_command("import_config", "hub.yaml")
    assert caught.value.returncode == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition(": ")[0] for line in lines] == ["hub.yaml:3: brokers[0].port", "hub.yaml:3: brokers[0].prt"]


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(CommandError, match=r"/nonexistent: No such file or directory\. Nothing was changed\."):
        call_command("import_config", "/nonexistent")


@pytest.mark.django_db
def test_what_a_browser_sent_in_lines_is_exported_as_lines() -> None:
    ticket = TicketTemplate(name="weighing", template="{{ line() }}\r\n{{ cut() }}")
    rule = Rule(name="hot", condition="readings.t > 1.0 &&\r\nreadings.t < 5.0")
    for row in (ticket, rule):
        row.full_clean()
        row.save()
    text = export_config()
    assert "\\r" not in text
    for lines in ("    {{ line() }}\n      {{ cut() }}\n", "readings.t > 1.0 &&\n"):
        assert lines in text
