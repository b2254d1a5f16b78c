"""The `json` codec: any JSON document. It guesses no units and no meaning; numbers become readings by their path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridges.codecs.base import Codec, Incoming
from bridges.codecs.device_time import read_time
from bridges.codecs.document import read_json
from bridges.codecs.numbers import find_readings
from bridges.codecs.paths import steps_of, value_at
from bridges.codecs.zones import ZONE_OPTION, zone_named
from telemetry.options import Option
from telemetry.values import Decoded, DecodeFault, Json

MAX_DEVICE_CHARACTERS = 200


class JsonCodec(Codec):
    """The value is the document as it is. A key said twice, or what JSON does not allow, is a DecodeFault."""

    name = "json"
    label = "JSON"
    help = "Any JSON. Every number becomes a reading, named by its path: ENERGY.Power, values.0"
    options = (
        Option(
            name="device_key",
            kind=str,
            default="",
            label="Device key",
            help="Where the device's name stands, with dots between levels: device_id, deviceInfo.devEui",
        ),
        Option(
            name="time_key",
            kind=str,
            default="",
            label="Time key",
            help="Where the device's own time stands: ISO 8601 text, or seconds or milliseconds since 1970",
        ),
        ZONE_OPTION,
        Option(
            name="numbers_in_text",
            kind=bool,
            default=False,
            label="Numbers in text",
            help='Whether "21.5" in quotes counts as a reading',
        ),
    )

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self._device_steps = steps_of("device_key", self.given["device_key"])
        self._time_steps = steps_of("time_key", self.given["time_key"])
        self._zone = zone_named(self.given["zone"])
        self._skip = frozenset(key for key in (self.given["device_key"], self.given["time_key"]) if key)

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault."""
        value = read_json(incoming.payload)
        decoded = Decoded(
            value,
            find_readings(value, numbers_in_text=self.given["numbers_in_text"], skip=self._skip),
            device=_device(value, self._device_steps) if self._device_steps else "",
            time=read_time(value_at(value, self._time_steps), self._zone) if self._time_steps else None,
        )
        return state, (decoded,)


def _device(value: Json, steps: Sequence[str]) -> str:
    """The device's name; '' when the document has none. Raises DecodeFault for what can be no name."""
    found = value_at(value, steps)
    where = ".".join(steps)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        raise DecodeFault(f"{where}: the device's name must be text or a whole number")
    name = str(found).strip()
    if len(name) > MAX_DEVICE_CHARACTERS or not name.isprintable():
        raise DecodeFault(f"{where}: a device's name has at most {MAX_DEVICE_CHARACTERS} visible characters")
    return name
