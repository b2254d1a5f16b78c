"""The topics of Home Assistant discovery at one broker, and the ids that stand in them. Pure.

Home Assistant takes `<prefix>/<component>/<node>/<object>/config`, where node and object hold only letters, digits,
'_' and '-' (home-assistant.io, MQTT, "Discovery topic"). Metrics are named by whoever sends them, so what is not such a
word is told apart by a digest.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

ONLINE: Final = b"online"
OFFLINE: Final = b"offline"
MARK: Final = "ha"
"""Stands in the loop mark of what discovery publishes, where rules have their numbers."""
DEFAULT_BIRTH_TOPIC: Final = "homeassistant/status"
"""Home Assistant's own default; it does not follow the discovery prefix."""
_WORD: Final = re.compile(r"\A[A-Za-z0-9_-]{1,64}\Z")
_NO_WORD: Final = re.compile(r"[^A-Za-z0-9_-]+")


def word_of(text: str) -> str:
    """The text as one word of a discovery topic: itself if it is one. Different texts stay different."""
    if _WORD.match(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_NO_WORD.sub('_', text)[:48].strip('_')}_{digest}".lstrip("_")


@dataclass(frozen=True, slots=True)
class Names:
    """The topics under a discovery prefix and a state prefix. `status` is where the hub itself is online or offline."""

    prefix: str
    state_prefix: str
    status: str = ""

    @property
    def hub_status(self) -> str:
        """Where the hub says that it is there, and its broker that it is not."""
        return self.status or f"{self.state_prefix}/status"

    @property
    def births(self) -> tuple[str, ...]:
        """Where Home Assistant says that it has started."""
        return tuple(dict.fromkeys((f"{self.prefix}/status", DEFAULT_BIRTH_TOPIC)))

    @property
    def node(self) -> str:
        """The word for the hub in ids and topics."""
        return word_of(self.state_prefix)

    def state(self, device: str) -> str:
        """Where the readings of a device are published."""
        return f"{self.state_prefix}/{device}/state"

    def availability(self, device: str) -> str:
        """Where it is said whether a device is there."""
        return f"{self.state_prefix}/{device}/availability"

    def config(self, device: str, metric: str) -> str:
        """Where the description of one entity is published."""
        return f"{self.prefix}/sensor/{self.node}_{word_of(device)}/{word_of(metric)}/config"

    @property
    def hub_config(self) -> str:
        """Where the description of the hub's own entity is published."""
        return f"{self.prefix}/binary_sensor/{self.node}/status/config"

    def owns(self, topic: str) -> bool:
        """Whether discovery itself publishes there: what is read back from it is no news."""
        within = topic.removeprefix(f"{self.state_prefix}/")
        if within != topic:
            return within == "status" or within.endswith(("/state", "/availability"))
        if not topic.endswith("/config"):
            return False
        return topic == self.hub_config or topic.startswith(f"{self.prefix}/sensor/{self.node}_")
