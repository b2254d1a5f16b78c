"""The admin as people meet it: one sign-in for all pages, and an index in the order of what they want to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

GROUPS: Final[Sequence[tuple[str, Mapping[str, str]]]] = (
    (
        "Connect",
        {
            "OwnPack": "Everything that a product needs, in one step.",
            "Device": "Scales, printers, sensors: what hangs on a port or behind a topic.",
            "SeenDevice": "Announced themselves, and wait to be adopted.",
            "Broker": "The MQTT servers that the hub connects to.",
            "Topic": "What it subscribes to, and where it publishes.",
            "Meter": "KPM33B power meters: intervals, clock, relay, energy.",
            "MeterDefaults": "What is wanted of all meters of a broker.",
        },
    ),
    (
        "Decide what happens",
        {
            "Rule": "What arrives, under which condition, goes where.",
            "TicketTemplate": "What messages look like on paper.",
            "AlertRule": "What to watch for, and whom to tell.",
            "PeriodicTask": "What the hub does at set times.",
        },
    ),
    (
        "See what happened",
        {
            "Alert": "What is wrong now, and what was.",
            "Message": "Everything that arrived.",
            "StoredReading": "The numbers taken from it.",
            "Delivery": "Everything on its way out, and what became of it.",
            "DeadLetter": "Messages that could not be processed, and why.",
        },
    ),
    (
        "Look after the hub",
        {
            "LinkStatus": "Every connection, and since when it stands.",
            "ProcessStatus": "The programs that make up the hub.",
            "RuleCount": "How often each rule ran, matched and failed.",
            "LedgerEntry": "The books: what came in must have gone somewhere.",
        },
    ),
    (
        "Who may do what",
        {
            "User": "People who sign in here.",
            "Group": "Rights that several people share.",
            "ApiKey": "Programs that use the REST API.",
        },
    ),
    (
        "Times for schedules",
        {
            "IntervalSchedule": "Every so many minutes.",
            "CrontabSchedule": "At times of the day, the week or the year.",
            "ClockedSchedule": "Once, at a moment.",
            "SolarSchedule": "At sunrise, at sunset.",
        },
    ),
)
"""The headings of the index; below each its models by class name, with a sentence. Others stand under their app."""


class PatchbayAdminSite(AdminSite):
    """The site that every admin page is registered with."""

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one page to sign in, and it says so to people who may not come in here. What was typed is taken."""
        if request.method == "POST":
            return super().login(request, extra_context)
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        target = wanted if is_ours else reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        return redirect_to_login(target, settings.LOGIN_URL)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the version, for the foot of each page."""
        return {**super().each_context(request), "version": settings.PATCHBAY_VERSION}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """By what people want to do; the page of one app keeps Django's own order."""
        apps = super().get_app_list(request, app_label)
        return apps if app_label else grouped(apps)


def grouped(apps: Sequence[Any]) -> list[Any]:
    """The models of these apps under the headings of GROUPS; a heading that has none is left out."""
    models = {model["object_name"]: model for app in apps for model in app["models"]}
    named = [_group(heading, words, models) for heading, words in GROUPS]
    known = {name for _, words in GROUPS for name in words}
    left = [app | {"models": [model for model in app["models"] if model["object_name"] not in known]} for app in apps]
    return [group for group in [*named, *left] if group["models"]]


def _group(heading: str, words: Mapping[str, str], models: Mapping[str, Any]) -> dict[str, Any]:
    label = heading.lower().replace(" ", "-")
    found = [models[name] | {"about": about} for name, about in words.items() if name in models]
    return {"name": heading, "app_label": label, "app_url": "", "has_module_perms": True, "models": found}
