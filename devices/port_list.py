"""The serial ports that this machine has, offered beside the field where a person types one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from serial.tools import list_ports

BY_ID = Path("/dev/serial/by-id")


def found_ports() -> list[tuple[str, str]]:
    """Paths with what is there, in words; those that stay with their device first."""
    ports = {port.device: port.description or port.device for port in list_ports.comports()}
    lasting = [(str(path), ports.get(str(path.resolve()), "")) for path in _by_id()]
    return [*lasting, *sorted((path, words) for path, words in ports.items())]


def _by_id() -> list[Path]:
    try:
        return sorted(BY_ID.iterdir())
    except OSError:
        return []


class PortInput(forms.TextInput):
    """A text field with the found ports as suggestions. A port of another site is typed."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field and its list."""
        field = super().render(name, value, {**(attrs or {}), "list": f"{name}-found", "size": 60}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', found_ports())
        return format_html('{}<datalist id="{}-found">{}</datalist>', field, name, options)
