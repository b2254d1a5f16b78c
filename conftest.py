"""What every test shares: which database they run on.

`TEST_DATABASE=postgresql` runs them on PostgreSQL: on the server at TEST_DATABASE_URL, or on one started for the run.
"""

from __future__ import annotations

import pytest
from django.conf import settings

DATABASE_FIXTURES = frozenset({"db", "transactional_db"})


@pytest.fixture(scope="session")
def is_postgresql() -> bool:
    """Whether the tests run on PostgreSQL."""
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")


def pytest_report_header() -> str:
    return f"database: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}"


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the database, however it asks for it; leave out what is about another database.

    The slow files go first: two processes that share the files then end at about the same time.
    """
    items.sort(key=lambda item: "system" not in item.path.parts)
    chosen = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2].removesuffix("3")
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("uses_database")
        mark = item.get_closest_marker("database")
        if mark and chosen not in mark.args:
            item.add_marker(pytest.mark.skip(reason=f"is about {mark.args[0]}"))
