"""The parameters of a list, declared once for the check and the documentation. A wrong one is named in the answer."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q
from rest_framework import serializers
from rest_framework.request import Request

from telemetry.api.problems import Fault, Problem, invalid
from telemetry.ids import lowest_id

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)\Z")
Query = TypeVar("Query", bound="serializers.Serializer[Any]")


class TimeField(serializers.DateTimeField):
    """ISO 8601; without an offset it is UTC. A '+' that the address turned into a space is put back."""

    def to_internal_value(self, value: Any) -> datetime:
        """The time, in UTC; raises ValidationError."""
        return super().to_internal_value(_LOST_PLUS.sub(r"+\1", value) if isinstance(value, str) else value)


class PageQuery(serializers.Serializer[Any]):
    """What every list takes."""

    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="rows per page")
    cursor = serializers.CharField(required=False, max_length=500, help_text="from `next` of the page before")


class SpanQuery(PageQuery):
    """What every list of history takes: rows from `start_time` on and before `end_time`."""

    start_time = TimeField(required=False, help_text="ISO 8601, included; without an offset it is UTC")
    end_time = TimeField(required=False, help_text="ISO 8601, excluded")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The span is not turned round; raises ValidationError."""
        if "start_time" in attrs and "end_time" in attrs and attrs["start_time"] > attrs["end_time"]:
            raise serializers.ValidationError({"end_time": ["This is before start_time."]})
        return attrs


def read_query(request: Request, kind: type[Query]) -> dict[str, Any]:
    """The checked parameters; raises Problem that names each wrong one."""
    query = kind(data=request.query_params.dict())
    unknown = [name for name in request.query_params if name not in query.fields]
    if unknown:
        known = ", ".join(query.fields)
        raise invalid(
            [_fault(name, f"This is not a parameter here; known are {known}.", "unknown") for name in unknown]
        )
    if not query.is_valid():
        errors: Mapping[str, Any] = query.errors
        raise invalid([_fault(name, str(text), text.code) for name, texts in errors.items() for text in texts])
    return dict(query.validated_data)


def _fault(path: str, message: str, code: str) -> Fault:
    return {"path": path, "message": message, "code": code}


def bad_parameter(name: str, message: str) -> Problem:
    """The problem of one wrong parameter."""
    return invalid([_fault(name, message, "invalid")])


def span_of_ids(query: Mapping[str, Any]) -> Q:
    """The time filter of a list as bounds of its ids."""
    bounds = Q()
    if "start_time" in query:
        bounds &= Q(id__gte=lowest_id(query["start_time"]))
    if "end_time" in query:
        bounds &= Q(id__lt=lowest_id(query["end_time"]))
    return bounds


def equal_to(query: Mapping[str, Any], *names: str) -> Q:
    """The filters that are plain equality with a column of the same name."""
    return Q(**{name: query[name] for name in names if name in query})


def write_cursor(row_id: UUID) -> str:
    """An opaque text that stands for this place in a list."""
    return encode_cursor(row_id.bytes)


def encode_cursor(place: bytes) -> str:
    """These bytes as text for an address."""
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def read_cursor(text: str) -> UUID:
    """The place that a cursor stands for; raises Problem."""
    return UUID(bytes=decode_cursor(text, size=16))


def decode_cursor(text: str, *, size: int | None = None) -> bytes:
    """The bytes of a cursor; raises Problem."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or (size is not None and len(data) != size):
        raise bad_parameter("cursor", "This is not a cursor of this list.")
    return data
