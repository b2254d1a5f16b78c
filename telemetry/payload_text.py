"""The beginning of a payload as text that a person can read.

Pure. Payloads are cut before they are decoded, so that a large one costs no more than a small one.
"""

from __future__ import annotations

TEXT_LIMIT = 2000
_LONGEST_CHARACTER = 4  # bytes, in UTF-8
HEAD_BYTES = TEXT_LIMIT * _LONGEST_CHARACTER + 1
"""So much of a payload is enough for its text; the last byte tells that there is more."""
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"


def readable(payload: bytes | memoryview) -> tuple[str, bool]:
    """The payload as text of at most 2,000 characters, and whether that text is hexadecimal."""
    head = bytes(payload[: HEAD_BYTES - 1])
    text = _decoded(head, is_cut=len(head) < len(payload))
    if text is None or 4 * (len(head) - len(head.translate(None, _CONTROLS))) > len(head):
        return head[: TEXT_LIMIT // 2].hex(), True
    return text[:TEXT_LIMIT], False


def _decoded(head: bytes, *, is_cut: bool) -> str | None:
    try:
        return head.decode()
    except UnicodeDecodeError as fault:
        if is_cut and fault.start > len(head) - _LONGEST_CHARACTER and fault.end == len(head):
            return head[: fault.start].decode()  # the cut went through a character
        return None
