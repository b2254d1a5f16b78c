"""The boards with sensors once more, but over REST: each packet is a POST with an API key."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from random import Random

from simulators.sensors import DEVICES, Board
from simulators.simulator import Simulator


class RestSensors(Simulator):
    """The boards of DEVICES, one after the other, at the hub at `url`. What it answers is kept in `answers`."""

    def __init__(self, url: str, key: str, *, every_s: float = 2.0, broken: float = 0.0, seed: int = 0) -> None:
        """`broken` is the share of packets without a device, which the hub must refuse; raises ValueError."""
        super().__init__("rest sensors")
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"must look like http://host:port, not {url!r}")
        self._address = f"{url.rstrip('/')}/api/v1/packets"
        self._key = key
        self._every_s = every_s
        self._broken = broken
        self._random = Random(seed)
        self._boards = [Board(device, usual, Random(f"{seed} {device}")) for device, usual in DEVICES.items()]
        self.answers: list[int] = []  # the last hundred; 0: no answer

    def run(self) -> None:
        while not self.stopping.wait(self._every_s):
            board = self._boards.pop(0)
            self._boards.append(board)
            packet = board.packet(datetime.now(UTC))
            if self._random.random() < self._broken:
                del packet["device_id"]
            self.answers = [*self.answers[-99:], self._post(packet)]

    def _post(self, packet: dict[str, object]) -> int:
        headers = {"Content-Type": "application/json", "Authorization": f"Api-Key {self._key}"}
        asked = urllib.request.Request(self._address, json.dumps(packet).encode(), headers)
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return int(error.code)
        except OSError:
            return 0
