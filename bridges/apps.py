"""Registers the app `bridges` with Django."""

from django.apps import AppConfig


class BridgesConfig(AppConfig):
    name = "bridges"
    verbose_name = "Brokers, rules and meters"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the live pages what is configured."""
        from bridges import certificates, live_sources

        live_sources.register()
        certificates.register()
