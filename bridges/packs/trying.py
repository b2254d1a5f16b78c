"""What a person types to try a pack without the product: the command lines of its simulators."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridges.packs.brokers import address_of
from bridges.packs.filling import Filling
from bridges.packs.pack import Pack


@dataclass(frozen=True, slots=True)
class Trial:
    """One simulator: its arguments, and those for each thing that can go wrong."""

    arguments: Sequence[str]
    faults: Mapping[str, Sequence[str]]

    @property
    def command(self) -> str:
        """What to type."""
        return said(self.arguments)

    @property
    def faulty(self) -> list[tuple[str, str]]:
        """Each fault, and what to type for it."""
        return [(name, said(more)) for name, more in self.faults.items()]


def trials(pack: Pack, values: Mapping[str, Any]) -> list[Trial]:
    """The simulators with these answers; a broker stands with its address, an open port with an example."""
    known = dict(values)
    for setting in pack.settings:
        if setting.kind == "broker":
            known[setting.name] = address_of(str(values.get(setting.name) or ""))
        elif setting.kind == "port" and not values.get(setting.name):
            known[setting.name] = f"/tmp/{setting.name if setting.name != 'port' else pack.category}"  # noqa: S108 - shown
    filling = Filling(known, lambda path, text: None)
    return [
        Trial(
            filling.plain(one.arguments, ()),
            {name: filling.plain(more, ()) for name, more in one.faults.items()},
        )
        for one in pack.simulators
    ]


def said(arguments: Sequence[str]) -> str:
    """Arguments as a shell takes them."""
    return shlex.join(arguments)
