"""Reads a payload as one JSON document, strictly, or as text. Every fault names what is wrong and where. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from bridges.codecs.base import check_size
from telemetry.values import DecodeFault, Json

MAX_DEPTH = 100
"""Deeper documents are refused: the writer that sends values on stops at 254 levels."""

_KEY = re.compile(rb'"[ \t\n\r]*:')


def read_json(payload: bytes) -> Json:
    """The document; raises DecodeFault for all that is not JSON, too large, too deep, or says a key twice."""
    check_size(payload)
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as fault:
        raise DecodeFault(_explained(payload, fault)) from None
    if payload.count(b"[") + payload.count(b"{") > MAX_DEPTH:
        _check_depth(document)
    # Each key of the text matches once, and what looks like a key within a text only adds to the count.
    if len(_KEY.findall(payload)) != _count_keys(document):
        _check_keys(payload)
    return document


def text_or_json(payload: bytes) -> Json:
    """The object or list, else the text as it is; raises DecodeFault for what is neither."""
    if payload.strip()[:1] in (b"{", b"["):
        return read_json(payload)
    return read_text(payload)


def read_text(payload: bytes) -> str:
    """The text; raises DecodeFault for what is not UTF-8."""
    check_size(payload)
    try:
        return payload.decode()
    except UnicodeDecodeError as fault:
        raise DecodeFault(f"byte {fault.start + 1} is not UTF-8") from None


def _explained(payload: bytes, fault: orjson.JSONDecodeError) -> str:
    try:
        read_text(payload)
    except DecodeFault as unreadable:
        return str(unreadable)
    if not payload.strip():
        return "the payload is empty"
    return f"not JSON: {fault.msg} (line {fault.lineno}, column {fault.colno})"


def _check_depth(document: Json) -> None:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise DecodeFault(f"nested more than {MAX_DEPTH} levels deep")
        level = [below for value in level if isinstance(value, (dict, list)) for below in _items(value)]


def _count_keys(document: Json) -> int:
    count, level = 0, [document]
    while level:
        count += sum(len(value) for value in level if isinstance(value, dict))
        level = [below for value in level if isinstance(value, (dict, list)) for below in _items(value)]
    return count


def _items(value: Mapping[str, Json] | list[Json]) -> list[Json]:
    values = value.values() if isinstance(value, Mapping) else value
    return [below for below in values if isinstance(below, (dict, list))]


def _check_keys(payload: bytes) -> None:
    """A second, slower reading that sees every key."""
    json.loads(payload, object_pairs_hook=_no_twins, parse_int=str, parse_float=str)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DecodeFault(f"the key {key!r} comes twice in one object")
        found[key] = value
    return found
