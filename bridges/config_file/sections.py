"""The sections of the config file: which rows stand in each, and how one row looks as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import QuerySet

from bridges.api.alert_rules import AlertRuleSerializer
from bridges.api.meter_shapes import MeterDefaultsSerializer, MeterSerializer
from bridges.api.serializers import BrokerSerializer, RuleSerializer, TopicSerializer
from bridges.models import Broker, Meter, MeterDefaults, Rule, Topic
from bridges.models.broker_checks import is_pem
from devices.api.serializers import DeviceSerializer
from devices.api.tickets import TicketSerializer
from devices.models import Device, TicketTemplate
from telemetry.api.configured import ConfiguredSerializer
from telemetry.models import AlertRule

Row: TypeAlias = Broker | Device | Topic | Rule | TicketTemplate | Meter | MeterDefaults | AlertRule
_SECRET_KEYS = {
    "password": "password",
    "password_reference": "password",
    "tls_key": "tls.key",
    "notify": "notify",
    "notify_reference": "notify",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One list of the file. `name` is the key in the file, `noun` what one of its rows is called."""

    name: str
    noun: str
    serializer: type[ConfiguredSerializer[Any]]

    def rows(self) -> QuerySet[Any]:
        """The rows, with what their shape needs."""
        model: Any = self.serializer.Meta.model
        related: tuple[str, ...] = ()
        if model is Rule:
            related = ("sources__topic", "sources__device", "actions__topic", "actions__device", "actions__ticket")
        elif model is Topic:
            related = ("broker", "device")
        elif model in (Meter, MeterDefaults):
            related = ("broker",)
        rows: QuerySet[Any] = model.objects.prefetch_related(*related)
        return rows

    def shape(self, row: Row) -> dict[str, Any]:
        """What a person configures of this row, in full and without secrets."""
        serializer = self.serializer(row)
        return {key: value for key, value in serializer.data.items() if is_writable(serializer, key)}

    def file_form(self, row: Row) -> dict[str, Any]:
        """The row as the file writes it: in the order of the file, without what equals its default."""
        serializer = self.serializer(row, context={"for_file": True})
        return _in_order(serializer, serializer.data)

    def secrets(self, row: Row) -> dict[str, tuple[str, ...]]:
        """The secret values of this row by their key in the file: to compare, never to show."""
        values: dict[str, tuple[str, ...]] = {}
        if isinstance(row, Rule):
            values["secrets of actions"] = tuple(str(action.secrets) for action in row.actions.all())
        for column in sorted(self.serializer.secrets):
            key = _SECRET_KEYS[column]
            values[key] = (*values.get(key, ()), str(getattr(row, column)))
        return values


BROKERS = Section("brokers", "broker", BrokerSerializer)
TOPICS = Section("topics", "topic", TopicSerializer)
DEVICES = Section("devices", "device", DeviceSerializer)
TICKETS = Section("tickets", "ticket", TicketSerializer)
RULES = Section("rules", "rule", RuleSerializer)

METER_DEFAULTS = Section("meter_defaults", "setting for all meters", MeterDefaultsSerializer)
METERS = Section("meters", "meter", MeterSerializer)
ALERTS = Section("alerts", "alert rule", AlertRuleSerializer)

FILE_ORDER = (BROKERS, TOPICS, DEVICES, TICKETS, RULES, METER_DEFAULTS, METERS, ALERTS)
APPLY_ORDER = (BROKERS, DEVICES, TOPICS, TICKETS, RULES, METER_DEFAULTS, METERS, ALERTS)
"""References point only to what stands before."""


def is_writable(serializer: Any, key: str) -> bool:
    """Whether this key may stand in the file."""
    return key in serializer.fields and not serializer.fields[key].read_only


def with_left_out_secrets(item: Mapping[str, Any], row: Row | None) -> dict[str, Any]:
    """The item with null for the secrets that a file can say and this one left out.

    A password that came by reference goes when the reference goes; one typed on the web stays: no file can hold it.
    """
    item = dict(item)
    if isinstance(row, AlertRule) and row.notify_reference:
        item.setdefault("notify", None)
    if not isinstance(row, Broker):
        return item
    if row.password_reference:
        item.setdefault("password", None)
    if row.tls_key and not is_pem(row.tls_key) and isinstance(item.get("tls", {}), Mapping):
        item["tls"] = {"key": None} | dict(item.get("tls", {}))
    return item


def _in_order(serializer: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    ordered = {}
    for key, field in serializer.fields.items():
        if key in shape:
            value = shape[key]
            is_nested = isinstance(value, Mapping) and hasattr(field, "fields")
            ordered[key] = _in_order(field, value) if is_nested else value
    return ordered
