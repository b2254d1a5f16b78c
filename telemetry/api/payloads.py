"""Payloads as the API shows them: text, or hexadecimal with a flag."""

from __future__ import annotations

from typing import Any

from telemetry.payload_text import readable


def shown(payload: bytes | memoryview) -> dict[str, Any]:
    """The beginning of a payload, for lists."""
    text, is_binary = readable(payload)
    size = len(payload)
    whole_size = len(text) // 2 if is_binary else len(text.encode())
    return {"text": text, "is_binary": is_binary, "is_cut": whole_size < size, "size": size}


def shown_whole(payload: bytes | memoryview) -> dict[str, Any]:
    """All of a payload."""
    data = bytes(payload)
    _, is_binary = readable(data)
    try:
        text = data.hex() if is_binary else data.decode()
    except UnicodeDecodeError:  # readable looked at the beginning only
        text, is_binary = data.hex(), True
    return {"text": text, "is_binary": is_binary, "is_cut": False, "size": len(data)}
