"""Serves the page that holds the browser application, which itself talks to the hub over REST and WebSocket."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache

from frontend.manifest import UiNotBuilt, read_assets

UI_FOLDER = "ui/"


@never_cache
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The live page, or how to build it."""
    try:
        assets = read_assets(settings.PATCHBAY_UI_DIR)
    except UiNotBuilt:
        return render(request, "frontend/not_built.html", {"page": page_info(request)}, status=503)
    # Plain addresses on purpose: the build has hashed the names, and the chunks import one another by them.
    base = f"{settings.STATIC_URL}{UI_FOLDER}"
    return render(request, "frontend/index.html", {"page": page_info(request), "assets": assets, "base": base})


def page_info(request: HttpRequest) -> dict[str, Any]:
    """What the page is told about the hub and its user."""
    return {
        "user": request.user.get_username(),
        "version": settings.PATCHBAY_VERSION,
        "adminUrl": _address("admin:index", "/admin/"),
        "identifyUrl": _address("admin:devices_device_identify", ""),
        "packsUrl": _address("admin:bridges_ownpack_changelist", ""),
        "apiDocsUrl": _address("docs", "/api/docs/"),
        "loginUrl": reverse("login"),
        "logoutUrl": reverse("logout"),
        "csrfToken": get_token(request),
        "mayChangeMeters": request.user.has_perm("bridges.change_meter"),
        "mayOpenDevices": request.user.is_staff and request.user.has_perm("devices.view_device"),
    }


def _address(name: str, otherwise: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return otherwise
