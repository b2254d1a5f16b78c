"""What the configured meters of each broker mean for the codec that reads them."""

from __future__ import annotations

from collections import defaultdict

from bridges.codecs.auto import AutoCodec
from bridges.codecs.base import Codec
from bridges.codecs.kpm33b import Kpm33bCodec, MeterNotes
from bridges.codecs.zones import zone_named
from bridges.models.meter import Meter, MeterDefaults


class Noted:
    """All meters, read once for a snapshot."""

    def __init__(self) -> None:
        zones = dict(MeterDefaults.objects.values_list("broker_id", "zone"))
        self._others = {broker: MeterNotes(zone_named(zone)) for broker, zone in zones.items()}
        self._notes: dict[int, dict[str, MeterNotes]] = defaultdict(dict)
        for name, broker, zone, context in Meter.objects.values_list("name", "broker_id", "zone", "context"):
            said = zone or zones.get(broker, "")
            self._notes[broker][name] = MeterNotes(zone_named(said) if said else None, context)

    def told_to(self, codec: Codec, broker_id: int) -> Codec:
        """The codec, knowing the meters of this broker, if it is one that reads meters."""
        if not isinstance(codec, (Kpm33bCodec, AutoCodec)) or not (self._notes[broker_id] or broker_id in self._others):
            return codec
        return codec.knowing(self._notes[broker_id], self._others.get(broker_id, MeterNotes()))
