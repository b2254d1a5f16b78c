"""Whether and how a broker's Home Assistant learns of the hub's devices: the columns of a Broker, and their checks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bridges.discovery.names import OFFLINE, ONLINE, Names
from bridges.mqtt.filters import TopicFault, check_name
from telemetry.names import sentence

MAX_PREFIX = 200
DEFAULT_PREFIX = "homeassistant"
DEFAULT_STATE_PREFIX = "patchbay"


class DiscoverySettings(models.Model):
    """Part of a Broker. Off by default; an empty prefix is refused, one that is left out is the usual one."""

    discovery_enabled = models.BooleanField(
        "tell Home Assistant",
        default=False,
        help_text="Every enabled device with readings appears in the Home Assistant that uses this broker.",
    )
    discovery_prefix = models.CharField(
        max_length=MAX_PREFIX,
        blank=True,
        default=DEFAULT_PREFIX,
        help_text="Where Home Assistant looks: 'homeassistant', unless you changed it there.",
    )
    discovery_state_prefix = models.CharField(
        "state topic prefix",
        max_length=MAX_PREFIX,
        blank=True,
        default=DEFAULT_STATE_PREFIX,
        help_text="Readings go to PREFIX/DEVICE/state. Two hubs at one broker need different ones.",
    )

    class Meta:
        abstract = True

    def discovery_names(self) -> Names:
        """The topics of discovery at this broker."""
        return Names(self.discovery_prefix, self.discovery_state_prefix, getattr(self, "will_topic", ""))

    def discovery_faults(self) -> dict[str, str]:
        """What is wrong with these columns, by field; '' for what is not."""
        prefix, state_prefix = self.discovery_prefix, self.discovery_state_prefix
        found = {"discovery_prefix": _fault(prefix), "discovery_state_prefix": _fault(state_prefix)}
        if not found["discovery_state_prefix"] and f"{state_prefix}/".startswith(f"{prefix}/"):
            found["discovery_state_prefix"] = "States stand beside the discovery prefix, not within it."
        return found

    def discovery_will_fault(self, *, payload: str, is_retained: bool) -> str:
        """What is wrong with a last will of the user's own, by which Home Assistant knows that the hub is gone."""
        if not self.discovery_enabled:
            return ""
        if not payload or payload == ONLINE.decode():
            return f"Home Assistant needs a will that is neither empty nor 'online', such as '{OFFLINE.decode()}'."
        return "" if is_retained else "Home Assistant needs a will that is retained."


def _fault(prefix: str) -> str:
    if not prefix:
        return "This may not be empty."
    if prefix.startswith(("/", "$")) or prefix.endswith("/"):
        return "A prefix begins with a word and ends with one, without a slash at either end."
    try:
        check_name(prefix)
    except TopicFault as fault:
        return sentence(fault)
    return ""


def discovery_constraint(name: str) -> models.CheckConstraint:
    """Prefixes are there."""
    return models.CheckConstraint(
        condition=~Q(discovery_prefix="") & ~Q(discovery_state_prefix=""), name=f"{name}_discovery_prefixes_are_given"
    )
