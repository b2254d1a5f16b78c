"""`GET readings`: raw and summed up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry.api import buckets
from telemetry.api.queries import encode_cursor
from telemetry.models import StoredReading
from telemetry.tests.api_support import NOON, id_at, staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/readings"


@pytest.fixture
def client() -> Client:
    return staff_client()


def add(seconds: float, value: float, device: str = "scale", metric: str = "weight", lag_s: float = 0) -> None:
    at = NOON + timedelta(seconds=seconds)
    row_id = id_at(at + timedelta(seconds=lag_s), StoredReading.objects.count())
    StoredReading.objects.create(
        id=row_id, message_id=row_id, device=device, metric=metric, value=value, unit="g", time=at
    )


def results(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def test_raw_readings_have_time_device_metric_value_and_unit(client: Client) -> None:
    add(0, 21.5)
    assert results(client) == [
        {"time": "2026-03-01T12:00:00Z", "device": "scale", "metric": "weight", "value": 21.5, "unit": "g"}
    ]


def test_readings_are_chosen_by_device_metric_and_span(client: Client) -> None:
    add(0, 1)
    add(1, 2)
    add(1, 3, device="other")
    add(1, 4, metric="tare")
    query = {"start_time": "2026-03-01T12:00:01Z", "end_time": "2026-03-01T12:00:02Z"}
    assert [row["value"] for row in results(client, device="scale", metric="weight", **query)] == [2]


def test_a_reading_is_found_by_the_devices_own_time(client: Client) -> None:
    add(0, 1, lag_s=3600)  # the device kept it for an hour
    assert len(results(client, start_time="2026-03-01T11:59:00Z", end_time="2026-03-01T12:01:00Z")) == 1
    assert results(client, start_time="2026-03-01T12:59:00Z", end_time="2026-03-01T13:01:00Z") == []


@pytest.mark.parametrize(
    ("bucket", "starts"),
    [
        ("1m", ["2026-03-01T12:01:00Z", "2026-03-01T12:00:00Z"]),
        ("1h", ["2026-03-01T12:00:00Z"]),
        ("1d", ["2026-03-01T00:00:00Z"]),
    ],
)
def test_a_bucket_starts_at_the_beginning_of_its_minute_hour_or_day(
    client: Client, bucket: str, starts: list[str]
) -> None:
    add(5, 1)
    add(65, 2)
    assert [row["time"] for row in results(client, bucket=bucket)] == starts


def test_a_bucket_has_min_max_mean_and_count_per_device_and_metric(client: Client) -> None:
    for value in (1, 2, 6):
        add(value, value)
    add(1, 9, device="other")
    other, scale = results(client, bucket="1m")
    assert (scale["min"], scale["max"], scale["mean"], scale["count"], scale["unit"]) == (1, 6, 3, 3, "g")
    assert (other["device"], other["count"]) == ("other", 1)


def test_following_next_gives_every_bucket_once_and_whole(client: Client) -> None:
    for minute in range(4):
        for device in ("a", "b"):
            for second in (0, 59):
                add(60 * minute + second, second, device=device)
    url: str | None = f"{URL}?bucket=1m&limit=3"
    seen: list[tuple[str, str, int]] = []
    while url:
        body = client.get(url).json()
        assert (body["count"], body["count_exact"]) == (8, True)
        seen += [(row["time"], row["device"], row["count"]) for row in body["results"]]
        url = body["next"]
    assert len(set(seen)) == len(seen) == 8
    assert {count for _, _, count in seen} == {2}
    assert [time for time, _, _ in seen] == sorted((time for time, _, _ in seen), reverse=True)


@pytest.mark.parametrize(
    ("name", "value"), [("bucket", "2m"), ("limit", "-1"), ("end_time", "x"), ("cursor", "W10"), ("cursor", "???")]
)
def test_a_bad_parameter_is_named(client: Client, name: str, value: str) -> None:
    answer = client.get(URL, {"bucket": "1m"} | {name: value})
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [name]


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_the_ends_of_the_calendar_are_no_fault(client: Client, year: str) -> None:
    add(0, 1)
    assert client.get(URL, {"start_time": f"{year}-06-01T00:00:00Z"}).status_code == 200
    assert client.get(URL, {"end_time": f"{year}-06-01T00:00:00Z"}).status_code == 200
    for bucket in ("1m", "1d"):
        for name in ("start_time", "end_time"):
            assert client.get(URL, {"bucket": bucket, name: f"{year}-12-31T23:59:59Z"}).status_code == 200
    seconds = 253_402_300_799 if year == "9999" else -62_135_596_800
    cursor = encode_cursor(orjson.dumps([seconds, "scale", "weight"]))
    assert client.get(URL, {"bucket": "1d", "cursor": cursor}).status_code in (200, 400)


def test_buckets_of_a_span_hold_only_its_readings(client: Client) -> None:
    for seconds in range(0, 600, 10):
        add(seconds, seconds)
    query = {"start_time": "2026-03-01T12:01:10Z", "end_time": "2026-03-01T12:03:20Z", "bucket": "1m"}
    assert [(row["time"][14:16], row["count"]) for row in results(client, **query)] == [("03", 2), ("02", 6), ("01", 5)]


def test_all_metrics_of_a_device_come_in_one_order(client: Client) -> None:
    for number in range(6):
        add(number, number, metric=f"m{number % 3}")
        add(number, 100, device="other")
    assert [row["value"] for row in results(client, device="scale")] == [5, 4, 3, 2, 1, 0]
    first = client.get(f"{URL}?device=scale&limit=4").json()
    assert (first["count"], first["count_exact"]) == (6, True)
    assert [row["value"] for row in client.get(first["next"]).json()["results"]] == [1, 0]


@pytest.mark.parametrize("bucket", ["1m", "1h", "1d"])
def test_buckets_are_found_behind_years_without_readings(client: Client, bucket: str) -> None:
    year_s = 365 * 86_400
    for seconds in (-3 * year_s, -year_s, 0):
        add(seconds, 1)
    body = client.get(f"{URL}?bucket={bucket}&limit=2").json()
    rest = client.get(body["next"]).json()["results"]
    assert [row["time"][:4] for row in body["results"] + rest] == ["2026", "2025", "2023"]
    assert (body["count"], body["count_exact"]) == (3, True)


def test_buckets_of_very_many_readings_are_estimated(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "MOST_COUNTED", -1)
    for minute in range(10):
        add(60 * minute, 1)
    body = client.get(f"{URL}?bucket=1m&limit=3").json()
    assert body["count_exact"] is False
    assert body["count"] >= 3


@given(
    st.lists(st.tuples(st.integers(0, 500_000), st.integers(-86_000, 86_000)), min_size=1, max_size=12),
    st.integers(1, 5),
    st.sampled_from(["1m", "1h", "1d"]),
    st.sampled_from(["", "&device=scale&metric=weight"]),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_of_buckets_hold_every_reading_once_newest_first_however_late_or_early_it_came(
    client: Client, readings: list[tuple[int, int]], limit: int, bucket: str, series: str
) -> None:
    StoredReading.objects.all().delete()
    for minute, lag_s in readings:
        add(-60.0 * minute, minute, lag_s=lag_s)
    url: str | None = f"{URL}?bucket={bucket}&limit={limit}{series}"
    found: list[dict[str, Any]] = []
    while url:
        body = client.get(url).json()
        found += body["results"]
        url = body["next"]
    assert sum(row["count"] for row in found) == len(readings)
    assert [row["time"] for row in found] == sorted({row["time"] for row in found}, reverse=True)
