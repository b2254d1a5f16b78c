"""Answers every fault of the API as an RFC 9457 problem with a stable `code`. It never shows what went wrong inside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from telemetry.api.problems import Fault, Problem, malformed, pointer, summary
from telemetry.outages import is_outage

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
NO_FIELD = "non_field_errors"
CODES = {
    exceptions.AuthenticationFailed: "authentication_failed",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.NotFound: "not_found",
    exceptions.ParseError: "malformed",
    exceptions.PermissionDenied: "permission_denied",
    exceptions.Throttled: "throttled",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
}
TITLES = {
    "invalid": "Something in the request is not valid",
    "malformed": "The request cannot be read",
    "too_large": "The request is too large",
    "not_authenticated": "No key was given",
    "authentication_failed": "The key is not valid",
    "permission_denied": "This is not allowed",
    "scope_missing": "The key lacks a scope",
    "not_found": "There is no such thing",
    "method_not_allowed": "This cannot be done here",
    "not_acceptable": "The answer cannot be given in that form",
    "unsupported_media_type": "The body must be JSON",
    "throttled": "Too many requests",
    "environment_invalid": "A setting in the environment is wrong",
    "conflict": "This conflicts with what is there",
    "idempotency_conflict": "The idempotency key was used for another request",
    "not_adoptable": "This cannot become a device",
    "not_redrivable": "This delivery cannot be sent again",
    "too_slow": "The search takes too long",
    "busy": "The hub is busy",
    "database_unavailable": "The database is away",
    "internal_error": "The hub made a mistake",
}


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Django REST framework's exception handler."""
    set_rollback()
    request: Any = context.get("request")
    problem = problem_of(error, getattr(request, "path", ""))
    return Response(
        problem_shape(problem), status=problem.status_code, headers=problem.headers, content_type=CONTENT_TYPE
    )


def problem_shape(problem: Problem) -> dict[str, Any]:
    """The members of the problem document."""
    return {
        "type": f"urn:patchbay:problem:{problem.code}",
        "title": TITLES.get(problem.code, TITLES["invalid"]),
        "status": problem.status_code,
        "code": problem.code,
        "detail": str(problem.detail),
        "errors": problem.errors,
    }


def problem_of(error: Exception, path: str) -> Problem:
    """What to answer for an error, with its headers; one that nobody foresaw is logged."""
    problem = error if isinstance(error, Problem) else _made_problem(error, path)
    problem.headers |= _headers_of(error)
    return problem


def _made_problem(error: Exception, path: str) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        faults = list(flatten(error.detail))
        return Problem(400, "invalid", summary(faults), errors=faults)
    if isinstance(error, exceptions.APIException):
        return _problem_of_framework(error)
    if is_outage(error):
        return _away(error)
    for kinds, make in MADE_OF.items():
        if isinstance(error, kinds):
            return make(error)
    log.error("a request failed", exc_info=error, extra={"path": path})
    return Problem(500, "internal_error", "The hub made a mistake; its log says more.")


def _problem_of_framework(error: exceptions.APIException) -> Problem:
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), "internal_error")
    own = error.get_codes()
    if isinstance(own, str) and own in TITLES:
        code = own
    return Problem(error.status_code, code, str(error.detail))


def _away(error: Exception) -> Problem:
    log.warning("the database did not answer", exc_info=error)
    return Problem(
        503,
        "database_unavailable",
        "The database does not answer; try again.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def _conflict(error: Exception) -> Problem:
    log.warning("the database refused a change", exc_info=error)
    return Problem(409, "conflict", "This conflicts with what is there; somebody else may have just changed it.")


MADE_OF: dict[type[Exception] | tuple[type[Exception], ...], Callable[[Exception], Problem]] = {
    Http404: lambda _: Problem(404, "not_found", "There is nothing at this address."),
    PermissionDenied: lambda _: Problem(403, "permission_denied", "This is not allowed."),
    RequestDataTooBig: lambda _: Problem(413, "too_large", "The body is too large."),
    (SuspiciousOperation, UnreadablePostError): lambda _: malformed("The request cannot be read."),
    (ProtectedError, IntegrityError): _conflict,
    (DataError, OperationalError): lambda _: malformed("The database cannot store a value of this request."),
}


def _headers_of(error: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    if (wait_s := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, round(wait_s + 0.5)))
    return headers | getattr(error, "rate_headers", {})


def flatten(detail: Any, *keys: Any) -> Iterator[Fault]:
    """The faults of a serializer, each with the JSON pointer to its place."""
    if isinstance(detail, Mapping):
        for key, part in detail.items():
            yield from flatten(part, *keys) if key == NO_FIELD else flatten(part, *keys, key)
    elif isinstance(detail, list):
        for place, part in enumerate(detail):
            yield from flatten(part, *keys) if isinstance(part, str) else flatten(part, *keys, place)
    else:
        yield {"path": pointer(*keys), "message": str(detail), "code": getattr(detail, "code", "invalid")}
