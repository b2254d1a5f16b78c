"""The `text` codec: a payload that is plain text, perhaps one number with its unit ('21.5', '12.34 g')."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.numbers import number_in_text
from telemetry.options import Option
from telemetry.values import Decoded, DecodeFault, Json, Reading

_ENCODINGS = ("utf-8", "ascii", "latin-1", "cp1252", "utf-16-le", "utf-16-be")

# Behind a space a unit may hold digits ('m3/h'); glued to the number it may not, or '0x1F' would be 0 'x1F'.
_NUMBER_AND_UNIT = re.compile(
    r"\s*(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"
    r"(?:[ \t]+(?P<apart>[^\W\d_][\w/²³°*^.-]{0,15}|[%°‰]\w{0,3})|(?P<glued>[^\W\d_]{1,8}|[%°‰][^\W\d_]{0,3}))?\s*"
)


class TextCodec(Codec):
    """The value is the text, unchanged. A text that is a number, alone or with a unit, gives one reading."""

    name = "text"
    label = "Text"
    help = "Plain text. A number, alone or with a unit behind it, becomes a reading"
    options = (
        Option(name="encoding", kind=str, default="utf-8", label="Encoding", choices=_ENCODINGS),
        Option(name="metric", kind=str, default="value", label="Metric", help="What the reading is called"),
    )

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for bytes that are not in the encoding."""
        check_size(incoming.payload)
        try:
            text = incoming.payload.decode(self.given["encoding"])
        except UnicodeDecodeError as fault:
            raise DecodeFault(f"byte {fault.start + 1} is not {self.given['encoding']}") from None
        return state, (Decoded(text, self._readings(text)),)

    def _readings(self, text: str) -> tuple[Reading, ...]:
        found = _NUMBER_AND_UNIT.fullmatch(text) if len(text) <= 80 else None
        number = number_in_text(found["number"]) if found else None
        if found is None or number is None:
            return ()
        return (Reading(self.given["metric"] or "value", number, found["apart"] or found["glued"] or ""),)
