"""Reads the config.yaml of kpm33b_proxy (github.com/rhoerbe/kpm33b_proxy) as sections of our own file. Pure.

Its keys are taken from its published default configuration and its documentation of per-phase values. What has no
counterpart here is told, never silently left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bridges.meters.protocol import MINUTES_INTERVALS, REPLY_TOPICS, SECONDS_INTERVALS

METERS, CENTRAL = "meters", "central"
_EVERYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - where the old proxy's own broker listened
_GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "current": ("current_l1", "current_l2", "current_l3"),
    "power": ("active_power_l1", "active_power_l2", "active_power_l3"),
    "voltage": ("voltage_l1", "voltage_l2", "voltage_l3"),
    "power_factor": ("power_factor_l1", "power_factor_l2", "power_factor_l3", "power_factor"),
}
_REPLIES = dict.fromkeys(REPLY_TOPICS.values())
_TAKEN = {
    "internal_broker": {"host", "port", "username", "password"},
    "central_broker": {"host", "port", "username", "password"},
    "internal_broker_topics": {"meter_seconds_data", "meter_minutes_data", "meter_settime", "meter_settime_ack"},
    "central_broker_topics": {"external_main_topic"},
    "kpm33b_meters": {
        "upload_frequency_seconds",
        "upload_frequency_minutes",
        "exclude_device_ids",
        "device_contexts",
        "per_phase_device_ids",
        "per_phase_groups",
        "duplicate_dict_max_length",
    },
}


@dataclass(slots=True)
class Translation:
    """Our sections, the passwords by broker (they stand in the old file readable), and what a person should know."""

    value: dict[str, Any] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def is_proxy_config(value: Any) -> bool:
    """Whether a file is one of the old proxy's."""
    return isinstance(value, Mapping) and "version" not in value and {"internal_broker", "central_broker"} <= set(value)


def translate(value: Mapping[str, Any]) -> Translation:
    """The old configuration in our words."""
    found = Translation()
    _note_left_out(value, found)
    meters = _section(value, "kpm33b_meters")
    names = _section(value, "internal_broker_topics")
    root = str(_section(value, "central_broker_topics").get("external_main_topic") or "kpm33b").strip("/")
    contexts = _section(meters, "device_contexts")
    detailed = [str(name) for name in meters.get("per_phase_device_ids") or ()]
    found.value = {
        "version": 1,
        "brokers": [
            _broker(METERS, "Meters", _section(value, "internal_broker"), found),
            _broker(CENTRAL, "Central", _section(value, "central_broker"), found),
        ],
        "topics": [*_in_topics(names, meters), *_out_topics(root)],
        "rules": _rules(detailed, _detail(meters, found)),
        "meter_defaults": [_defaults(meters, found)],
        "meters": [
            {"name": str(name), "broker": METERS, "context": str(context).strip("/")}
            for name, context in contexts.items()
        ],
    }
    found.notes.append(
        f"Taken over: 2 brokers, {len(found.value['topics'])} topics, {len(found.value['rules'])} rules,"
        f" {len(contexts)} contexts, {len(detailed)} meters with values of each phase."
    )
    return found


def _section(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = value.get(name)
    return part if isinstance(part, Mapping) else {}


def _note_left_out(value: Mapping[str, Any], found: Translation) -> None:
    for name, part in value.items():
        if name not in _TAKEN:
            found.notes.append(f"{name}: not taken over, it has no counterpart here.")
            continue
        for key in part if isinstance(part, Mapping) else ():
            if key not in _TAKEN[name]:
                found.notes.append(f"{name}.{key}: not taken over, it has no counterpart here.")
    if "duplicate_dict_max_length" in _section(value, "kpm33b_meters"):
        found.notes.append("kpm33b_meters.duplicate_dict_max_length: 30 packets of each meter are remembered, always.")
    if _section(value, "internal_broker_topics").get("meter_settime", "MQTT_COMMOD_SET_") != "MQTT_COMMOD_SET_":
        found.notes.append("internal_broker_topics.meter_settime: commands go to the topics of the protocol, always.")


def _broker(name: str, label: str, said: Mapping[str, Any], found: Translation) -> dict[str, Any]:
    host = str(said.get("host") or "")
    if host in _EVERYWHERE:
        found.notes.append(f"{name}: {host or 'no host'} is where a broker listens; the hub connects to 127.0.0.1.")
        host = "127.0.0.1"
    broker = {"name": name, "label": label, "host": host, "port": said.get("port", 1883), "protocol": 4}
    if said.get("username"):
        broker["username"] = str(said["username"])
    if said.get("password"):
        found.passwords[name] = str(said["password"])
        found.notes.append(f"{name}: the password was taken over and is kept encrypted; delete it from the old file.")
    return broker


def _in_topics(names: Mapping[str, Any], meters: Mapping[str, Any]) -> list[dict[str, Any]]:
    excluded = ", ".join(str(name) for name in meters.get("exclude_device_ids") or ())
    options = {"codec_options": {"excluded_ids": excluded}} if excluded else {}
    filters = {
        "meter-seconds": names.get("meter_seconds_data") or "MQTT_RT_DATA",
        "meter-minutes": names.get("meter_minutes_data") or "MQTT_ENY_NOW",
    }
    words = ("set", "read", "clock", "relay")
    filters |= {f"meter-{word}-replies": reply for word, reply in zip(words, _REPLIES, strict=True)}
    return [
        {"name": name, "broker": METERS, "direction": "in", "filter": topic, "codec": "kpm33b"} | options
        for name, topic in filters.items()
    ]


def _out_topics(root: str) -> list[dict[str, Any]]:
    root = root.replace("{", "{{").replace("}", "}}")
    plain = [
        {"name": f"central-{kind}", "broker": CENTRAL, "direction": "out", "filter": f"{root}/{{device}}/{kind}"}
        for kind in ("seconds", "minutes")
    ]
    within = [
        {
            "name": f"central-{kind}-in-context",
            "broker": CENTRAL,
            "direction": "out",
            "filter": f"{root}/{{payload.context}}/{{device}}/{kind}",
            "allow_slash": True,
        }
        for kind in ("seconds", "minutes")
    ]
    return [*plain, *within]


def _detail(meters: Mapping[str, Any], found: Translation) -> list[str]:
    """The fields of the wanted groups, in the order that the old proxy has them."""
    wanted = meters.get("per_phase_groups")
    groups = list(_GROUPS) if wanted is None else [str(group) for group in wanted]
    for group in groups:
        if group not in _GROUPS:
            found.notes.append(f"kpm33b_meters.per_phase_groups: there is no group {group!r}.")
    return [metric for group in _GROUPS if group in groups for metric in _GROUPS[group]]


def _rules(detailed: Sequence[str], detail: Sequence[str]) -> list[dict[str, Any]]:
    chosen = f"device in [{', '.join(repr(name) for name in detailed)}]" if detailed and detail else ""
    base = {"id": "device", "time": "payload.time"}
    power, energy = "active_power", "active_energy"
    rules = []
    for suffix, place in (("", "!has(payload.context)"), (" in context", "has(payload.context)")):
        target = suffix.replace(" ", "-")
        plain = f"{place} && !({chosen})" if chosen else place
        seconds = base | {power: f"readings.{power}"}
        rules.append(_rule(f"meter seconds{suffix}", "seconds", plain, seconds, target))
        if chosen:
            whole = seconds | {metric: f"readings.{metric}" for metric in detail}
            rules.append(_rule(f"meter seconds by phase{suffix}", "seconds", f"{place} && {chosen}", whole, target))
        minutes = base | {energy: f"readings.{energy}"}
        rules.append(_rule(f"meter minutes{suffix}", "minutes", place, minutes, target))
    return rules


def _rule(name: str, kind: str, condition: str, transform: Mapping[str, str], suffix: str) -> dict[str, Any]:
    return {
        "name": name,
        "sources": [{"topic": f"meter-{kind}"}],
        "condition": condition,
        "transform": dict(transform),
        "actions": [{"publish": f"central-{kind}{suffix}"}],
    }


def _defaults(meters: Mapping[str, Any], found: Translation) -> dict[str, Any]:
    defaults: dict[str, Any] = {"name": "all-meters", "broker": METERS}
    for unit, allowed in (("seconds", SECONDS_INTERVALS), ("minutes", MINUTES_INTERVALS)):
        wanted = meters.get(f"upload_frequency_{unit}")
        if wanted in allowed:
            defaults[f"desired_{unit}_interval"] = wanted
        elif wanted is not None:
            said = ", ".join(map(str, allowed))
            found.notes.append(f"kpm33b_meters.upload_frequency_{unit}: meters know only {said}; they are left alone.")
    return defaults
