"""Where packs are found: those that came with the hub, and those that people uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from bridges.config_file.faults import ConfigFileRefused, Fault
from bridges.models import OwnPack
from bridges.packs.pack import Pack
from bridges.packs.reading import MAX_BYTES, read_pack

SHIPPED: Final = Path(__file__).parent / "library"
MAX_OWN: Final = 200
"""How many uploaded packs a hub keeps."""


@dataclass(frozen=True, slots=True)
class KnownPack:
    """One pack of the gallery."""

    pack: Pack
    is_own: bool = False


@lru_cache(MAX_OWN)
def _read(text: str) -> Pack | ConfigFileRefused:
    """Reading takes a while, and the gallery reads them all; that one cannot be read is remembered too."""
    try:
        return read_pack(text.encode())
    except ConfigFileRefused as refused:
        return refused


@lru_cache(1)
def shipped_packs() -> Sequence[Pack]:
    """The packs of the hub itself, in the order of their titles."""
    return sorted(
        (read_pack(path.read_bytes()) for path in SHIPPED.glob("*.yaml")), key=lambda pack: pack.title.lower()
    )


def known_packs() -> list[KnownPack]:
    """All of them; an uploaded one that this hub does not understand any more is left out."""
    own = (_read(row.text) for row in OwnPack.objects.all())
    return [
        *(KnownPack(pack) for pack in shipped_packs()),
        *(KnownPack(pack, is_own=True) for pack in own if isinstance(pack, Pack)),
    ]


def refused_packs() -> list[tuple[str, Fault]]:
    """The names of the uploaded ones that this hub does not understand any more, each with its first fault."""
    own = ((row.name, _read(row.text)) for row in OwnPack.objects.all())
    return [(name, found.faults[0]) for name, found in own if isinstance(found, ConfigFileRefused)]


def pack_named(name: str) -> KnownPack | None:
    """The pack of that name; raises ConfigFileRefused if it is not understood any more.

    The hub's own go first, so that nobody can put another in their place.
    """
    found = next((pack for pack in shipped_packs() if pack.name == name), None)
    if found is not None:
        return KnownPack(found)
    row = None if "\x00" in name else OwnPack.objects.filter(name=name).first()
    if row is None:
        return None
    read = _read(row.text)
    if isinstance(read, ConfigFileRefused):
        raise ConfigFileRefused(read.faults)
    return KnownPack(read, is_own=True)


def keep_own(data: bytes, *, by: str = "") -> Pack:
    """Take in a pack that somebody brought, in the place of an earlier one of its name; raises ConfigFileRefused."""
    pack = read_pack(data)
    if any(shipped.name == pack.name for shipped in shipped_packs()):
        text = f"The hub has a pack {pack.name!r} of its own. Give yours another name."
        raise ConfigFileRefused([pack.document.fault(("name",), text)])
    if OwnPack.objects.exclude(name=pack.name).count() >= MAX_OWN:
        raise ConfigFileRefused([Fault(1, (), f"At most {MAX_OWN} packs are kept. Remove some.")])
    OwnPack.objects.update_or_create(
        name=pack.name,
        defaults={"text": data.decode("utf-8-sig"), "uploaded_at": datetime.now(UTC), "uploaded_by": by[:200]},
    )
    return pack


__all__ = ["MAX_BYTES", "KnownPack", "keep_own", "known_packs", "pack_named", "refused_packs", "shipped_packs"]
