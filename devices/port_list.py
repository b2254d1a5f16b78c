"""The serial ports of this machine and which devices have them; a form field that offers them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from devices.models import Device
from devices.serial.found_ports import FoundPort, found_ports, real_port


def ports_with_users() -> list[tuple[FoundPort, str]]:
    """Each port, and the name of the device of this site that has it, under whichever of its names ('' for none)."""
    rows = Device.objects.filter(site=settings.PATCHBAY_SITE).exclude(port="").values_list("port", "name")
    users = {real_port(port): name for port, name in rows}
    return [(port, users.get(real_port(port.device), "")) for port in found_ports()]


def holder_of(name: str) -> str:
    """The device whose link holds this port, under whichever name; '' for none. A disabled one holds nothing."""
    rows = Device.objects.filter(site=settings.PATCHBAY_SITE, is_enabled=True).exclude(port="")
    return next((row.name for row in rows.only("name", "port") if real_port(row.port) == real_port(name)), "")


class PortInput(forms.TextInput):
    """A text field with the found ports as suggestions. A port of another site is typed."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field and its list."""
        field = super().render(name, value, {**(attrs or {}), "list": f"{name}-found", "size": 60}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', suggestions())
        return format_html('{}<datalist id="{}-found">{}</datalist>', field, name, options)


def suggestions() -> list[tuple[str, str]]:
    """Names of ports with what is there, in words; the lasting name of each port first."""
    found = []
    for port, user in ports_with_users():
        words = f"{port.words} - used by {user}" if user else port.words
        found += [(name, words) for name in port.names]
    return found
