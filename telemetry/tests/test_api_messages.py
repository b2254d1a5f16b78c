"""`GET messages` and `GET packets`: filters, paging, counts, and how payloads are shown."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from telemetry.api import searches, time_limits
from telemetry.api.problems import Problem
from telemetry.models import Delivery
from telemetry.tests.api_support import NOON, add_message, id_at, staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/messages"


@pytest.fixture
def client() -> Client:
    return staff_client()


def found(client: Client, **query: Any) -> list[str]:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def fault_paths(client: Client, url: str = URL, **query: Any) -> list[str]:
    answer = client.get(url, query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    return [error["path"] for error in answer.json()["errors"]]


def test_messages_come_newest_first_in_an_envelope_with_an_exact_count(client: Client) -> None:
    old, new = add_message(0), add_message(1)
    body = client.get(URL).json()
    assert [row["id"] for row in body["results"]] == [str(new.id), str(old.id)]
    assert (body["count"], body["count_exact"], body["next"]) == (2, True, None)


def test_following_next_gives_every_message_once(client: Client) -> None:
    ids = [str(add_message(n).id) for n in range(7)]
    url: str | None = f"{URL}?limit=3&source=broker:plant"
    seen: list[str] = []
    while url:
        body = client.get(url).json()
        seen += [row["id"] for row in body["results"]]
        assert body["count"] == 7
        url = body["next"]
    assert seen == ids[::-1]


def test_a_page_does_not_shift_when_new_messages_arrive(client: Client) -> None:
    first, second = add_message(0), add_message(1)
    url = client.get(f"{URL}?limit=1").json()["next"]
    add_message(2)
    assert [row["id"] for row in client.get(url).json()["results"]] == [str(first.id)]
    assert second.id != first.id


def test_the_start_of_a_span_belongs_to_it_and_its_end_does_not(client: Client) -> None:
    _, inside, _ = add_message(-1), add_message(0), add_message(10)
    assert found(client, start_time="2026-03-01T12:00:00Z", end_time="2026-03-01T12:00:10Z") == [str(inside.id)]


def test_a_time_with_another_offset_or_without_one_is_understood(client: Client) -> None:
    message = add_message(0)
    assert found(client, start_time="2026-03-01T13:00:00+01:00") == [str(message.id)]
    assert found(client, start_time="2026-03-01T12:00:01") == []
    assert len(client.get(f"{URL}?start_time=2026-03-01T13:00:00+01:00").json()["results"]) == 1


def test_messages_are_found_by_device_topic_topic_name_and_source(client: Client) -> None:
    scale = add_message(0, device="scale", source="device:scale")
    meter = add_message(1, topic="rt/1", topic_name="meter-seconds")
    assert found(client, device="scale") == found(client, source="device:scale") == [str(scale.id)]
    assert found(client, topic="rt/1") == found(client, topic="meter-seconds") == [str(meter.id)]


@pytest.mark.parametrize(
    ("key", "value"),
    [("battery.level", "80"), ("battery.level", "80.0"), ("state", "on"), ("code", "007"), ("ok", "true")],
)
def test_a_value_is_found_at_a_nested_key_whatever_its_type(client: Client, key: str, value: str) -> None:
    decoded = {"battery": {"level": 80}, "state": "on", "code": "007", "ok": True}
    message = add_message(0, decoded=decoded)
    add_message(1, decoded={"battery": {"level": 81}, "state": "off", "code": 7, "ok": False})
    add_message(2, decoded=None)
    assert found(client, key=key, value=value) == [str(message.id)]


def test_a_key_alone_finds_the_messages_that_have_it(client: Client) -> None:
    message = add_message(0, decoded={"a": {"b": 0}})
    add_message(1, decoded={"a": {"c": 1}})
    assert found(client, key="a.b") == [str(message.id)]


@pytest.mark.parametrize("text", ["'; DROP TABLE telemetry_message; --", '" OR 1=1 --', "%", "a') OR ('1'='1", "$.x"])
def test_text_that_looks_like_sql_is_only_text(client: Client, text: str) -> None:
    add_message(0, decoded={"state": "on"})
    for name in ("key", "device", "topic", "source"):
        assert found(client, **{name: text}) == []
    assert found(client, key="state", value=text) == []
    assert len(found(client)) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "ten"),
        ("start_time", "yesterday"),
        ("start_time", "2026-13-01T00:00:00Z"),
        ("cursor", "garbage!"),
        ("cursor", "AAAA"),
        ("cursor", "é"),
        ("value", "5"),
        ("key", "a..b"),
        ("device", "nul\x00"),
        ("lmit", "5"),
    ],
)
def test_a_bad_parameter_is_named(client: Client, name: str, value: str) -> None:
    assert fault_paths(client, **{name: value}) == [name]


def test_a_span_that_ends_before_it_starts_is_refused(client: Client) -> None:
    assert fault_paths(client, start_time="2026-01-02", end_time="2026-01-01") in (
        ["end_time"],
        ["start_time", "end_time"],
    )
    query = {"start_time": "2026-01-02T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"}
    assert fault_paths(client, **query) == ["end_time"]


def test_text_is_shown_as_text_and_bytes_as_hexadecimal(client: Client) -> None:
    add_message(0, payload=b"\xff\x00\x01")
    add_message(1, payload="21 °C".encode())
    text, binary = client.get(URL).json()["results"]
    assert (text["text"], text["is_binary"], text["size"], text["is_cut"]) == ("21 °C", False, 6, False)
    assert (binary["text"], binary["is_binary"], binary["size"]) == ("ff0001", True, 3)


def test_a_long_payload_is_cut_in_the_list_and_whole_at_its_own_address(client: Client) -> None:
    message = add_message(0, payload=b"x" * 5000)
    row = client.get(URL).json()["results"][0]
    assert (len(row["text"]), row["is_cut"], row["size"]) == (2000, True, 5000)
    assert client.get(f"{URL}/{message.id}").json()["text"] == "x" * 5000


def test_a_message_that_is_not_there_is_a_problem(client: Client) -> None:
    answer = client.get(f"{URL}/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_above_the_limit_the_count_is_not_exact(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "EXACT_TO", 3)
    monkeypatch.setattr(searches.Search, "surely", 10**6)  # the planner knows nothing of a table that is new
    for n in range(3):
        add_message(n)
    assert client.get(URL, {"limit": 1}).json()["count_exact"] is True
    add_message(4)
    body = client.get(URL, {"limit": 1}).json()
    assert body["count_exact"] is False
    assert body["count"] >= 4


def test_a_page_that_holds_everything_needs_no_count(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "EXACT_TO", 0)
    add_message(0)
    body = client.get(URL).json()
    assert (body["count"], body["count_exact"]) == (1, True)


def test_a_count_that_takes_too_long_is_not_exact(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "COUNT_LIMIT_S", -1.0)
    monkeypatch.setattr(time_limits, "_SQLITE_STEPS", 1)
    for n in range(30):
        add_message(n)
    body = client.get(URL, {"limit": 2}).json()
    assert (len(body["results"]), body["count_exact"]) == (2, False)
    assert body["count"] >= 0


def test_a_large_count_is_remembered_and_an_exact_one_is_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, int] = {}
    monkeypatch.setattr(searches.Search, "surely", 10**6)
    monkeypatch.setattr(cache, "get", kept.get)
    monkeypatch.setattr(cache, "set", lambda key, value, _seconds: kept.update({key: value}))
    for n in range(3):
        add_message(n)
    assert client.get(URL, {"limit": 1}).json()["count"] == 3
    assert kept == {}
    monkeypatch.setattr(searches, "EXACT_TO", 1)
    first = client.get(URL, {"limit": 1}).json()
    assert list(kept.values()) == [first["count"]]
    kept[next(iter(kept))] = 77
    assert client.get(URL, {"limit": 2}).json()["count"] == 77
    assert client.get(f"{URL}?limit=1&source=broker:plant").json()["count"] != 77


@pytest.mark.database("sqlite")
def test_a_search_that_takes_too_long_is_ended_with_a_problem(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(50):
        add_message(n, decoded={"a": n})
    with monkeypatch.context() as patch:
        patch.setattr(time_limits, "_SQLITE_STEPS", 1)
        patch.setattr(time_limits, "SEARCH_LIMIT_S", -1.0)
        answer = client.get(URL, {"key": "a", "value": "7"})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_slow")
    assert client.get(URL).status_code == 200


@pytest.mark.database("postgresql")
def test_a_statement_that_takes_too_long_is_ended_with_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limits, "SEARCH_LIMIT_S", 0.05)
    with pytest.raises(Problem) as caught, time_limits.limited_search(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    assert caught.value.code == "too_slow"


def test_packets_are_the_messages_that_came_over_rest_each_with_its_deliveries(client: Client) -> None:
    add_message(0)
    packet = add_message(1, source="packets", payload=b'{"device_id": "a"}', device="a")
    Delivery.objects.create(
        id=id_at(NOON, 7), created_at=NOON, message_id=packet.id, source="packets", kind="publish",
        target="broker:plant", address="out/a", payload=b"{}", state="dead", reason="refused",
    )  # fmt: skip
    rows = client.get("/api/v1/packets").json()["results"]
    assert [row["id"] for row in rows] == [str(packet.id)]
    detail = client.get(f"/api/v1/packets/{packet.id}").json()
    assert detail["text"] == '{"device_id": "a"}'
    for shape in (rows[0], detail):
        assert len(shape["deliveries"]) == 1
        delivery = shape["deliveries"][0]
        assert (delivery["target"], delivery["address"]) == ("broker:plant", "out/a")
        assert (delivery["state"], delivery["reason"], delivery["done_at"]) == ("dead", "refused", None)


def test_a_message_of_another_source_is_no_packet(client: Client) -> None:
    assert client.get(f"/api/v1/packets/{add_message(0).id}").status_code == 404
