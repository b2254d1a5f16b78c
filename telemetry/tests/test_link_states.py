"""What pages are told about a link whose worker vanished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from telemetry.link_states import NOT_HELD, honest_states
from telemetry.models import Lease, LinkStatus

pytestmark = pytest.mark.django_db


def link(state: str, *, lease_for_s: float) -> LinkStatus:
    now = datetime.now(UTC)
    LinkStatus.objects.create(key="device:scale", state=state, connected_since=now, detail="/dev/ttyUSB0")
    Lease.objects.create(key="device:scale", owner="w", expires_at=now + timedelta(seconds=lease_for_s))
    return honest_states()["device:scale"]


def test_a_link_with_a_lease_is_what_its_worker_says() -> None:
    assert link("connected", lease_for_s=60).state == "connected"


def test_a_link_whose_lease_ran_out_waits_for_a_worker() -> None:
    row = link("connected", lease_for_s=-60)
    assert (row.state, row.detail, row.connected_since) == ("waiting", NOT_HELD, None)


def test_a_refusal_stays_one_without_a_worker() -> None:
    assert link("refused", lease_for_s=-60).state == "refused"


def test_only_the_asked_links_are_told() -> None:
    link("connected", lease_for_s=60)
    assert honest_states(["device:other", ""]) == {}
