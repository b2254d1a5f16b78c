"""Registers the project itself with Django: its checks, its commands, and one way of logging for all processes."""

from typing import Any

from celery.signals import setup_logging
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PatchbayAdminConfig(AdminConfig):
    """Django's admin, with our site in the place of its own."""

    default_site = "hub.admin_site.PatchbayAdminSite"


class HubConfig(AppConfig):
    name = "hub"
    verbose_name = "Keys and processes"
    default = True
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hub import checks  # noqa: F401 - importing registers them

        setup_logging.connect(keep_our_logging)


def keep_our_logging(**_: Any) -> None:
    """That somebody listens keeps Celery from setting up logging of its own; LOGGING is set up already."""
