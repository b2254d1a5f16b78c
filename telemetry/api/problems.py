"""The faults that an API view raises, to be answered as RFC 9457 problems. The project decides how they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from rest_framework.exceptions import APIException


class Fault(TypedDict):
    """One fault and its place: a JSON pointer into the body, or the name of a query parameter."""

    path: str
    message: str
    code: str


class Problem(APIException):
    """An answer that is not a success. `code` is stable: clients may decide by it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.errors = list(errors)
        self.headers = dict(headers or {})


def malformed(detail: str) -> Problem:
    """The body cannot be read."""
    return Problem(400, "malformed", detail)


def too_large(limit_bytes: int) -> Problem:
    """The body is larger than the hub takes."""
    return Problem(413, "too_large", f"The body may hold at most {limit_bytes:,} bytes.")


def busy(detail: str, retry_after_s: int) -> Problem:
    """The hub cannot take this now; the same request may be sent again."""
    return Problem(503, "busy", detail, headers={"Retry-After": str(retry_after_s)})


def invalid(errors: Sequence[Fault]) -> Problem:
    """What was sent is readable, but wrong at these places."""
    return Problem(400, "invalid", summary(errors), errors=errors)


def summary(errors: Sequence[Fault]) -> str:
    """One sentence for a person: the first fault, and how many more there are."""
    if not errors:
        return "The request is not valid."
    first = errors[0]
    text = f"{first['path']}: {first['message']}" if first["path"] else first["message"]
    return f"{text} (and {len(errors) - 1} more)" if len(errors) > 1 else text


def pointer(*keys: Any) -> str:
    """The JSON pointer (RFC 6901) to a place in a document."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
