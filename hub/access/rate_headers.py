"""Puts the caller's rate on its answer, and bounds how often one address may try to log in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from hub.access.throttling import address_of, spend

LOGIN_PATHS = frozenset({"/login/", "/admin/login/"})
Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def rate_headers(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Middleware; both sorts, so that an async request is not sent through a thread for two headers."""
    if iscoroutinefunction(get_response):
        answer_later = cast(AsyncAnswer, get_response)

        async def add_later(request: HttpRequest) -> HttpResponseBase:
            refused = await sync_to_async(_refused_login)(request) if _is_login(request) else None
            return refused or _with_headers(request, await answer_later(request))

        return add_later
    answer = cast(Answer, get_response)

    def add(request: HttpRequest) -> HttpResponseBase:
        refused = _refused_login(request) if _is_login(request) else None
        return refused or _with_headers(request, answer(request))

    return add


def _is_login(request: HttpRequest) -> bool:
    return request.method == "POST" and request.path in LOGIN_PATHS


def _refused_login(request: HttpRequest) -> HttpResponse | None:
    is_allowed, wait_s, headers = spend("login", address_of(request))
    if is_allowed:
        return None
    headers |= {"Retry-After": str(int(wait_s) + 1)}
    return HttpResponse("Too many attempts to log in. Try again in a minute.", status=429, headers=headers)


def _with_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    for name, value in getattr(request, "rate_headers", {}).items():
        response.headers[name] = value
    return response
