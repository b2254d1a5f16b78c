"""The message that the tests of rules and addresses evaluate against."""

from datetime import UTC, datetime
from typing import Any

from bridges.rules.expression import Variables

PAYLOAD: dict[str, Any] = {
    "power": 6,
    "voltage": 230.5,
    "nothing": None,
    "name": "pump",
    "on": True,
    "a-b": 7,
    "inner": {"x": 1, "list": [10, 20, 30]},
    "tags": ["hot", "wet"],
    "items": [{"v": 1}, {"v": 5}],
}


def make_variables(payload: Any = PAYLOAD, **changed: Any) -> Variables:
    """Variables of an ordinary message, with what a test wants changed."""
    values: dict[str, Any] = {
        "payload": payload,
        "readings": {"active_power": 3.5, "ENERGY.Total": 1.25, "count": 3},
        "device": "meter-1",
        "topic": "plant/hall/meter-1",
        "source": "broker:plant",
        "time": datetime(2026, 1, 31, 12, 30, tzinfo=UTC),
    }
    return Variables(**(values | changed))
