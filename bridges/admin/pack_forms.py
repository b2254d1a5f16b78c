"""The forms of device packs: the questions of one pack as fields, and the upload of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bridges.models import Broker
from bridges.packs.pack import Pack
from bridges.packs.reading import MAX_BYTES
from bridges.packs.settings import Setting
from devices.port_list import PortInput

FORCE = "overwrite_edited"
_NONE = "Nothing"


class BrokerInput(forms.TextInput):
    """A text field with the brokers as suggestions; the address of a new one is typed."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field and its list."""
        field = super().render(name, value, {**(attrs or {}), "list": f"{name}-known", "size": 40}, renderer)
        rows = Broker.objects.values_list("name", "label", "host", "port")
        options = format_html_join(
            "", '<option value="{}">{}</option>', [(row[0], f"{row[1] or row[0]} ({row[2]}:{row[3]})") for row in rows]
        )
        return format_html('{}<datalist id="{}-known">{}</datalist>', field, name, options)


class PackForm(forms.Form):
    """The settings of one pack. What an answer may be is judged by the pack, not here."""

    def __init__(self, pack: Pack, *args: Any, is_installed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.pack = pack
        for setting in pack.settings:
            self.fields[setting.name] = _field(setting)
        if is_installed:
            self.fields[FORCE] = forms.BooleanField(
                label="Overwrite what was edited since",
                required=False,
                help_text="Without this, a row that was edited after its installation stops the new one.",
            )

    def answers(self) -> dict[str, Any]:
        """What was answered, by setting."""
        return {setting.name: self.cleaned_data.get(setting.name) for setting in self.pack.settings}

    def shown(self) -> Mapping[str, Any]:
        """What the form shows now: the answers, or what stands in it at first."""
        return {setting.name: self[setting.name].value() for setting in self.pack.settings}


class UploadForm(forms.Form):
    """One pack file."""

    file = forms.FileField(label="Pack file (YAML)", help_text=f"At most {MAX_BYTES // 1000} kB.")

    def clean_file(self) -> bytes:
        """The bytes, unless they are too many."""
        file: Any = self.cleaned_data["file"]
        data: bytes = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise forms.ValidationError(f"A pack has at most {MAX_BYTES:,} bytes.")
        return data


def _field(setting: Setting) -> forms.Field:
    common: dict[str, Any] = {
        "label": setting.label,
        "required": False,
        "initial": _initial(setting),
        "help_text": _help(setting),
    }
    if setting.kind == "boolean":
        return forms.BooleanField(**common)
    if setting.choices:
        empty = [("", _NONE)] if setting.is_optional else []
        return forms.ChoiceField(choices=[*empty, *((str(one), str(one)) for one in setting.choices)], **common)
    widgets: Mapping[str, type[forms.TextInput]] = {"port": PortInput, "broker": BrokerInput}
    return forms.CharField(widget=widgets.get(setting.kind, forms.TextInput)(), **common)


def _initial(setting: Setting) -> Any:
    if setting.kind == "broker" and setting.default is None and not setting.is_optional:
        names = list(Broker.objects.values_list("name", flat=True)[:2])
        return names[0] if len(names) == 1 else None
    return str(setting.default) if setting.choices and setting.default is not None else setting.default


def _help(setting: Setting) -> str:
    found = [setting.help]
    if setting.kind == "broker":
        found.append("The name of a broker, or the address of a new one: mqtt://[user:password@]host:port.")
    if setting.kind == "port":
        found.append("To try it without hardware, a path of your own, as the simulator below has it.")
    return " ".join(filter(None, found))
