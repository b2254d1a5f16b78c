"""Makes an API key and prints it. It is shown this once: the hub keeps only a hash."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from hub.access.models import ApiKey
from hub.access.scopes import MEANINGS, SCOPES
from telemetry.management.hub_command import HubCommand


class Command(HubCommand):
    help = "Make an API key and print it once. Scopes: " + "; ".join(
        f"{name} - {text}" for name, text in MEANINGS.items()
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the key is for, in a few words")
        parser.add_argument(
            "--scope", action="extend", nargs="+", required=True, choices=SCOPES, help="may be given several times"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        scopes = [scope for scope in SCOPES if scope in options["scope"]]
        try:
            ApiKey(name=options["name"], scopes=scopes).full_clean(exclude=["id", "prefix", "hashed_key"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        _, key = ApiKey.objects.create_key(name=options["name"], scopes=scopes)
        self.stdout.write(key)
