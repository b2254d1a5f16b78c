"""Takes secrets out of text before it is logged or shown: those that were remembered, and whatever looks like one.

Pure but for the set of remembered secrets. Whoever decrypts a secret calls `remember_secret` with it.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

MASK = "***"
SHORTEST_SECRET = 4  # a shorter one would tear holes into every line
_NAMES = (
    r"pass(?:word|wd|phrase)|pwd|secret|token|credential|api[-_]?key|private[-_]?key|secret[-_]?key|encryption[-_]?key"
)
_QUOTED_OR_WORD = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&"'(){}\[\]]+)"""
_PATTERNS = (
    # scheme://user:password@host, and scheme://token@host
    (re.compile(r"""(://[^\s:/@"'<>]*):[^\s"'<>]*@"""), rf"\1:{MASK}@"),
    (re.compile(r"""(://)[^\s:/@"'<>]+@"""), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(authorization[\"']?\s*[:=]\s*)[^\r\n,}]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(api-key|bearer|basic)\s+[\w.+/=~-]{6,}"), rf"\1 {MASK}"),
    # an API key of djangorestframework-api-key: prefix.secret
    (re.compile(r"\b([A-Za-z0-9]{8})\.[A-Za-z0-9]{32}\b"), rf"\1.{MASK}"),
    (
        re.compile(
            rf"(?i)(\b(?:[\w-]{{0,40}}(?:{_NAMES})|(?:[\w-]{{0,40}}[_-])?pass)[\"']?\s*[:=]\s*b?){_QUOTED_OR_WORD}"
        ),
        rf"\1{MASK}",
    ),
)


class _Remembered:
    """The secrets known by value, in every spelling in which a library may print them."""

    def __init__(self) -> None:
        self.spellings: frozenset[str] = frozenset()
        self.pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        spellings = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
        if len(secret) < SHORTEST_SECRET or spellings <= self.spellings:
            return
        self.spellings |= spellings
        longest_first = sorted(self.spellings, key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, longest_first)))


_remembered = _Remembered()


def remember_secret(secret: str) -> None:
    """From now on `redact` takes this text out, wherever it stands."""
    _remembered.add(secret)


def redact(text: str) -> str:
    """`text` without secrets."""
    if _remembered.pattern:
        text = _remembered.pattern.sub(MASK, text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
