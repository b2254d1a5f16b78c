"""What a name of a configured thing may be. Names are immutable slugs; the free text is the label beside them."""

from __future__ import annotations

import re

from django.core.validators import RegexValidator

SLUG = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
RULE_NAME = re.compile(r"\A[^\x00-\x1f/\\]{1,100}\Z")

check_slug = RegexValidator(
    SLUG, "A name starts with a letter or digit and holds only letters, digits, '.', '_' and '-' (64 at most)."
)
check_rule_name = RegexValidator(RULE_NAME, "A rule's name is one line of at most 100 characters, without slashes.")
