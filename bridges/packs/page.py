"""Writes docs/devices.md: a section for each pack of the hub, from the pack itself, so that it cannot become untrue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from bridges.packs.filling import ONLY_WITH
from bridges.packs.pack import Pack
from bridges.packs.settings import Setting
from bridges.packs.trying import said
from bridges.packs.words import paragraphs

HEAD = """\
# Devices

<!-- Written by `manage.py describe_packs docs/devices.md` from the packs in bridges/packs/library/: change those. -->

What the hub can set up by itself. Each has a [device pack](packs.md): install it under *Device packs* in the admin,
with `manage.py install_pack NAME --set …`, or over REST. A device that is not here may still be one of the
[drivers](drivers.md) or [codecs](codecs.md), or get [a pack of your own](packs.md#write-one).
"""
HEADINGS = {
    "scale": "Scales",
    "printer": "Printers",
    "system": "Whole systems",
    "sensor": "Boards and sensors",
    "meter": "Meters",
    "gateway": "Gateways and ecosystems",
}
_NOUNS = {
    "devices": "device",
    "topics": "topic",
    "tickets": "ticket",
    "rules": "rule",
    "alerts": "alert rule",
    "meter_defaults": "wishes for all meters",
}


def devices_page(packs: Sequence[Pack]) -> str:
    """The whole page."""
    order = list(HEADINGS)
    found = sorted(packs, key=lambda pack: (order.index(pack.category), pack.title.lower()))
    parts = [HEAD]
    for category, group in groupby(found, key=lambda pack: pack.category):
        parts.append(f"\n## {HEADINGS[category]}\n")
        parts += ["\n" + "\n".join(_section(pack)) + "\n" for pack in group]
    return "".join(parts)


def _section(pack: Pack) -> Iterator[str]:
    yield f"### {pack.title}"
    yield ""
    yield f"`{pack.name}` · {', '.join(pack.products)}"
    yield ""
    yield from "\n\n".join(paragraphs(pack.doc)).splitlines()
    yield ""
    yield "| asked | | default |"
    yield "|---|---|---|"
    for setting in pack.settings:
        yield f"| `{setting.name}` | {_escaped(_about(setting))} | {_default(setting)} |"
    yield ""
    yield f"Makes {_made(pack)}. {len(pack.tests)} tests. Without the product:"
    yield ""
    yield "```"
    yield f"manage.py install_pack {pack.name}{_needed(pack)}"
    for simulator in pack.simulators:
        yield f"python -m simulators {_shown(pack, simulator.arguments)}"
    yield "```"


def _about(setting: Setting) -> str:
    choices = f"One of {', '.join(map(str, setting.choices))}" if setting.choices else ""
    return ". ".join(part.rstrip(".") for part in (setting.label, setting.help, choices) if part)


def _default(setting: Setting) -> str:
    if setting.is_required:
        return "must be given"
    if setting.default in (None, ""):
        return "nothing"
    shown = {True: "yes", False: "no"}.get(setting.default) if isinstance(setting.default, bool) else setting.default
    return f"`{_escaped(str(shown))}`"


def _made(pack: Pack) -> str:
    """`1 device, 2 topics (with broker)`: how many of each, and which setting some depend on."""
    found = []
    for section, items in pack.config.items():
        noun, number = _NOUNS[section], len(items)
        only = sorted({item[ONLY_WITH] for item in items if ONLY_WITH in item})
        some = "" if all(ONLY_WITH in item for item in items) else "some "
        with_what = f" ({some}only with `{'`, `'.join(only)}`)" if only else ""
        plural = "" if number == 1 or noun.startswith("wishes") else "s"
        found.append(f"{number} {noun}{plural}{with_what}" if not noun.startswith("wishes") else noun)
    return ", ".join(found)


def _needed(pack: Pack) -> str:
    return "".join(f" --set {one.name}={_example(pack, one)}" for one in pack.settings if one.is_required)


def _example(pack: Pack, setting: Setting) -> str:
    if setting.kind == "port":
        return f"/tmp/{pack.category if setting.name == 'port' else setting.name}"  # noqa: S108 - only shown
    return _broker_example(pack, setting) if setting.kind == "broker" else str(setting.example)


def _broker_example(pack: Pack, setting: Setting) -> str:
    """Two brokers of one pack are two places: those of `tools/lab_brokers.sh`, the devices' own one first."""
    brokers = [one.name for one in pack.settings if one.kind == "broker"]
    if len(brokers) == 1:
        return "mqtt://127.0.0.1:1883"
    return "mqtt://127.0.0.1:11883" if setting.name == brokers[0] else "mqtt://me:secret-3@127.0.0.1:1883"


def _shown(pack: Pack, arguments: Sequence[Any]) -> str:
    examples = {
        f"{{setting.{one.name}}}": _example(pack, one) for one in pack.settings if one.kind in ("port", "broker")
    }
    filled = [examples.get(argument, argument) for argument in arguments]
    return said(filled)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
