"""The brokers that a pack's settings name: one that is there, or an address, which is found among them or added."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from bridges.models import Broker
from bridges.models.broker import PLAIN_PORT, TLS_PORT
from bridges.packs.pack import Pack
from bridges.packs.settings import is_broker_url

_EXAMPLE = f"mqtt://127.0.0.1:{PLAIN_PORT}"
_NO_SLUG = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(slots=True)
class NamedBrokers:
    """The settings with names of brokers for addresses, and what has to be added for that."""

    values: dict[str, Any]
    added: list[dict[str, Any]] = field(default_factory=list)  # as a config file writes brokers
    passwords: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # by setting


def named_brokers(pack: Pack, values: Mapping[str, Any]) -> NamedBrokers:
    """Every broker by its name."""
    found = NamedBrokers(dict(values))
    for setting in pack.settings:
        value = values.get(setting.name)
        if setting.kind != "broker" or not value:
            continue
        if is_broker_url(value):
            found.values[setting.name] = _at(value, found)
        elif not Broker.objects.filter(name=value).exists():
            found.faults[setting.name] = (
                f"There is no broker named {value!r}. Add it first, or give an address: mqtt://host:port."
            )
    return found


def address_of(name: str) -> str:
    """`mqtt://host:port` of a broker, for a simulator; without its password. An example if the text is neither."""
    if not is_broker_url(name):
        broker = None if "\x00" in name else Broker.objects.filter(name=name).first()
        return f"mqtt://{_netloc(broker.host, broker.port)}" if broker else _EXAMPLE
    try:
        parts = urlsplit(name)
        return f"{parts.scheme}://{_netloc(parts.hostname or '', parts.port or PLAIN_PORT)}"
    except ValueError:  # what was typed is no address, which the form says
        return _EXAMPLE


def _at(url: str, found: NamedBrokers) -> str:
    parts = urlsplit(url)
    is_tls = parts.scheme == "mqtts"
    host, port = parts.hostname or "", parts.port or (TLS_PORT if is_tls else PLAIN_PORT)
    username = unquote(parts.username or "")
    known = Broker.objects.filter(host__iexact=host, port=port, username=username, tls_enabled=is_tls).first()
    if known is not None:
        return str(known.name)
    row: dict[str, Any] = {"host": host, "port": port, "username": username, "tls": {"enabled": is_tls}}
    for other in found.added:
        if row.items() <= other.items():
            return str(other["name"])
    name = _free_name(host, port, {other["name"] for other in found.added})
    found.added.append({"name": name, **row})
    if parts.password:
        found.passwords[name] = unquote(parts.password)
    return name


def _free_name(host: str, port: int, taken: set[str]) -> str:
    taken = taken | set(Broker.objects.values_list("name", flat=True))
    base = (_NO_SLUG.sub("-", host).strip("-._") or "broker")[:50]
    names = (base, f"{base}-{port}", *(f"{base}-{port}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
