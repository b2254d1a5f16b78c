"""The simulated boards, heard through a real broker."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from simulators.mqtt_client import DeviceClient
from simulators.sensors import DEVICES, Board, Sensors
from simulators.tests.listening import Listener


def test_every_board_publishes_packets(broker_url: str) -> None:
    with Listener(broker_url, "lab/#") as heard, Sensors(broker_url, every_s=0.15, topic="lab/{device}"):
        assert heard.wait(lambda: all(heard.on(f"lab/{device}") for device in DEVICES))
        packet = heard.on("lab/esp32-greenhouse")[0]
    assert packet["device_id"] == "esp32-greenhouse"
    assert set(packet["measurements"]) == {"temperature", "humidity", "soil_moisture"}
    assert packet["measurements"]["temperature"]["unit"] == "°C"
    assert isinstance(heard.on("lab/esp32-kitchen")[0]["measurements"]["temperature"], float)
    assert packet["status"] in ("ok", "low_battery")
    assert 0 <= packet["battery"] <= 100
    assert datetime.fromisoformat(packet["timestamp"]).tzinfo is not None


def test_values_wander_within_their_stray_and_follow_the_seed() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def values(seed: int) -> list[float]:
        board = Board("a", {"temperature": (20.0, 2.0)}, Random(seed))
        return [board.packet(now)["measurements"]["temperature"] for _ in range(500)]  # type: ignore[index]

    assert values(1) == values(1) != values(2)
    assert all(18.0 <= value <= 22.0 for value in values(1))
    assert len(set(values(1))) > 20


def test_nothing_is_kept_for_a_broker_that_is_away() -> None:
    client = DeviceClient("mqtt://127.0.0.1:9", "nobody")
    assert client.publish("a", b"x") is False


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="mqtt://host:port"):
        DeviceClient("http://127.0.0.1", "nobody")
