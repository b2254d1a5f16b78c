"""Searching by values: in parts, by the index or one by one, it finds the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from telemetry.api import value_search
from telemetry.api.messages import find_messages, search_messages
from telemetry.api.time_limits import TookTooLong, limited, limited_search
from telemetry.api.value_search import ValueSearch, containing, first_id_of_month
from telemetry.ids import lowest_id, time_of
from telemetry.models import Message
from telemetry.tests.api_support import add_message, id_at, staff_client

URL = "/api/v1/messages"
times = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(times)
def test_the_month_of_an_id_begins_with_its_first_id(at: datetime) -> None:
    start = first_id_of_month(lowest_id(at))
    assert time_of(start) == at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert start <= lowest_id(at)
    assert first_id_of_month(start) == start


def test_a_path_is_a_document_for_the_index() -> None:
    assert containing(["a", "b"], [5]) == Q(decoded__contains={"a": {"b": 5}})


def test_a_number_in_a_path_is_a_key_or_a_place() -> None:
    condition = containing(["a", "0"], ["x"])
    assert condition == Q(decoded__contains={"a": {"0": "x"}}) | Q(decoded__contains={"a": ["x"]})


def test_a_path_of_many_numbers_is_not_asked_of_the_index() -> None:
    assert containing(["0", "1", "2", "3"], ["x"]) is None


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_search, "RECENT", (2, 4))


def add_over_months() -> None:
    for number in range(24):
        decoded = {"state": "on" if number % 3 else "off", "battery": {"level": number % 5}, "list": [number % 2, "x"]}
        at = id_at(datetime(2025, 1, 10, tzinfo=UTC) + timedelta(days=20 * number))
        add_message(id=at, decoded=decoded, device=f"d{number % 2}")


@pytest.mark.django_db
@pytest.mark.database("postgresql")
@pytest.mark.usefixtures("_small_parts")
@pytest.mark.parametrize(
    "query",
    [
        {"key": "state", "value": "off"},
        {"key": "state", "value": "nothing"},
        {"key": "battery.level", "value": "3"},
        {"key": "list.0", "value": "1"},
        {"key": "list.1", "value": "x"},
        {"key": "state", "value": "on", "device": "d1"},
        {"key": "state", "value": "on", "start_time": datetime(2025, 6, 1, tzinfo=UTC)},
    ],
)
@pytest.mark.parametrize("many", [0, 1000])
def test_a_search_in_parts_finds_what_one_query_finds(
    query: dict[str, Any], many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_search, "MANY", many)
    add_over_months()
    search = search_messages(query)
    assert isinstance(search, ValueSearch)
    expected = list(find_messages(query).order_by("-id"))
    with limited_search():
        assert search.newest(100) == expected
        assert search.newest(3) == expected[:3]
        assert search.count(100) == len(expected)
        assert search.count(2) == min(2, len(expected))
        if len(expected) > 2:
            assert search.before(expected[1].id).newest(100) == expected[2:]


@pytest.mark.django_db
@pytest.mark.database("postgresql")
def test_a_rare_value_is_read_from_the_index() -> None:
    rows = Message.objects.filter(decoded__contains={"state": "off"})
    with limited_search(), value_search.only_bitmaps():
        assert "message_decoded" in rows.explain() or "decoded_idx" in rows.explain()
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone()[0] == "on"


@pytest.mark.django_db
@pytest.mark.database("postgresql")
def test_an_inner_limit_leaves_the_outer_one_as_it_was() -> None:
    with limited(10), connection.cursor() as cursor:
        with pytest.raises(TookTooLong), limited(0.05):
            cursor.execute("SELECT pg_sleep(5)")
        with limited(5):
            cursor.execute("SELECT 1")
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone()[0] not in ("0", "5s", "50ms")


@pytest.mark.django_db
@pytest.mark.parametrize("length", [1, 255, 256, 60_000])
def test_a_message_is_found_by_a_topic_of_any_length(length: int) -> None:
    message = add_message(0, topic="t" * length)
    add_message(1, topic="t" * (length + 1))
    assert list(search_messages({"topic": "t" * length}).newest(5)) == [message]


@pytest.mark.django_db
def test_a_text_that_is_a_topic_and_a_name_finds_both() -> None:
    one, other = add_message(0, topic="packets"), add_message(1, topic="a/b", topic_name="packets")
    assert search_messages({"topic": "packets"}).newest(5) == [other, one]


@pytest.mark.django_db
def test_a_hostile_path_is_only_a_path() -> None:
    add_message(0, decoded={"contains": 1, "isnull": {"x": 2}})
    client: Client = staff_client()
    for key, value, count in (("contains", "1", 1), ("isnull.x", "2", 1), ("isnull", "true", 0), ("x__y", "1", 0)):
        assert client.get(URL, {"key": key, "value": value}).json()["count"] == count
