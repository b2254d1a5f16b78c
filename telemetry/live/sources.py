"""What is configured, as the live pages need it. The apps that configure things register themselves here, so that
telemetry need not know them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from telemetry.live.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledLink:
    """A configured link and what people call it."""

    key: str
    label: str
    is_enabled: bool


class LabelledCommand(TypedDict):
    """Something that a device can be told by name."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledDevice:
    """A configured device. `driver` and `link` are '' for one behind a topic."""

    name: str
    label: str
    driver: str
    link: str
    commands: tuple[LabelledCommand, ...] = ()


StateSource: TypeAlias = Callable[[], Iterable[Event]]
LinkSource: TypeAlias = Callable[[], Iterable[LabelledLink]]
DeviceSource: TypeAlias = Callable[[], Iterable[LabelledDevice]]

_link_sources: list[LinkSource] = []
_device_sources: list[DeviceSource] = []
_state_sources: dict[str, StateSource] = {}


def register_link_source(source: LinkSource) -> None:
    """Ask `source` for its links at each snapshot; it reads the database."""
    if source not in _link_sources:
        _link_sources.append(source)


def register_device_source(source: DeviceSource) -> None:
    """Ask `source` for its devices at each snapshot; it reads the database."""
    if source not in _device_sources:
        _device_sources.append(source)


def register_state_source(field: str, source: StateSource) -> None:
    """Put what `source` tells under `field` of each snapshot, and tell the pages of each event that is not as before.

    An event has `kind` and `name`. The source reads the database every few seconds: it must be cheap.
    """
    _state_sources[field] = source


def configured_links() -> list[LabelledLink]:
    """Every configured link."""
    return [link for source in _link_sources for link in source()]


def configured_devices() -> list[LabelledDevice]:
    """Every configured device."""
    return [device for source in _device_sources for device in source()]


def configured_states() -> dict[str, list[Event]]:
    """By field of the snapshot, how other configured things stand."""
    return {field: list(source()) for field, source in _state_sources.items()}
