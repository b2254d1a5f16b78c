"""Discovery as a Broker has it: its checks, its shapes, and what follows for session, subscriptions and pipeline."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from bridges.config_file.importer import import_config
from bridges.config_file.reader import read_document
from bridges.config_file.writer import export_config
from bridges.models import Broker, Topic
from bridges.pipeline.compilation import compile_snapshot
from bridges.runtime.wanted import wanted_links
from bridges.sessions import mqtt_settings
from devices.models import Device
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
SHAPE = {"enabled": True, "prefix": "ha", "state_prefix": "plant/hub"}


def home(**changes: Any) -> Broker:
    return Broker(**{"name": "home", "host": "127.0.0.1", "discovery_enabled": True} | changes)


def faults_of(broker: Broker) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        broker.full_clean()
    return caught.value.message_dict


@pytest.mark.parametrize("prefix", ["", "a/#", "+", "/ha", "ha/", "$SYS/ha", "a\x00b"])
@pytest.mark.parametrize("field", ["discovery_prefix", "discovery_state_prefix"])
def test_a_prefix_that_no_topic_can_begin_with_is_refused_at_its_field(field: str, prefix: str) -> None:
    assert set(faults_of(home(**{field: prefix}))) == {field}


@pytest.mark.parametrize("state_prefix", ["homeassistant", "homeassistant/hub"])
def test_states_do_not_stand_within_the_discovery_prefix(state_prefix: str) -> None:
    assert set(faults_of(home(discovery_state_prefix=state_prefix))) == {"discovery_state_prefix"}
    home(discovery_state_prefix="homeassistants").full_clean()


def test_the_database_holds_no_empty_prefix() -> None:
    with pytest.raises(IntegrityError, match=r"broker_discovery_prefixes_are_given|CHECK"):
        home(discovery_prefix="").save()


@pytest.mark.parametrize(
    ("payload", "is_retained", "word"), [("", True, "empty"), ("online", True, "'online'"), ("gone", False, "retained")]
)
def test_a_will_of_the_users_own_must_tell_home_assistant_that_the_hub_is_gone(
    payload: str, is_retained: bool, word: str
) -> None:
    row = home(will_topic="hub", will_payload=payload, will_retain=is_retained)
    assert word in faults_of(row)["will_topic"][0]
    row.discovery_enabled = False
    row.full_clean()


def test_without_a_will_of_the_users_own_the_session_says_that_the_hub_is_gone_also_at_a_planned_end() -> None:
    settings = mqtt_settings(home())
    assert (settings.will_topic, settings.will_payload, settings.will_qos, settings.will_retain) == (
        "patchbay/status",
        b"offline",
        1,
        True,
    )
    assert settings.has_parting_will
    own = mqtt_settings(home(will_topic="hub", will_payload="gone", will_qos=0))
    assert (own.will_topic, own.will_payload, own.will_qos) == ("hub", b"gone", 0)
    off = mqtt_settings(home(discovery_enabled=False))
    assert (off.will_topic, off.has_parting_will) == ("", False)


def test_it_hears_of_a_start_of_home_assistant_without_a_topic_and_a_topic_of_the_same_filter_comes_first() -> None:
    broker = home(discovery_prefix="ha")
    broker.save()
    Topic.objects.create(name="mine", broker=broker, filter="ha/status")
    subscriptions = wanted_links("main")[0]["broker:home"].subscriptions
    assert [(one.name, one.filter) for one in subscriptions] == [
        ("mine", "ha/status"),
        ("(Home Assistant)", "ha/status"),
        ("(Home Assistant)", "homeassistant/status"),
    ]
    assert len({one.identifier for one in subscriptions}) == 3
    Broker.objects.update(discovery_enabled=False)
    assert [one.name for one in wanted_links("main")[0]["broker:home"].subscriptions] == ["mine"]


def test_the_pipeline_knows_enabled_brokers_that_ask_for_it_and_enabled_devices() -> None:
    Device.objects.create(name="hall")
    Device.objects.create(name="old", is_enabled=False)
    home(discovery_enabled=False).save()
    snapshot = compile_snapshot()
    assert (snapshot.discovery, snapshot.discovered) == ({}, frozenset())
    Broker.objects.update(discovery_enabled=True)
    snapshot = compile_snapshot()
    assert (list(snapshot.discovery), snapshot.discovered) == (["broker:home"], frozenset({"hall"}))
    Broker.objects.update(is_enabled=False)
    assert compile_snapshot().discovery == {}


def test_over_rest_it_is_one_object_and_faults_stand_at_their_place() -> None:
    client = staff_client()
    body = {"name": "home", "host": "127.0.0.1", "discovery": SHAPE}
    answer = client.post("/api/v1/brokers", body, content_type="application/json")
    assert answer.json()["discovery"] == SHAPE
    row = Broker.objects.get()
    assert (row.discovery_enabled, row.discovery_prefix, row.discovery_state_prefix) == (True, "ha", "plant/hub")
    change = {"discovery": {"state_prefix": "ha/x"}}
    answer = client.patch("/api/v1/brokers/home", change, content_type="application/json")
    assert [error["path"] for error in answer.json()["errors"]] == ["/discovery/state_prefix"]


def test_the_config_file_says_what_is_not_usual_and_takes_it_back_in() -> None:
    home(discovery_state_prefix="plant").save()
    text = export_config().encode()
    assert read_document(text).value["brokers"][0]["discovery"] == {"enabled": True, "state_prefix": "plant"}
    Broker.objects.all().delete()
    import_config(text)
    row = Broker.objects.get()
    assert (row.discovery_enabled, row.discovery_prefix, row.discovery_state_prefix) == (True, "homeassistant", "plant")
