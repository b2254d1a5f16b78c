"""The parts of a rule's admin page for actions with options: one list for each kind, its form from what it declares."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Max, QuerySet
from django.http import HttpRequest

from bridges.actions.base import ActionKind
from bridges.actions.registry import ACTIONS
from bridges.models import RuleAction
from telemetry.admin_parts.option_forms import PREFIX, MendableForm, option_field
from telemetry.admin_parts.typed import StackedInline
from telemetry.names import sentence
from telemetry.options import Option, OptionFault


class OptionsActionForm(MendableForm):
    """One action of a kind. Secrets go in and never come out: an empty field keeps the stored one."""

    kind: ClassVar[type[ActionKind]]

    class Meta:
        model = RuleAction
        fields = ("position",)
        labels = {"position": "Order"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.kind = self.kind.name
        for option in self.kind.options:
            shown = "" if option.is_secret else self.instance.options.get(option.name, option.default)
            self.initial.setdefault(PREFIX + option.name, shown)

    def clean(self) -> dict[str, Any]:
        """Check the options and put them into the row; those that equal their default are left out."""
        cleaned = super().clean() or {}
        secrets = self.instance.kept_secrets
        options: dict[str, Any] = {}
        for option in self.kind.options:
            value = cleaned.get(PREFIX + option.name)
            if option.is_secret:
                secrets |= {option.name: (value, "")} if value else {}
            elif (checked := self._checked(option, value)) != option.default:
                options[option.name] = checked
        self.instance.options = options
        self.instance.keep_secrets(secrets)
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """A fault of the options as a whole stands at the top of the action."""
        if field is None and "options" in getattr(error, "error_dict", {}):
            faults = dict(error.error_dict)
            faults.setdefault(NON_FIELD_ERRORS, []).extend(faults.pop("options"))
            error.error_dict = faults
        super().add_error(field, error)

    def _checked(self, option: Option, value: Any) -> Any:
        try:
            return option.check(option.default if value is None else value)
        except OptionFault as fault:
            if PREFIX + option.name not in self.errors:
                self.add_error(PREFIX + option.name, sentence(fault.message))
            return option.default


class OptionsInline(StackedInline):
    """The actions of one kind."""

    kind: ClassVar[type[ActionKind]]
    model = RuleAction
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleAction]:
        """Those of this kind."""
        return super().get_queryset(request).filter(kind=self.kind.name)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A new action comes last."""
        formset = super().get_formset(request, obj, **kwargs)
        last = obj.actions.aggregate(last=Max("position"))["last"] if obj else None
        formset.form.base_fields["position"].initial = 0 if last is None else last + 1
        return formset

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its options, and its place among the actions."""
        return [*(PREFIX + option.name for option in self.kind.options), "position"]


def options_inlines() -> list[type[OptionsInline]]:
    """One list for each kind."""
    return [_inline(kind) for kind in ACTIONS.values()]


def _inline(kind: type[ActionKind]) -> type[OptionsInline]:
    fields: dict[str, Any] = {
        PREFIX + option.name: option_field(option, is_needed=option.name == kind.main) for option in kind.options
    }
    form = type(f"{kind.__name__}Form", (OptionsActionForm,), {"kind": kind, **fields})
    words = {"verbose_name": kind.label.lower(), "verbose_name_plural": f"{kind.label}s - {kind.help}"}
    return type(f"{kind.__name__}Inline", (OptionsInline,), {"kind": kind, "form": form, **words})
