"""Parts of the work, each committed in one transaction: how one is split when the database refuses it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bridges.pipeline.inbox import Submission, Work
from telemetry.recording.faults import KeyInUse
from telemetry.values import Arrival, storable


@dataclass(slots=True)
class Portion:
    """A part of the work that is committed in one transaction."""

    arrivals: list[Arrival] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    rest: Work | None = None  # outcomes, reports, dropped
    overdue: list[str] = field(default_factory=list)  # Topics whose codecs hold something; in a portion of their own

    @property
    def is_splittable(self) -> bool:
        return len(self.arrivals) + len(self.submissions) + len(self.overdue) + (self.rest is not None) > 1

    def halves(self) -> tuple[Portion, Portion]:
        """Two smaller portions, in order. Outcomes and reports go first, by themselves."""
        if self.overdue:
            half = len(self.overdue) // 2
            return Portion(overdue=self.overdue[:half]), Portion(overdue=self.overdue[half:])
        if self.rest is not None:
            return Portion(rest=self.rest), Portion(self.arrivals, self.submissions)
        if self.submissions:
            half = len(self.submissions) // 2 or (1 if self.arrivals else 0)
            return (
                Portion(submissions=self.submissions[:half] or self.submissions),
                Portion(self.arrivals, self.submissions[half:] if half else []),
            )
        half = len(self.arrivals) // 2
        return Portion(self.arrivals[:half]), Portion(self.arrivals[half:])


def rest_of(work: Work) -> Work | None:
    """Its outcomes, reports and dropped messages, in words that every database takes; None if there are none."""
    if not (work.outcomes or work.reports or work.dropped):
        return None
    outcomes = [replace(one, reason=storable(one.reason)) if one.reason else one for one in work.outcomes]
    reports = [replace(one, detail=storable(one.detail), warning=storable(one.warning)) for one in work.reports]
    return Work(outcomes=outcomes, reports=reports, dropped=work.dropped)


def with_each_key_once(portion: Portion) -> tuple[Portion, list[tuple[Submission, KeyInUse]]]:
    """Set requests apart that repeat the idempotency key of an earlier one in this portion."""
    seen: set[tuple[str, str]] = set()
    kept, repeated = [], []
    for submission in portion.submissions:
        draft = submission.idempotency
        key = (draft.owner, draft.key) if draft is not None else None
        if key is not None and key in seen:
            repeated.append((submission, KeyInUse(frozenset([key]))))
            continue
        kept.append(submission)
        if key is not None:
            seen.add(key)
    return Portion(portion.arrivals, kept, portion.rest, portion.overdue), repeated


def without_keys(portion: Portion, conflict: KeyInUse) -> Portion:
    """Leave out the requests whose idempotency key was used first by another; they are told."""
    kept = []
    for submission in portion.submissions:
        draft = submission.idempotency
        if draft is not None and (draft.owner, draft.key) in conflict.keys:
            submission.settle(conflict)
        else:
            kept.append(submission)
    return Portion(portion.arrivals, kept, portion.rest)
