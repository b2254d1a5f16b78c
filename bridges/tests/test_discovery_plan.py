"""What is due at a broker: said once, again when it changes, and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bridges.discovery.documents import Document, Metric, Subject, device_documents, hub_documents
from bridges.discovery.names import Names
from bridges.discovery.plan import SETTLING, Plan, Sent, plan

NAMES = Names("homeassistant", "patchbay")
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LATER = NOW + SETTLING
HUB = "homeassistant/binary_sensor/patchbay/status/config"
STATUS, STATE = "patchbay/status", "patchbay/scale/state"
WEIGHT, AVAILABLE = "homeassistant/sensor/patchbay_scale/weight/config", "patchbay/scale/availability"


def wanted(*metrics: str, birth: str = "", connection: str = "c1", is_present: bool = True) -> list[Document]:
    said = Subject("scale", metrics=[Metric(name, "g", 1.0) for name in metrics or ("weight",)], is_present=is_present)
    occasion = f"{connection} {birth}"
    return [
        *hub_documents(NAMES, connection=connection, occasion=occasion),
        *device_documents(NAMES, said, occasion=occasion),
    ]


def told(documents: Iterable[Document], at: datetime = NOW) -> dict[str, Sent]:
    return {one.topic: Sent(one.topic, one.kind, one.device, one.digest, one.occasion, at) for one in documents}


def due(documents: list[Document], sent: dict[str, Sent], at: datetime = LATER, connection: str = "c1") -> Plan:
    return plan(documents, sent, connection=connection, now=at)


def topics(found: Iterable[Document | Sent]) -> set[str]:
    return {one.topic for one in found}


def test_first_everything_is_said_but_the_state_which_follows_once_home_assistant_has_subscribed() -> None:
    documents = wanted()
    first = due(documents, {}, NOW)
    assert topics(first.send) == topics(documents) - {STATE}
    sent = told(first.send)
    assert due(documents, sent, LATER - timedelta(seconds=1)).send == []
    assert topics(due(documents, sent).send) == {STATE}
    assert due(documents, told(documents)) == Plan([], [], [])


def test_a_new_metric_is_told_and_then_the_state() -> None:
    documents = wanted("weight", "tare")
    more = due(documents, told(wanted()))
    assert topics(more.send) == {"homeassistant/sensor/patchbay_scale/tare/config"}
    sent = told(wanted()) | told(more.send, LATER)
    assert topics(due(documents, sent, LATER + SETTLING).send) == {STATE}


def test_a_start_of_home_assistant_brings_the_configs_and_then_the_state_again() -> None:
    documents = wanted(birth="b1")
    again = due(documents, told(wanted()))
    assert topics(again.send) == {WEIGHT, AVAILABLE, HUB}
    sent = told(wanted()) | told(again.send, LATER)
    assert topics(due(documents, sent, LATER + SETTLING).send) == {STATE}


def test_a_new_connection_brings_everything_again_as_the_broker_may_have_lost_it() -> None:
    assert topics(due(wanted(connection="c2"), told(wanted()), connection="c2").send) == topics(wanted()) - {STATE}


def test_silence_is_said_once() -> None:
    documents = wanted(is_present=False)
    assert topics(due(documents, told(wanted())).send) == {AVAILABLE}
    assert due(documents, told(documents)).send == []


def test_a_device_that_is_gone_is_taken_back_and_its_state_forgotten() -> None:
    only_hub = hub_documents(NAMES, connection="c1", occasion="c1 ")
    gone = due(only_hub, told(wanted()))
    assert (topics(gone.clear), topics(gone.forget), gone.send) == ({WEIGHT, AVAILABLE}, {STATE}, [])


def test_the_hubs_status_is_cleared_only_when_its_will_is_gone_with_the_old_connection() -> None:
    assert STATUS not in topics(due([], told(wanted()), connection="c1").clear)
    assert STATUS in topics(due([], told(wanted()), connection="c2").clear)


def test_a_topic_of_the_users_own_is_never_cleared() -> None:
    found = plan([], told(wanted()), connection="c2", now=LATER, others=[STATUS])
    assert STATUS not in topics(found.clear)
    assert STATUS in topics(found.forget)
