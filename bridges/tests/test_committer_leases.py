"""What a committer writes of links that it does not hold any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event

import pytest

from bridges.announcing import Silence
from bridges.couriers.courier import Courier
from bridges.pipeline.committer import Committer
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox
from bridges.tests.link_host import wait_until
from bridges.tests.test_courier import LinkDouble
from bridges.tests.test_decisions import snapshot
from telemetry.links import LinkReport, LinkState
from telemetry.models import Lease, LinkStatus

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "broker:plant"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def lost() -> Event:
    return Event()


@pytest.fixture
def committer(inbox: Inbox, lost: Event) -> Iterator[Committer]:
    """It holds the link by the token 4."""
    committer = Committer(
        "test",
        inbox=inbox,
        handover=Handover("hub1", Silence()),
        snapshot=snapshot(),
        on_lease_lost=lambda links: lost.set(),
    )
    link = LinkDouble(KEY)
    committer.handover.add(Courier(link, is_write=False), now=NOW, carries_marks=True)
    committer.sources[KEY], committer.tokens[KEY] = link, 4
    committer.start()
    yield committer
    assert committer.stop(10)


def lease(token: int) -> None:
    Lease.objects.create(key=KEY, owner="somebody", token=token, expires_at=NOW)


def test_the_state_of_a_held_link_is_written(committer: Committer, inbox: Inbox) -> None:
    lease(4)
    inbox.report(LinkReport(KEY, LinkState.CONNECTED))
    wait_until(lambda: LinkStatus.objects.filter(key=KEY, state="connected").exists())


def test_the_state_of_a_lost_link_is_not_written_over_that_of_its_holder(
    committer: Committer, inbox: Inbox, lost: Event
) -> None:
    lease(5)
    LinkStatus.objects.create(key=KEY, state="connected")
    inbox.report(LinkReport(KEY, LinkState.LOST, "session taken over"))
    assert lost.wait(10)
    inbox.report(LinkReport(KEY, LinkState.WAITING))
    inbox.report(LinkReport("broker:other", LinkState.DISABLED))
    wait_until(lambda: LinkStatus.objects.filter(key="broker:other").exists())
    assert LinkStatus.objects.get(key=KEY).state == "connected"
