"""The `bytes` codec: a payload of which nothing is known. It is kept and shown, and nothing is read into it."""

from __future__ import annotations

from collections.abc import Sequence

from bridges.codecs.base import Codec, Incoming, check_size
from telemetry.values import Decoded, Json


class BytesCodec(Codec):
    """The value is `{"hex": "01ff", "size": 2}`: all bytes in lower-case hex and their number. No readings."""

    name = "bytes"
    label = "Bytes"
    help = 'Anything at all. Rules see {"hex": "01ff", "size": 2}'

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault only for a payload beyond the size limit."""
        check_size(incoming.payload)
        return state, (Decoded({"hex": incoming.payload.hex(), "size": len(incoming.payload)}),)
