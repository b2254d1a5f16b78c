"""Keeping uploaded packs: each is read once, however many there are."""

from __future__ import annotations

import pytest

from bridges.config_file.faults import ConfigFileRefused, Fault
from bridges.packs import library
from bridges.packs.library import MAX_OWN
from bridges.packs.pack import Pack
from bridges.packs.reading import read_pack
from bridges.tests.packs import PACK


def test_a_hub_full_of_packs_reads_none_of_them_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    pack = read_pack(PACK.encode())

    def counted(data: bytes) -> Pack:
        read.append(data)
        if len(read) % 2:
            raise ConfigFileRefused([Fault(1, (), "not understood")])
        return pack

    monkeypatch.setattr(library, "read_pack", counted)
    library._read.cache_clear()
    try:
        for _ in range(2):
            for number in range(MAX_OWN):
                library._read(f"{PACK}# {number}")
    finally:
        library._read.cache_clear()
    assert len(read) == MAX_OWN
