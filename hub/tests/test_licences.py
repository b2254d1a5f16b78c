"""Which licences go with ours."""

from __future__ import annotations

import pytest

from tools.list_licences import Package, python_packages


@pytest.mark.parametrize(
    ("licence", "is_compatible"),
    [
        ("MIT", True),
        ("EPL-2.0 OR BSD-3-Clause", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("LGPL-3.0-only", True),
        ("EPL-2.0", False),
        ("MIT AND EPL-2.0", False),
        ("SSPL-1.0", False),
        ("unknown", False),
    ],
)
def test_a_licence_goes_with_ours_or_not(licence: str, *, is_compatible: bool) -> None:
    assert Package("part", "1", licence).is_compatible is is_compatible


def test_every_package_of_a_running_hub_goes_with_ours() -> None:
    assert [package for package in python_packages() if not package.is_compatible] == []
