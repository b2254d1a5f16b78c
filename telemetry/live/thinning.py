"""Leaves events out when there are more than anyone can look at. Pure: the caller hands in the time.

Fair: each source keeps its newest event before any source keeps a second one, so that a chatty meter does not
hide a quiet scale. States of links and of the configuration are never left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import islice, zip_longest

from telemetry.live.events import Event


class Allowance:
    """So many a second, and one second's worth at once."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._left = per_second
        self._at = 0.0

    def take(self, wanted: int, now_s: float) -> int:
        """How many of the wanted ones are granted."""
        self._left = min(self.per_second, self._left + (now_s - self._at) * self.per_second)
        self._at = now_s
        granted = min(wanted, int(self._left))
        self._left -= granted
        return granted


def thin(events: Sequence[Event], allowances: Mapping[str, Allowance], *, now_s: float) -> tuple[Sequence[Event], int]:
    """The events that may go on, in their order, and how many were left out. Kinds without an allowance all go on."""
    left_out: set[int] = set()
    for kind, allowance in allowances.items():
        places = [place for place, event in enumerate(events) if event["kind"] == kind]
        granted = allowance.take(len(places), now_s)
        if granted < len(places):
            chosen = newest_in_turn([_group(events[place]) for place in places], granted)
            left_out.update(set(places).difference(places[index] for index in chosen))
    if not left_out:
        return events, 0
    return [event for place, event in enumerate(events) if place not in left_out], len(left_out)


def newest_in_turn(groups: Sequence[Hashable], count: int) -> list[int]:
    """Of items in order of age, known by their group alone: the places of `count`, each group's newest first."""
    places: dict[Hashable, list[int]] = {}
    for place in range(len(groups) - 1, -1, -1):
        places.setdefault(groups[place], []).append(place)
    turns = (place for turn in zip_longest(*places.values()) for place in turn if place is not None)
    return sorted(islice(turns, count))


def _group(event: Event) -> tuple[str, str]:
    if event["kind"] == "message":
        return event["source"], event["device"] or event["topic"]
    return event["target"], event["address"]
