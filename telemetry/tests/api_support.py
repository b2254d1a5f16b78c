"""What the tests of the API share: a signed-in member of staff, and rows of history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.test import Client

from telemetry.ids import lowest_id
from telemetry.models import Message

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def staff_client() -> Client:
    """A client whose session may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    return client


def id_at(at: datetime, number: int = 0) -> UUID:
    """An id that the hub would have given at this time."""
    return UUID(int=lowest_id(at).int + number)


def add_message(seconds: float = 0, **values: Any) -> Message:
    """A message that arrived so many seconds after noon."""
    at = NOON + timedelta(seconds=seconds)
    given: dict[str, Any] = {"received_at": at, "source": "broker:plant", "payload": b"{}"} | values
    return Message.objects.create(id=given.pop("id", id_at(at)), **given)
