"""The list of sources on a rule's admin page, looked at together with the actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.forms.models import BaseInlineFormSet

from bridges.models import RuleAction
from bridges.transit.checks import rule_fault

if TYPE_CHECKING:
    _Base = BaseInlineFormSet[Any, Any, Any]
else:
    _Base = BaseInlineFormSet


class SourceFormSet(_Base):
    """The sources of a rule. What passes through unstored allows only some rules."""

    siblings: Sequence[Any] = ()
    """The lists of actions that were sent with it."""

    def clean(self) -> None:
        """The fault stands at the topic, because it is what makes the difference."""
        super().clean()
        for form in self.forms:
            topic = form.cleaned_data.get("topic") if form.is_valid() and not form.cleaned_data.get("DELETE") else None
            if topic is not None and not topic.is_stored and (fault := rule_fault(self._every_s, self._actions())):
                form.add_error("topic", fault)

    @property
    def _every_s(self) -> float | None:
        every_s: float | None = self.instance.every_s
        return every_s

    def _actions(self) -> list[RuleAction]:
        forms = [form for formset in self.siblings for form in formset.forms if form.is_valid()]
        kept = [form for form in forms if not form.cleaned_data.get("DELETE")]
        return [form.instance for form in kept if form.has_changed() or form.instance.pk]
