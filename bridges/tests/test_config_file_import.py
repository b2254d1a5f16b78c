"""Importing a config file: all of it or nothing, each fault with its line, nothing removed or overwritten unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridges.config_file.faults import ConfigFileRefused
from bridges.config_file.importer import Report, import_config
from bridges.models import Broker, Rule, Topic
from devices.models import Device
from telemetry.models import ConfigurationVersion

pytestmark = pytest.mark.django_db

FILE = """\
version: 1
rules:
  - name: meter to central
    sources: [{topic: meter-seconds}]
    condition: "readings.active_power >= 0.0"
    transform: {id: device, time: payload.time, active_power: readings.active_power}
    actions: [{publish: central-seconds}]
  - name: print weights
    sources: [{device: scale}, {packets: true}]
    actions: [{publish: central-seconds}, {write: printer}]
topics:
  - {name: meter-seconds, broker: meters, direction: in, filter: MQTT_RT_DATA, qos: 1, device: scale}
  - {name: central-seconds, broker: plant, direction: out, filter: "kpm33b/{device}/seconds"}
devices:
  - {name: scale, driver: lines, port: /dev/ttyUSB_SCALE, options: {decimal_comma: true}}
  - {name: printer, driver: escpos, port: /dev/ttyUSB_PRINTER, baud: 115200, site: main}
brokers:
  - name: plant
    host: mqtt.example.org
    port: 8883
    protocol: 5
    username: hub
    password: {env: PLANT_PASSWORD}
    tls: {enabled: true, ca: /etc/ssl/plant.pem, min_version: "1.2"}
    session_expiry: 86400
  - {name: meters, host: localhost}
"""


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANT_PASSWORD", "swordfish")


def run(text: str, **options: bool) -> Report:
    return import_config(text.encode(), **options)


def faults_of(text: str, **options: bool) -> list[str]:
    with pytest.raises(ConfigFileRefused) as caught:
        run(text, **options)
    return [str(fault) for fault in caught.value.faults]


def broker(**keys: Any) -> str:
    fields = {"name": "plant", "host": "localhost"} | keys
    return "version: 1\nbrokers:\n  - {" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}\n"


def changes(report: Report) -> list[str]:
    return [str(change) for change in report.changes]


def test_every_section_becomes_rows_in_any_order_of_sections() -> None:
    report = run(FILE)
    assert changes(report) == [
        "+ broker plant",
        "+ broker meters",
        "+ device scale",
        "+ device printer",
        "+ topic meter-seconds",
        "+ topic central-seconds",
        "+ rule meter to central",
        "+ rule print weights",
    ]
    plant, rule = Broker.objects.get(name="plant"), Rule.objects.get(name="print weights")
    assert (plant.password, plant.password_reference) == ("swordfish", "env:PLANT_PASSWORD")
    assert plant.tls_ca == "/etc/ssl/plant.pem"
    assert [str(source) for source in rule.sources.all()] == ["scale", "packets"]
    assert [(action.position, action.kind) for action in rule.actions.all()] == [(0, "publish"), (1, "write")]


def test_a_second_import_changes_nothing_and_wakes_no_process() -> None:
    run(FILE)
    version = ConfigurationVersion.current()
    rule_versions = list(Rule.objects.values_list("version", flat=True))
    report = run(FILE)
    assert (report.changes, report.unchanged) == ([], 8)
    assert ConfigurationVersion.current() == version
    assert list(Rule.objects.values_list("version", flat=True)) == rule_versions


def test_a_change_is_told_field_by_field() -> None:
    run(FILE)
    text = FILE.replace("port: 8883", "port: 8884").replace("decimal_comma: true", "decimal_comma: false")
    text = text.replace('min_version: "1.2"', 'min_version: "1.3"').replace("{device: scale}, {p", "{p")
    assert changes(run(text)) == [
        '~ broker plant\n    port: 8883 -> 8884\n    tls.min_version: "1.2" -> "1.3"',
        "~ device scale\n    options.decimal_comma: true -> false",
        '~ rule print weights\n    sources: [{"device": "scale"}, {"packets": true}] -> [{"packets": true}]',
    ]


def test_a_key_that_is_left_out_goes_back_to_its_default() -> None:
    run(FILE)
    assert changes(run(FILE.replace("baud: 115200, ", ""))) == ["~ device printer\n    baud: 115200 -> 9600"]


def test_another_order_of_the_transform_is_a_change() -> None:
    run(FILE)
    text = FILE.replace("id: device, time: payload.time,", "time: payload.time, id: device,")
    assert "order of transform" in changes(run(text))[0]
    assert list(Rule.objects.get(name="meter to central").transform.split('"'))[1] == "time"


def test_a_changed_secret_is_told_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    run(FILE)
    monkeypatch.setenv("PLANT_PASSWORD", "perch")
    assert changes(run(FILE)) == ["~ broker plant\n    password: changed"]
    assert Broker.objects.get(name="plant").password == "perch"


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("sword\n")
    run(broker(password=f"{{file: {secret}}}"))
    plant = Broker.objects.get()
    assert (plant.password, plant.password_reference) == ("sword", f"file:{secret}")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("{env: NOT_SET_ANYWHERE}", "no NOT_SET_ANYWHERE"),
        ("{file: /nonexistent}", "cannot be read"),
        ("plain", "is a reference: {env: NAME}"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_fault(password: str, said: str) -> None:
    (fault,) = faults_of(broker(password=password))
    assert fault.startswith("3: brokers[0].password: ")
    assert said in fault
    assert "plain" not in fault


def test_a_reference_that_is_left_out_takes_its_secret_along() -> None:
    run(broker(password="{env: PLANT_PASSWORD}"))
    assert changes(run(broker())) == ["~ broker plant\n    password: changed"]
    assert Broker.objects.get().password == ""


def test_a_password_typed_on_the_web_stays() -> None:
    run(broker())
    Broker.objects.update(password="typed")
    assert changes(run(broker())) == []
    assert changes(run(broker(username="hub"))) == ['~ broker plant\n    username: (none) -> "hub"']
    assert Broker.objects.get().password == "typed"


def test_every_fault_is_told_with_its_line_and_place_and_nothing_is_changed() -> None:
    text = """\
version: 1
brokers:
  - name: plant
    host: mqtt://plant
    port: 99999
    tls:
      min_version: "1.0"
      cs: /etc/x.pem
  - {host: localhost}
  - {name: fine, host: localhost}
devices:
  - {name: scale, driver: lines, port: /dev/ttyUSB0, options: {decimal_coma: true}}
rules:
  - name: r
    sources: [{packets: true}, {topic: nowhere}]
    actions: []
    whenn: x
"""
    found = faults_of(text)
    assert [fault.partition(": ")[0] + " " + fault.split(": ")[1] for fault in found] == [
        "4 brokers[0].host",
        "5 brokers[0].port",
        "7 brokers[0].tls.min_version",
        "8 brokers[0].tls.cs",
        "9 brokers[1].name",
        "12 devices[0].options",
        "15 rules[0].sources[1].topic",
        "17 rules[0].whenn",
    ]
    assert "Did you mean ca?" in found[3] or "Known are" in found[3]
    assert "decimal_coma" in found[5]
    assert not Broker.objects.exists()
    assert ConfigurationVersion.current() == 1


def test_what_only_follows_from_another_fault_is_not_told() -> None:
    text = FILE.replace("host: localhost", "host: mqtt://localhost")
    assert [fault.split(": ")[1] for fault in faults_of(text)] == ["brokers[1].host"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must start with `version: 1`"),
        ("- version: 1", "must start with `version: 1`"),
        ("brokers: []", "`version: 1` is missing"),
        ("version: 2", "1: version: This hub reads version 1."),
        ("version: true", "This hub reads version 1."),
        ("version: 1\nbroker: []", "2: broker: This key is unknown. Did you mean brokers?"),
        ("version: 1\nbrokers: {a: b}", "2: brokers: This must be a list."),
        ("version: 1\nbrokers: [plant]", "2: brokers[0]: A broker is written as keys and values."),
        ("version: 1\nbrokers:\n  - {name: 5, host: a}", "3: brokers[0].name: A name is text; put it in quotes."),
        ("version: 1\nbrokers:\n  - {name: a, host: a, password_set: true}", "password_set: This key is unknown."),
    ],
)
def test_a_wrong_frame_is_explained(text: str, said: str) -> None:
    assert said in faults_of(text)[0]


def test_a_name_that_stands_twice_is_a_fault() -> None:
    text = "version: 1\nbrokers:\n  - {name: a, host: x}\n  - {name: a, host: y}\n"
    assert faults_of(text) == ["4: brokers[1].name: The broker 'a' stands already in line 3."]


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    told = changes(run(FILE, dry_run=True))
    assert not Broker.objects.exists()
    assert ConfigurationVersion.current() == 1
    assert told == changes(run(FILE))


def test_nothing_is_removed_without_prune() -> None:
    run(FILE)
    assert run("version: 1\nbrokers: []\ntopics: []\ndevices: []\nrules: []\n").changes == []
    assert Rule.objects.count() == 2


def test_prune_removes_what_a_section_does_not_name_and_leaves_absent_sections_alone() -> None:
    run(FILE)
    report = run(
        "version: 1\nrules: []\ntopics:\n  - {name: meter-seconds, broker: meters, direction: in, filter: a}\n",
        prune=True,
    )
    assert changes(report)[:3] == [
        "- rule meter to central",
        "- rule print weights",
        "- topic central-seconds",
    ]
    assert (Broker.objects.count(), Device.objects.count(), Topic.objects.count()) == (2, 2, 1)


def test_rows_edited_on_the_web_are_not_overwritten() -> None:
    run(FILE)
    Topic.objects.filter(name="meter-seconds").update(qos=2, edited_on_web=True)
    (fault,) = faults_of(FILE)
    assert fault.startswith("12: topics[0]: The topic 'meter-seconds' was edited on the web")
    assert Topic.objects.get(name="meter-seconds").qos == 2


def test_rows_edited_on_the_web_are_not_pruned() -> None:
    run(FILE)
    Rule.objects.filter(name="print weights").update(edited_on_web=True)
    assert "'print weights' was edited" in faults_of("version: 1\nrules: []\n", prune=True)[0]
    assert Rule.objects.count() == 2


def test_force_overwrites_rows_edited_on_the_web() -> None:
    run(FILE)
    Topic.objects.filter(name="meter-seconds").update(qos=2, edited_on_web=True)
    assert changes(run(FILE, force=True)) == ["~ topic meter-seconds\n    qos: 2 -> 1"]
    topic = Topic.objects.get(name="meter-seconds")
    assert (topic.qos, topic.edited_on_web) == (1, False)


def test_a_web_edit_that_the_file_has_taken_over_is_no_longer_guarded() -> None:
    run(FILE)
    Topic.objects.filter(name="meter-seconds").update(qos=2, edited_on_web=True)
    version = ConfigurationVersion.current()
    taken_over = FILE.replace("MQTT_RT_DATA, qos: 1", "MQTT_RT_DATA, qos: 2")
    assert run(taken_over).changes == []
    assert ConfigurationVersion.current() == version
    assert len(run(FILE).changes) == 1


def test_two_devices_may_swap_their_ports() -> None:
    run(FILE)
    text = FILE.replace("USB_SCALE", "USB_X").replace("USB_PRINTER", "USB_SCALE").replace("USB_X", "USB_PRINTER")
    assert len(run(text).changes) == 2
    assert Device.objects.get(name="scale").port == "/dev/ttyUSB_PRINTER"


def test_two_topics_may_swap_their_filters() -> None:
    both = "version: 1\nbrokers: [{{name: b, host: x}}]\ntopics:\n" + "".join(
        f"  - {{{{name: {name}, broker: b, direction: in, filter: {{{name}}}}}}}\n" for name in ("one", "two")
    )
    run(both.format(one="a/b", two="c/d"))
    assert len(run(both.format(one="c/d", two="a/b")).changes) == 2


def test_a_topic_may_turn_round_together_with_its_rule() -> None:
    head = "version: 1\nbrokers: [{name: b, host: x}]\n"
    run(
        head + "topics: [{name: t, broker: b, direction: in, filter: a}]\n"
        "rules: [{name: r, sources: [{topic: t}], actions: []}]\n"
    )
    run(
        head + "topics: [{name: t, broker: b, direction: out, filter: a}]\n"
        "rules: [{name: r, sources: [{packets: true}], actions: [{publish: t}]}]\n"
    )
    assert Topic.objects.get().direction == "out"


def test_a_doubtful_setting_is_imported_with_a_warning() -> None:
    (warning,) = run(broker(port=8883)).warnings
    assert (warning.line, warning.message) == (3, "Port 8883 usually speaks TLS, and TLS is off.")
