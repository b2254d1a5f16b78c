"""`manage.py make_first_rows`: at each start, before the processes; does something at the first one only."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from hub.config_sources import ConfigFault
from hub.mqtt_from_environment import make_rows
from telemetry.management.hub_command import HubCommand


class Command(HubCommand):
    """Ends with code 0, whether there was something to make or not; 1 if the environment cannot be used."""

    help = "Make a broker and topics of MQTT_URL, MQTT_SUBSCRIBE_TOPIC and MQTT_PUBLISH_TOPIC, once in a hub's life."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = make_rows()
        except ConfigFault as fault:
            raise CommandError(str(fault)) from None
        for what in made:
            self.stdout.write(f"made {what}")
