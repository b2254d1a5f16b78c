"""What an option says of its limits, in faults and in forms."""

from __future__ import annotations

import pytest

from telemetry.admin_parts.option_forms import option_field
from telemetry.options import Option, OptionFault, plain_number


@pytest.mark.parametrize(
    ("value", "said"), [(2_147_483_647, "2147483647"), (2_592_000.0, "2592000"), (0.5, "0.5"), (0, "0"), (-32, "-32")]
)
def test_a_number_is_said_as_a_person_writes_it(value: float, said: str) -> None:
    assert plain_number(value) == said


def test_limits_are_plain_in_the_fault_and_in_the_form() -> None:
    option = Option(name="wait", kind=float, default=1.0, minimum=0.5, maximum=2_592_000, label="Wait")
    with pytest.raises(OptionFault, match=r"at most 2592000$"):
        option.check(3_000_000.0)
    assert option_field(option).help_text == "Default: 1.0. From 0.5 to 2592000."


def test_an_option_that_is_needed_says_so_in_place_of_a_default() -> None:
    option = Option(name="url", kind=str, default="", label="URL", help="https://host/path")
    assert option_field(option).help_text == "https://host/path. Default: empty."
    assert option_field(option, is_needed=True).help_text == "https://host/path. Needed."
