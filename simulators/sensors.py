"""Three small boards with sensors that publish packets of the hub's schema by MQTT."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from simulators.mqtt_client import DeviceClient
from simulators.simulator import RUNS, Simulator

DEVICES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "esp32-kitchen": {"temperature": (21.5, 2.0), "humidity": (48.0, 8.0)},
    "esp32-greenhouse": {"temperature": (26.0, 6.0), "humidity": (71.0, 12.0), "soil_moisture": (38.0, 10.0)},
    "esp32-cellar": {"temperature": (13.0, 1.0), "humidity": (64.0, 5.0), "pressure": (1013.0, 15.0)},
}
"""Device -> metric -> its usual value and how far it strays."""
_UNITS = {"temperature": "°C", "humidity": "%", "soil_moisture": "%", "pressure": "hPa"}
_SAY_UNITS = ("esp32-greenhouse", "esp32-cellar")  # both forms of the schema are to be seen


@dataclass(slots=True)
class Board:
    """One board: its values wander, its battery runs down and is changed. Pure but for its random."""

    device: str
    usual: Mapping[str, tuple[float, float]]
    random: Random
    _off: dict[str, float] = field(default_factory=dict)
    _battery: float = 0.0

    def packet(self, now: datetime) -> dict[str, object]:
        """The next packet; values stay within their stray."""
        measurements: dict[str, object] = {}
        for metric, (value, stray) in self.usual.items():
            off = self._off.get(metric, self.random.uniform(-stray, stray) / 2)
            self._off[metric] = max(-stray, min(stray, off * 0.98 + self.random.gauss(0.0, stray / 20)))
            said = round(value + self._off[metric], 2)
            says_unit = self.device in _SAY_UNITS
            measurements[metric] = {"value": said, "unit": _UNITS[metric]} if says_unit else said
        self._battery = self._battery - 0.01 if self._battery > 5 else self.random.uniform(80, 100)
        return {
            "device_id": self.device,
            "timestamp": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "measurements": measurements,
            "status": "low_battery" if self._battery < 15 else "ok",
            "battery": round(self._battery),
        }


class Sensors(Simulator):
    """All boards of DEVICES, each with its own connection to the broker at `url`."""

    def __init__(
        self,
        url: str,
        *,
        every_s: float = 2.0,
        topic: str = "sensors/{device}",
        seed: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__("sensors")
        self._every_s = every_s
        self._topic = topic
        self._now = now
        self.published = 0
        self._boards = [
            (Board(device, usual, Random(f"{seed} {device}")), DeviceClient(url, device))
            for device, usual in DEVICES.items()
        ]

    @property
    def standing(self) -> str:
        """Of all boards what is wrong with one, if anything is."""
        said = [client.standing for _, client in tuple(self._boards)]
        return next((one for one in said if one != RUNS), RUNS)

    def run(self) -> None:
        for _, client in self._boards:
            client.start()
        try:
            while not self.stopping.wait(self._every_s / len(self._boards)):
                board, client = self._boards[0]
                self._boards.append(self._boards.pop(0))
                topic = self._topic.format(device=board.device)
                self.published += client.publish(topic, json.dumps(board.packet(self._now())))
        finally:
            for _, client in self._boards:
                client.stop()
