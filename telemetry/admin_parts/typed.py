"""Django's generic classes by names that work both for the type checker and at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.contrib import admin
from django.core import paginator
from django.http import HttpRequest

if TYPE_CHECKING:
    ModelAdmin: TypeAlias = admin.ModelAdmin[Any]
    TabularInline: TypeAlias = admin.TabularInline[Any, Any]
    StackedInline: TypeAlias = admin.StackedInline[Any, Any]
    ModelForm: TypeAlias = forms.ModelForm[Any]
    Paginator: TypeAlias = paginator.Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    StackedInline = admin.StackedInline
    ModelForm = forms.ModelForm
    Paginator = paginator.Paginator


class TitledAdmin(ModelAdmin):
    """A list is called what it lists, not "Select device to change"."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list under its own name."""
        title = str(self.model._meta.verbose_name_plural)
        return super().changelist_view(request, {"title": title[:1].upper() + title[1:], **(extra_context or {})})
