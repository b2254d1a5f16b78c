"""Finds codecs by name: the one list of them. A new codec is one file and one line here."""

from __future__ import annotations

from typing import Final

from bridges.codecs.base import Codec
from bridges.codecs.bytes import BytesCodec
from bridges.codecs.json import JsonCodec
from bridges.codecs.kpm33b import Kpm33bCodec
from bridges.codecs.packet import PacketCodec
from bridges.codecs.text import TextCodec

CODECS: Final[dict[str, type[Codec]]] = {
    codec.name: codec for codec in (JsonCodec, PacketCodec, TextCodec, BytesCodec, Kpm33bCodec)
}


class UnknownCodec(ValueError):
    """There is no codec of that name."""


def codec_named(name: str) -> type[Codec]:
    """The codec's class; raises UnknownCodec."""
    if name not in CODECS:
        raise UnknownCodec(f"there is no codec {name!r}; known are {', '.join(CODECS)}")
    return CODECS[name]
