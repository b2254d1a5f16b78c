"""The values of a pack file, each checked as it is taken: what is wrong becomes a fault at its line. Pure."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridges.config_file.faults import Fault, Path
from bridges.config_file.reader import Document

MAX_NUMBER: Final = 1e9
_HEX: Final = re.compile(r"\A([0-9A-Fa-f]{2})*\Z")


class PackValues:
    """One walk through a document. It raises nothing: faults are collected, and a harmless value stands in."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []

    def say(self, path: Path, message: str) -> None:
        self.faults.append(self.document.fault(path, message))

    def known(self, given: Mapping[str, Any], path: Path, names: Sequence[str]) -> bool:
        for key in given:
            if key not in names:
                close = difflib.get_close_matches(key, names, 1)
                hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(names)}."
                self.say((*path, key), f"This key is unknown. {hint}")
        return True

    def is_mapping(self, given: Any, path: Path) -> bool:
        if isinstance(given, Mapping):
            return True
        self.say(path, "This must be keys and values." if given is not None else "This is missing.")
        return False

    def items(self, given: Any, noun: str, limit: int, *, path: Path = ()) -> list[tuple[int, Any]]:
        path = path or (noun,)
        if given is None:
            given = []
        if not isinstance(given, list):
            self.say(path, "This must be a list.")
            return []
        if len(given) > limit:
            self.say(path, f"At most {limit} {noun} are taken.")
            return []
        return list(enumerate(given))

    def text(self, given: Mapping[str, Any], path: Path, key: str, *, is_needed: bool = True) -> str:
        value = given.get(key)
        if value is None and key not in given:
            if is_needed:
                self.say((*path, key), "This is missing.")
            return ""
        if not isinstance(value, str):
            self.say((*path, key), "This must be text; put it in quotes.")
            return ""
        return value.strip() if "\n" in value and key != "log" else value

    def texts(self, given: Any, path: Path) -> list[str]:
        if isinstance(given, list) and all(isinstance(part, str) for part in given):
            return given
        self.say(path, "This must be a list of texts.")
        return []

    def optional(self, given: Mapping[str, Any], path: Path, key: str) -> str | None:
        return self.text(given, path, key) if key in given else None

    def encoded(self, given: Mapping[str, Any], path: Path, key: str) -> bytes | None:
        if key not in given:
            return None
        value = given[key]
        if not isinstance(value, str):
            self.say((*path, key), "This must be text, exactly as it is sent; put it in quotes.")
            return b""
        try:
            return value.encode()
        except UnicodeEncodeError:
            self.say((*path, key), "This holds half a character (a lone surrogate).")
            return b""

    def latin(self, given: Mapping[str, Any], path: Path, key: str) -> bytes | None:
        """Text whose characters are the bytes, as in "\\x1bP"."""
        if key not in given:
            return None
        try:
            return str(given[key]).encode("latin-1")
        except UnicodeEncodeError:
            self.say(
                (*path, key), "A character here is more than a byte; write the bytes with `bytes:` in hexadecimal."
            )
            return b""

    def hexadecimal(self, given: Mapping[str, Any], path: Path, key: str) -> bytes | None:
        if key not in given:
            return None
        text = given[key].replace(" ", "") if isinstance(given[key], str) else "x"
        if not _HEX.match(text):
            self.say((*path, key), 'This must be bytes in hexadecimal, in quotes: "53 20 53".')
            return b""
        return bytes.fromhex(text)

    def number(self, given: Mapping[str, Any], path: Path, key: str) -> float | None:
        value = given.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
            return value
        self.say((*path, key), "This must be a number.")
        return None

    def words(self, given: Mapping[str, Any], path: Path, key: str) -> list[str]:
        """The arguments of a command. They are taken apart before anything is filled in."""
        try:
            return shlex.split(self.text(given, path, key))
        except ValueError as error:
            self.say((*path, key), f"This cannot be read as a command: {error}.")
            return []
