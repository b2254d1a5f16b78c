"""A Compere KPM33B power meter with its MQTT side: it publishes by its intervals, obeys the commands of protocol V1.9
(chapters 4.5, 4.7 and 4.11), and shows the faults of real meters if told to.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Lock
from time import monotonic
from typing import Any

from simulators.meter_values import MeterValues, energy_text
from simulators.mqtt_client import DeviceClient
from simulators.simulator import Simulator

REALTIME, ENERGY = "MQTT_RT_DATA", "MQTT_ENY_NOW"
INTERVALS_S = {
    "0000": (30, 60, 300, 600, 900, 1200, 1800, 3600),
    "0001": tuple(60 * minutes for minutes in (1, 5, 10, 15, 20, 30, 60, 1440)),
}
"""What the protocol allows: `Cmd` -> intervals in seconds; 0000 sets the seconds packet, 0001 the minutes packet."""
_UNIT_S = {"0000": 1, "0001": 60}
_DONE, _FAILED = "01", "02"


@dataclass(slots=True, kw_only=True)
class MeterSettings:
    """How a meter is set, and what is wrong with it."""

    realtime_every_s: float = 30.0
    energy_every_s: float = 900.0
    clock_off: timedelta = timedelta(0)  # how far its clock is ahead of UTC; real ones keep local time
    has_ghosts: bool = False  # each energy packet is followed by an all-zero one of the next id
    has_duplicates: bool = False  # each energy packet is sent twice


def next_id(meter_id: str) -> str:
    """The id that ghosts carry."""
    return f"{meter_id[:-4]}{int(meter_id[-4:]) + 1:04d}"


class Meter(Simulator):
    """One meter at the broker at `url`. `settings` may be changed while it runs."""

    def __init__(
        self,
        url: str,
        settings: MeterSettings | None = None,
        *,
        meter_id: str = "33B1225950028",
        seed: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(f"meter {meter_id}")
        self.meter_id = meter_id
        self.settings = settings or MeterSettings()
        self.commands: list[tuple[str, bytes]] = []  # the last hundred that it was sent
        self.relay = "1"
        self._now = now
        self._values = MeterValues(Random(f"{seed} {meter_id}"))
        self._lock = Lock()
        self._due = {REALTIME: 0.0, ENERGY: 0.0}
        last8 = meter_id[-8:]
        self._answers: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, str]]]] = {
            f"MQTT_SETTIME_{last8}": self._set_time,
            f"MQTT_COMMOD_SET_{last8}": self._set_interval,
            f"MQTT_COMMOD_READ_{last8}": self._read_interval,
            f"MQTT_TELECTRL_{last8}": self._switch,
        }
        self._client = DeviceClient(url, f"kpm33b-{last8}", topics=tuple(self._answers), on_message=self._obey)

    @property
    def clock(self) -> datetime:
        """What the meter believes the time is."""
        return self._now() + self.settings.clock_off

    @property
    def standing(self) -> str:
        return self._client.standing

    def run(self) -> None:
        self._client.start()
        try:
            while not self.stopping.wait(0.05):
                if self._client.ready.is_set():
                    self._publish_due(monotonic())
        finally:
            self._client.stop()

    def _publish_due(self, now_s: float) -> None:
        with self._lock:
            for topic, every_s in ((REALTIME, self.settings.realtime_every_s), (ENERGY, self.settings.energy_every_s)):
                if now_s >= self._due[topic]:
                    self._due[topic] = now_s + every_s
                    for payload in self._packets(topic):
                        self._client.publish(topic, payload)

    def _packets(self, topic: str) -> list[str]:
        """In the order of real meters: the packet, the ghost, the packet again."""
        clock = self.clock
        if topic == REALTIME:
            return [self._values.realtime(self.meter_id, clock)]
        packet = self._values.energy(self.meter_id, clock)
        ghosts = [energy_text(next_id(self.meter_id), clock, {})] if self.settings.has_ghosts else []
        return [packet, *ghosts, *([packet] if self.settings.has_duplicates else [])]

    def _obey(self, topic: str, payload: bytes) -> None:
        """Real meters do not answer at all unless `oprid` has exactly 32 characters."""
        self.commands = [*self.commands[-99:], (topic, payload)]
        try:
            command = json.loads(payload)
        except ValueError:
            return
        if not isinstance(command, dict) or len(str(command.get("oprid", ""))) != 32 or topic not in self._answers:
            return
        with self._lock:
            answer_topic, answer = self._answers[topic](command)
        said = {"id": self.meter_id, "oprid": command["oprid"], **answer}
        self._client.publish(answer_topic, json.dumps(said, separators=(",", ":")))

    def _set_time(self, command: dict[str, Any]) -> tuple[str, dict[str, str]]:
        topic = "MQTT_METER_TIME_REP"
        try:
            told = datetime.strptime(str(command.get("time")), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return topic, {"code": _FAILED, "msg": "time"}
        self.settings.clock_off = told - self._now()
        return topic, {"code": _DONE, "msg": "ok"}

    def _set_interval(self, command: dict[str, Any]) -> tuple[str, dict[str, str]]:
        topic, kind, value = "MQTT_COMMOD_SET_REP", str(command.get("Cmd")), str(command.get("value"))
        every_s = int(value) * _UNIT_S[kind] if kind in _UNIT_S and value.isdecimal() and len(value) < 6 else 0
        if every_s not in INTERVALS_S.get(kind, ()):
            return topic, {"code": _FAILED}
        if kind == "0000":
            self.settings.realtime_every_s = every_s
        else:
            self.settings.energy_every_s = every_s
        self._due[REALTIME if kind == "0000" else ENERGY] = monotonic() + every_s
        return topic, {"code": _DONE}

    def _read_interval(self, command: dict[str, Any]) -> tuple[str, dict[str, str]]:
        topic, kind = "MQTT_COMMOD_READ_REP", str(command.get("Cmd"))
        if kind not in _UNIT_S:
            return topic, {"Cmd": kind, "value": "", "code": _FAILED}
        every_s = self.settings.realtime_every_s if kind == "0000" else self.settings.energy_every_s
        return topic, {"Cmd": kind, "value": f"{every_s / _UNIT_S[kind]:g}", "code": _DONE}

    def _switch(self, command: dict[str, Any]) -> tuple[str, dict[str, str]]:
        topic, wanted = "MQTT_TELECTRL_REP", str(command.get("do1"))
        if wanted not in ("0", "1"):
            return topic, {"do1": self.relay, "code": _FAILED, "msg": "do1"}
        self.relay = wanted
        return topic, {"do1": wanted, "code": _DONE, "msg": "ok"}
