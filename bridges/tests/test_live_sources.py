"""What the live pages are told about configured brokers."""

from __future__ import annotations

import pytest

from bridges.models import Broker, Topic
from telemetry.live.snapshot import build_snapshot


@pytest.mark.django_db
def test_the_live_page_shows_brokers_as_links() -> None:
    Broker.objects.create(name="plant", label="The plant", host="localhost")
    Broker.objects.create(name="spare", host="localhost", is_enabled=False)
    assert [(link["key"], link["label"], link["state"]) for link in build_snapshot()["links"]] == [
        ("broker:plant", "The plant", "waiting"),
        ("broker:spare", "spare", "disabled"),
    ]


@pytest.mark.django_db
def test_messages_that_pass_through_have_a_link_of_their_own_on_the_live_page() -> None:
    plant = Broker.objects.create(name="plant", label="The plant", host="localhost")
    for name in ("a", "b"):
        Topic.objects.create(name=name, broker=plant, filter=name, is_stored=False)
    assert [(link["key"], link["label"]) for link in build_snapshot()["links"]] == [
        ("broker:plant", "The plant"),
        ("transit:plant", "The plant: passing through"),
    ]
