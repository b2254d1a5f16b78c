"""What a name of a configured thing may be. Names are immutable slugs; the free text is the label beside them."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import Model

SLUG = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
RULE_NAME = re.compile(r"\A[^\x00-\x1f/\\]{1,100}\Z")

check_slug = RegexValidator(
    SLUG, "A name starts with a letter or digit and holds only letters, digits, '.', '_' and '-' (64 at most)."
)
check_rule_name = RegexValidator(RULE_NAME, "A rule's name is one line of at most 100 characters, without slashes.")


def check_name_kept(row: Model) -> None:
    """Raises ValidationError at `name` if a stored row is about to be renamed: history and rules refer to its name."""
    if row._state.adding:
        return
    stored = type(row)._default_manager.filter(pk=row.pk).values_list("name", flat=True).first()
    if stored is not None and stored != getattr(row, "name"):  # noqa: B009 - a Model has no `name` of its own
        raise ValidationError(
            {"name": f"A name never changes, because history and rules refer to it; it stays {stored!r}."}
        )


def sentence(fault: object) -> str:
    """A fault's words as a sentence for a page: a capital in front, a stop at the end."""
    text = str(fault)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")
