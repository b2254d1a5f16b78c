"""Clears the way for an import whose objects change places: two devices that swap ports, a topic that turns round.

It only touches rows that the file changes anyway, within the import's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from bridges.config_file.sections import RULES
from bridges.config_file.structure import Item, Items
from bridges.models import Rule, RuleAction, RuleSource, Topic
from devices.models import Device

Rows: TypeAlias = Mapping[str, Mapping[str, Any]]


def make_way(items: Items, rows: Rows) -> None:
    """Take out of the way what the file puts elsewhere."""
    for pk in _leaving(items.get("devices", ()), rows["devices"], place=_port_of, place_in_file=_port_in_file):
        Device.objects.filter(pk=pk).update(port=f"import:{pk}")
    for pk in _leaving(items.get("topics", ()), rows["topics"], place=_filter_of, place_in_file=_filter_in_file):
        Topic.objects.filter(pk=pk).update(filter=f"import:{pk}")
    for item in items.get("rules", ()):
        _release_parts(item, rows["rules"].get(item.name))


def _leaving(
    items: Sequence[Item],
    rows: Mapping[str, Any],
    *,
    place: Callable[[Any], Hashable],
    place_in_file: Callable[[Mapping[str, Any]], Hashable],
) -> list[int]:
    """The keys of rows that the file moves away from a place that it gives to another."""
    taken = {place_in_file(item.data): item.name for item in items}
    moving = [
        rows[item.name] for item in items if item.name in rows and place_in_file(item.data) != place(rows[item.name])
    ]
    return [row.pk for row in moving if place(row) is not None and place(row) in taken]


def _port_of(device: Device) -> Hashable:
    return (device.site, device.port) if device.port else None


def _port_in_file(data: Mapping[str, Any]) -> Hashable:
    return (str(data.get("site", "main")), str(data["port"])) if data.get("port") else None


def _filter_of(topic: Topic) -> Hashable:
    return (topic.broker.name, topic.filter) if topic.direction == Topic.Direction.IN else None


def _filter_in_file(data: Mapping[str, Any]) -> Hashable:
    return (str(data.get("broker")), str(data.get("filter"))) if data.get("direction") == "in" else None


def _release_parts(item: Item, rule: Rule | None) -> None:
    """A topic may turn round only when no rule uses it; parts that the file changes are made anew later."""
    if rule is None:
        return
    form = RULES.file_form(rule)
    if any(form.get(key) != item.data.get(key) for key in ("sources", "actions")):
        RuleSource.objects.filter(rule=rule).delete()
        RuleAction.objects.filter(rule=rule).delete()
