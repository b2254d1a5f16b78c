"""Cuts CEL source into tokens, each with its place. It knows no grammar and never evaluates anything.

The tokens follow the lexis of the CEL specification (cel-spec, doc/langdef.md, "Syntax").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bridges.rules.faults import ExpressionFault


class Kind(StrEnum):
    """What sort of token it is. A word is a name or a keyword; a sign is an operator or a bracket."""

    WORD = "word"
    INT = "int"
    NUMBER = "number"  # a double or an unsigned integer
    TEXT = "text"
    BYTES = "bytes"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token of the source; `position` counts characters from 0."""

    kind: Kind
    source: str
    position: int


_QUOTED = r"""(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')"""
_RAW = r"""(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n\r]*"|'[^'\n\r]*')"""
_TOKEN = re.compile(
    rf"""(?P<blank>(?:[ \t\n\r\f]+|//[^\n]*)+)
    |(?P<bytes>[bB][rR]{_RAW}|[bB]{_QUOTED})
    |(?P<text>[rR]{_RAW}|{_QUOTED})
    |(?P<number>(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?
               |0[xX][0-9a-fA-F]+[uU]|[0-9]+[uU]))
    |(?P<int>0[xX][0-9a-fA-F]+|[0-9]+)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[<>=!]=|[-+*/%<>!?:,.()\[\]{{}}])""",
    re.VERBOSE | re.DOTALL,
)


def tokenize(source: str) -> list[Token]:
    """The tokens of `source`, closed by an END token; raises ExpressionFault at the first thing that is none."""
    tokens = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise ExpressionFault(_unreadable(source[position]), position)
        if match.lastgroup != "blank":
            tokens.append(Token(Kind(str(match.lastgroup)), match.group(), position))
        position = match.end()
    tokens.append(Token(Kind.END, "", len(source)))
    return tokens


def _unreadable(character: str) -> str:
    if character in "\"'":
        return "the text that begins here is never closed"
    if character == "=":
        return "a comparison is written =="
    if character in "&|":
        return f"'{character}' is no operator; write '{character * 2}'"
    if character.isalpha():
        return f"names hold only a-z, A-Z, 0-9 and _; for others write payload['...'], not {character!r}"
    return f"{character!r} cannot stand here"
