"""What the live pages are told about configured brokers."""

from __future__ import annotations

import pytest

from bridges.models import Broker
from telemetry.live.snapshot import build_snapshot


@pytest.mark.django_db
def test_the_live_page_shows_brokers_as_links() -> None:
    Broker.objects.create(name="plant", label="The plant", host="localhost")
    Broker.objects.create(name="spare", host="localhost", is_enabled=False)
    assert [(link["key"], link["label"], link["state"]) for link in build_snapshot()["links"]] == [
        ("broker:plant", "The plant", "waiting"),
        ("broker:spare", "spare", "disabled"),
    ]
