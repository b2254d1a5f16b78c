"""The watch in a worker: it evaluates, tells people through a real service, and only one worker does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import orjson
import pytest

from bridges.models import Broker
from bridges.notices import Messenger, check_targets
from bridges.runtime.alert_watch import LEASE, AlertWatch
from bridges.runtime.leases import Holder, Leases
from bridges.tests.http_receiver import Receiver, running_receiver
from bridges.tests.link_host import wait_until
from telemetry.models import Alert, AlertRule, Lease

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def service() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


def a_rule(service: Receiver | None = None, **options: Any) -> AlertRule:
    Broker.objects.create(name="plant", host="127.0.0.1")
    address = service.url.replace("http://", "json://") if service else ""
    given = {"for_s": 0, "clear_s": 0} | options
    return AlertRule.objects.create(name="links", label="Links", kind="link-down", options=given, notify=address)


def watch(pid: int = 1) -> AlertWatch:
    return AlertWatch(Leases(Holder("here/test", pid, 1)), every_s=0.02)


def test_a_broker_that_is_down_opens_an_alert_and_people_are_told_twice(service: Receiver) -> None:
    a_rule(service)
    made = watch()

    made.look(NOW)
    made.look(NOW + timedelta(seconds=5))
    Broker.objects.update(is_enabled=False)
    made.look(NOW + timedelta(minutes=3))

    assert Alert.objects.get().state == "cleared"
    said = [orjson.loads(request.body) for request in service.received]
    assert [(one["title"], one["type"]) for one in said] == [
        ("[warning] Links: broker:plant", "warning"),
        ("[over] Links: broker:plant", "success"),
    ]
    assert "good again after 3 min" in said[1]["message"]


def test_without_anybody_to_tell_an_alert_is_only_shown() -> None:
    a_rule()

    watch().look(NOW)

    alert = Alert.objects.get()
    assert (alert.state, alert.notice) == ("open", "")


def test_a_service_that_is_away_is_tried_again_and_the_fault_is_kept(service: Receiver) -> None:
    rule = a_rule(service)
    service.statuses = [500, 200]
    watch().look(NOW)
    assert (Alert.objects.get().notice, bool(Alert.objects.get().notice_fault)) == ("open", True)

    Messenger().tell([rule], Event())

    assert (Alert.objects.get().notice, Alert.objects.get().notice_fault) == ("", "")
    assert len(service.received) == 2


def test_a_service_that_is_away_is_not_asked_at_each_look(service: Receiver) -> None:
    rule = a_rule(service)
    service.statuses = [500]
    watch().look(NOW)
    asked_before = len(service.received)
    patient = Messenger(clock=lambda: 0.0)

    for _ in range(3):
        patient.tell([rule], Event())

    assert len(service.received) == asked_before + 1


def test_a_restart_neither_opens_nor_tells_again(service: Receiver) -> None:
    a_rule(service)

    watch().look(NOW)
    watch().look(NOW + timedelta(seconds=5))

    assert Alert.objects.count() == 1
    assert len(service.received) == 1


def test_the_running_watch_works_under_a_lease_that_keeps_others_out() -> None:
    a_rule()
    first, second = watch(1), AlertWatch(Leases(Holder("there/test", 2, 1)), every_s=0.02)
    first.start()
    wait_until(Alert.objects.exists)
    Alert.objects.all().delete()
    Lease.objects.update(expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert Lease.objects.get(key=LEASE).owner == "here/test:1:1"

    assert not second.has_lease()
    assert first.stop(5)
    assert second.has_lease()


def test_a_rule_that_cannot_work_costs_no_other() -> None:
    a_rule()
    AlertRule.objects.create(name="a-broken-one", kind="nonsense")

    watch().look(NOW)

    assert Alert.objects.filter(rule="links", state="open").exists()


def test_a_disabled_rule_lets_its_alerts_go() -> None:
    a_rule()
    made = watch()
    made.look(NOW)
    AlertRule.objects.update(is_enabled=False)

    made.look(NOW + timedelta(seconds=5))

    assert Alert.objects.get().state == "cleared"


def test_an_address_that_nobody_knows_is_named_without_telling_it() -> None:
    assert check_targets(["json://127.0.0.1:1"]) == ""
    fault = check_targets(["json://127.0.0.1:1", "nonsense://s3cret"])
    assert fault.startswith("Address 2")
    assert "s3cret" not in fault
