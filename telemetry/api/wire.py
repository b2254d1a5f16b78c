"""JSON on the wire: strict when it is read, fast when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.http.request import UnreadablePostError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from telemetry.api.problems import malformed, too_large

MAX_BODY_BYTES = 5_000_000


def read_body(stream: Any, declared_bytes: int | None) -> bytes:
    """The body of a request; raises Problem if it is larger than the hub takes."""
    if declared_bytes is not None and declared_bytes > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)
    try:
        body: bytes = stream.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError as error:
        raise malformed("The body ended early.") from error
    if len(body) > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)
    return body


def parse_json(body: bytes) -> Any:
    """The document in `body`: UTF-8, no NaN, nothing after it; raises Problem."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise malformed(f"The body is not JSON: {error}.") from None


class StrictJsonParser(BaseParser):
    """Reads JSON bodies of at most `MAX_BODY_BYTES`."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The document; raises Problem."""
        length = parser_context["request"].META.get("CONTENT_LENGTH") if parser_context else None
        return parse_json(read_body(stream, int(length) if length else None))


class JsonRenderer(BaseRenderer):
    """Writes JSON. Times are ISO 8601 in UTC; numbers that JSON does not know become null."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The bytes of `data`."""
        if data is None:
            return b""
        return orjson.dumps(data, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list | tuple):
        return list(value)
    return str(value)
