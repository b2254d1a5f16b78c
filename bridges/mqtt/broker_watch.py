"""What a broker says of itself under $SYS: whether it drops messages that clients had not taken yet. Pure."""

from __future__ import annotations

from bridges.mqtt.packets import Publish
from bridges.mqtt.subscriber import DROPPED_TOPIC, VERSION_TOPIC, WATCH_IDENTIFIER

_TOPICS = {DROPPED_TOPIC, VERSION_TOPIC}


class BrokerWatch:
    """Follows the counter of dropped messages. It counts for all clients of the broker together."""

    def __init__(self) -> None:
        self.warning = ""
        self.has_news = False
        """Whether the warning changed; whoever tells of it sets this back."""
        self._version = ""
        self._first: int | None = None
        self._dropped = 0

    def takes(self, publish: Publish, topics: tuple[str, ...]) -> bool:
        """Look at a message of the broker about itself; answers whether it was meant for nobody else."""
        if publish.topic not in _TOPICS:
            return False
        text = publish.payload[:200].decode(errors="replace")
        if publish.topic == VERSION_TOPIC:
            self._version = text
        elif text.isdecimal():
            self._count(int(text))
        identifiers = publish.properties.subscription_identifiers
        if identifiers:
            return identifiers == (WATCH_IDENTIFIER,)
        return not topics and publish.qos == 0

    def _count(self, dropped: int) -> None:
        if self._first is None or dropped < self._dropped:  # the first word, or the broker started anew
            self._first = dropped
        self._dropped = dropped
        if dropped > self._first:
            advice = "Raise the limit of queued messages of a client"
            if "mosquitto" in self._version.lower() or not self._version:
                advice = "In mosquitto.conf, set max_queued_messages 0 and bound max_queued_bytes instead"
            count = dropped - self._first
            warning = f"The broker has dropped {count} messages, because a client's queue was full. {advice}."
            self.has_news = warning != self.warning
            self.warning = warning
