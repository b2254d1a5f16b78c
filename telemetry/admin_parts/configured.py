"""The base of the admin pages of configured rows: names that stay, enabling, warnings, options as fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from telemetry.admin_parts.option_forms import SHOWN_FOR, OptionsForm, chosen_kind, option_names, with_options
from telemetry.admin_parts.typed import TitledAdmin

Fieldsets = Sequence[tuple[str | None, dict[str, Any]]]
MAX_NAME = 64
LIMIT_FIELDS = ["drain_rate", "max_waiting", "drop_policy"]
"""Of rows that are targets, see telemetry.models.limits."""


class ConfiguredAdmin(TitledAdmin):
    """A row that a person configures. What is saved here is marked, so that an import does not overwrite it unasked."""

    actions: Sequence[Any] = ("enable", "disable")
    save_on_top = False

    class Media:
        css = {"all": ("telemetry/admin.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The name is chosen once."""
        fields = tuple(map(str, super().get_readonly_fields(request, obj)))
        return ("name", *fields) if obj is not None else fields

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What is only named here is not deleted from here."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and hasattr(field.widget, "can_delete_related"):
            field.widget.can_delete_related = False
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.edited_on_web = True
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Once all is saved, say what is probably not meant."""
        super().save_related(request, form, formsets, change)
        for text in form.instance.warnings():
            messages.warning(request, text)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let them run."""
        self._set_enabled(request, queryset, is_enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Stop them; nothing is lost."""
        self._set_enabled(request, queryset, is_enabled=False)

    def _set_enabled(self, request: HttpRequest, queryset: QuerySet[Any], *, is_enabled: bool) -> None:
        count = queryset.exclude(is_enabled=is_enabled).update(is_enabled=is_enabled, edited_on_web=True)
        messages.success(request, f"{'Enabled' if is_enabled else 'Disabled'}: {count}.")


class OptionsAdmin(ConfiguredAdmin):
    """A configured row whose kind (a driver, a codec) declares options."""

    form: type[OptionsForm]

    def kind_fieldsets(self, request: HttpRequest, obj: Any) -> Fieldsets:
        """The fieldsets without the options."""
        raise TypeError(f"{type(self).__name__} names no fieldsets")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The options of the chosen kind stand behind the first fieldset."""
        first, *rest = self.kind_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            return [first, ("Options", {"fields": [self.form.column]}), *rest]
        kind = chosen_kind(request, self.form, obj)
        names = option_names(self.form, kind)
        if not names:
            return [(first[0], first[1] | {"fields": [*first[1]["fields"], SHOWN_FOR]}), *rest]
        chosen = self.form.kinds[kind]
        options = {"fields": [*names, SHOWN_FOR], "description": chosen.help}
        return [first, (f"Options of {chosen.label}", options), *rest]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """The form with the options of the chosen kind."""
        if obj is None or self.has_change_permission(request, obj):
            kwargs["form"] = with_options(self.form, chosen_kind(request, self.form, obj))
            kwargs.setdefault("fields", self._editable_fields(request, obj))
        return super().get_form(request, obj, change=change, **kwargs)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """A form that came back only to show the options of another kind is not told to be at fault."""
        form = context["adminform"].form
        if getattr(form, "only_shows", ""):
            form.forget_errors()
            context["errors"] = None
            messages.info(request, form.only_shows)
        return super().render_change_form(request, context, *args, **kwargs)

    def _editable_fields(self, request: HttpRequest, obj: Any) -> list[str]:
        fixed = self.get_readonly_fields(request, obj)
        return [name for name in flatten_fieldsets(self.get_fieldsets(request, obj)) if name not in fixed]


def copied_label(label: str) -> str:
    """The label of a copy: in lists of choices the two must not look alike."""
    return f"{label[:190]} (copy)" if label else ""


def free_name(row: Model, name: str) -> str:
    """`scale-copy`, or `scale-copy2` if there is one: a name for a copy."""
    taken = set(type(row)._default_manager.values_list("name", flat=True))
    for number in range(1, len(taken) + 2):
        suffix = f"-copy{number if number > 1 else ''}"
        candidate = name[: MAX_NAME - len(suffix)] + suffix
        if candidate not in taken:
            return candidate
    return name
