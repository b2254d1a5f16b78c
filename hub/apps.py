"""Registers the project itself with Django: its checks, its commands, and one way of logging for all processes."""

from typing import Any

from celery.signals import setup_logging
from django.apps import AppConfig


class HubConfig(AppConfig):
    name = "hub"
    verbose_name = "Hub"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hub import checks  # noqa: F401 - importing registers them

        setup_logging.connect(keep_our_logging)


def keep_our_logging(**_: Any) -> None:
    """That somebody listens keeps Celery from setting up logging of its own; LOGGING is set up already."""
