"""Form fields made from declared options: what a driver or codec declares once is what a person fills in.

Without JavaScript: choosing another kind and saving shows the form again, with the options of that kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from telemetry.admin_parts.typed import ModelForm
from telemetry.names import sentence
from telemetry.options import Option, OptionFault, plain_number

PREFIX = "option_"
SHOWN_FOR = "options_shown_for"
SHOW_BUTTON = "_options"


class Kind(Protocol):
    """A driver or codec class."""

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    options: ClassVar[Sequence[Option]]


class MendableForm(ModelForm):
    """A form that shows a model's fault at the top when its field is not in the form."""

    def add_error(self, field: str | None, error: Any) -> None:
        """As Django's, which would raise for a field that it does not know."""
        if field is None and hasattr(error, "error_dict"):
            known: dict[str, list[ValidationError]] = {}
            for name, faults in error.error_dict.items():
                known.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(faults)
            error = ValidationError(known)
        super().add_error(field, error)


class OptionsForm(MendableForm):
    """A form whose row keeps declared options in a JSON column. Subclassed per kind by `with_options`."""

    chooser: ClassVar[str]
    column: ClassVar[str]
    kinds: ClassVar[Mapping[str, type[Kind]]]
    shown: ClassVar[str] = ""
    """The kind whose options are fields of this form."""
    only_shows = ""
    """What is to be said when it came back only to show options: nothing is wrong then, and nothing is saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_same_kind = getattr(self.instance, self.chooser) == self.shown
        self.stored: Mapping[str, Any] = (getattr(self.instance, self.column) or {}) if is_same_kind else {}
        for option in self._declared():
            self.initial.setdefault(PREFIX + option.name, self.stored.get(option.name, option.default))
        self.initial[SHOWN_FOR] = self.shown
        self.is_shown_anew = self.is_bound and self.data.get(self.add_prefix(SHOWN_FOR), "") != self.shown
        if self.is_shown_anew:
            self._fill_in_defaults()

    def full_clean(self) -> None:
        """As Django's; but as long as a person has not seen the options, that is all there is to say."""
        super().full_clean()
        is_asked = self.is_bound and SHOW_BUTTON in self.data
        if is_asked or (self.is_shown_anew and self._declared()):
            label = self.kinds[self.shown].label if self.shown in self.kinds else "This"
            has_any = bool(self._declared())
            said = "has options of its own: look at them below, then save" if has_any else "has no options; just save"
            self.only_shows = f"{label} {said}."
            self._errors = forms.utils.ErrorDict()
            self.add_error(self.chooser, self.only_shows)

    def forget_errors(self) -> None:
        """Once it is decided that nothing is saved."""
        self._errors = forms.utils.ErrorDict()

    def clean(self) -> dict[str, Any]:
        """Check the options and put them into the row; those that equal their default are left out."""
        cleaned = super().clean() or {}
        given = {}
        for option in self._declared():
            value = cleaned.get(PREFIX + option.name)
            if option.is_secret and not value:
                value = self.stored.get(option.name, option.default)
            try:
                value = option.check(option.default if value is None else value)
            except OptionFault as fault:
                if PREFIX + option.name not in self.errors:
                    self.add_error(PREFIX + option.name, sentence(fault.message))
                continue
            if value != option.default or option.name in self.stored:
                given[option.name] = value
        setattr(self.instance, self.column, given)
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """A fault of the options as a whole stands at the kind."""
        if field is None and hasattr(error, "error_dict") and self.column in error.error_dict:
            faults = dict(error.error_dict)
            faults.setdefault(self.chooser, []).extend(faults.pop(self.column))
            error = ValidationError(faults)
        super().add_error(field, error)

    def _declared(self) -> Sequence[Option]:
        return self.kinds[self.shown].options if self.shown in self.kinds else ()

    def _fill_in_defaults(self) -> None:
        """The browser has not seen these options yet, so it sent no values for them."""
        sent: Any = self.data
        data = sent.copy()
        data[self.add_prefix(SHOWN_FOR)] = self.shown
        for option in self._declared():
            name, value = self.add_prefix(PREFIX + option.name), self.initial[PREFIX + option.name]
            data.pop(name, None)
            if option.kind is not bool or value:
                data[name] = str(value)
        self.data = data


class ChooserSelect(forms.Select):
    """A list of kinds with a button that shows the options of the chosen one; a script presses it by itself."""

    class Media:
        js = ("telemetry/options.js",)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The list and the button."""
        chosen = super().render(name, value, {**(attrs or {}), "data-shows-options": "1"}, renderer)
        button = '{} <button type="submit" class="button" name="{}" value="1" formnovalidate>Show its options</button>'
        return format_html(button, chosen, SHOW_BUTTON)


def chosen_kind(request: HttpRequest, form: type[OptionsForm], row: Any) -> str:
    """The kind that the page is about: just chosen, or asked for in the address, or stored, or the default."""
    for given in (request.POST, request.GET):
        if form.chooser in given:
            return given[form.chooser]
    source = row if row is not None else form._meta.model()
    return str(getattr(source, form.chooser))


def option_names(form: type[OptionsForm], kind: str) -> list[str]:
    """The names of the form's fields for the options of a kind."""
    return [PREFIX + option.name for option in form.kinds[kind].options] if kind in form.kinds else []


def with_options(form: type[OptionsForm], kind: str) -> type[OptionsForm]:
    """The form with a field for each option of the kind."""
    attributes: dict[str, Any] = {"shown": kind, SHOWN_FOR: forms.CharField(widget=forms.HiddenInput, required=False)}
    if kind in form.kinds:
        attributes |= {PREFIX + option.name: option_field(option) for option in form.kinds[kind].options}
    return type(form.__name__, (form,), attributes)


def chooser_choices(kinds: Mapping[str, type[Kind]], nothing: str = "") -> list[tuple[str, str]]:
    """Every kind by its label; `nothing` names the choice of none, if there is one."""
    return [*([("", nothing)] if nothing else []), *((name, f"{kind.label} ({name})") for name, kind in kinds.items())]


def option_field(option: Option, *, is_needed: bool = False) -> forms.Field:
    """The form field of a declared option; `is_needed`: there is no default, as its kind's check will say."""
    help_text = _help(option, is_needed=is_needed)
    said: dict[str, Any] = {"label": option.label, "help_text": help_text, "required": False}
    if option.is_secret:
        return forms.CharField(widget=forms.PasswordInput, strip=False, **said)
    return _choice_or_value(option, said)


def _choice_or_value(option: Option, said: dict[str, Any]) -> forms.Field:
    if option.choices:
        return forms.TypedChoiceField(
            choices=[(value, str(value)) for value in option.choices],
            coerce=lambda text: option.kind(text),  # noqa: PLW0108 - a type is no plain callable to mypy
            empty_value=None,
            **said,
        )
    if option.kind is bool:
        return forms.BooleanField(**said)
    if option.kind is int:
        return forms.IntegerField(**said)
    if option.kind is float:
        return forms.FloatField(**said)
    if option.kind is dict:
        return forms.JSONField(widget=forms.Textarea(attrs={"rows": 2, "cols": 60}), **said)
    return forms.CharField(strip=False, **said)


def _help(option: Option, *, is_needed: bool) -> str:
    parts = [option.help.rstrip(".") + "." if option.help else ""]
    if option.is_secret:
        parts.append("Empty: keeps the stored one.")
    elif option.kind is bool:
        parts.append(f"Default: {'yes' if option.default else 'no'}.")
    elif is_needed:
        parts.append("Needed.")
    elif option.default in ("", {}):
        parts.append("Default: empty.")
    else:
        parts.append(f"Default: {option.default}.")
    if option.minimum is not None and option.maximum is not None:
        parts.append(f"From {plain_number(option.minimum)} to {plain_number(option.maximum)}.")
    return " ".join(filter(None, parts))
