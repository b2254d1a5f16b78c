"""Runs the tests of a pack with its examples for settings, and says what is not as expected. It raises nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Final

from bridges.packs.bench import Bench, BenchFault, Seen, later
from bridges.packs.expectation import MAX_SHOWN, Outcome, differences
from bridges.packs.filling import Filling, filled_config, tried_values
from bridges.packs.pack import Pack, PackTest, Step
from telemetry.outages import first_line
from telemetry.values import DecodeFault

TIME_LIMIT_S: Final = 10.0
MAX_PROBLEMS: Final = 20
FINE: Final = 0x12
"""What a printer answers to a question after its status when all is well."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test, and what is wrong; nothing if it passed."""

    __test__ = False

    name: str
    line: int
    problems: tuple[str, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether all was as expected."""
        return not self.problems


def run_tests(pack: Pack, *, clock: Callable[[], float] = monotonic) -> list[TestResult]:
    """The result of every test, in the order of the file. Whatever a pack says, this ends, and raises nothing."""
    until = clock() + TIME_LIMIT_S
    results = []
    for test in pack.tests:
        problems = _problems(pack, test, lambda: clock() > until)
        results.append(TestResult(test.name, pack.document.fault(test.path, "").line, tuple(problems[:MAX_PROBLEMS])))
    return results


def failures(results: Sequence[TestResult]) -> list[TestResult]:
    """Those that did not pass."""
    return [result for result in results if not result.is_passed]


def _problems(pack: Pack, test: PackTest, is_over: Callable[[], bool]) -> Sequence[str]:
    if is_over():
        return ["it was not run: the tests took too long"]
    try:
        return _run(pack, test, is_over)
    except BenchFault as fault:
        return [str(fault)]
    except Exception as error:  # noqa: BLE001 - whoever looks at a pack must see it, and be able to remove it
        return [f"it cannot be run: {type(error).__name__}: {first_line(error)[:MAX_SHOWN]}"]


def _run(pack: Pack, test: PackTest, is_over: Callable[[], bool]) -> Sequence[str]:
    values, wrong = tried_values(pack, test.settings)
    if wrong:
        return [f"setting {name}: {text}" for name, text in wrong.items()]
    filled = filled_config(pack, values)
    if filled.faults:
        return [text for _, text in filled.faults]
    return list(_steps(test, Bench(filled.config, is_over), values))


def _steps(test: PackTest, bench: Bench, values: dict[str, Any]) -> Iterator[str]:
    now = test.at
    for number, step in enumerate(test.steps, start=1):
        now = later(now, step.wait_s or 0)
        wrong: list[str] = []
        filling = Filling(values, lambda path, text, wrong=wrong: wrong.append(text))  # type: ignore[misc]
        expected = filling.plain(step.expect, step.path)
        try:
            problems = [*wrong, *differences(expected, _outcome(step, bench, now, filling))]
        except DecodeFault as fault:
            problems = [str(fault)]
        where = f"step {number}: " if len(test.steps) > 1 else ""
        yield from (where + text for text in problems)


def _outcome(step: Step, bench: Bench, now: datetime, filling: Filling) -> Outcome:
    if step.command is not None:
        return Outcome(sends=_command(step, bench))
    if step.asked is not None:
        return Outcome(standing=_standing(step, bench))
    seen = _seen(step, bench, now, filling)
    return Outcome(
        values=[decoded.value for decoded in seen.decoded],
        devices=seen.devices,
        readings=[reading for decoded in seen.decoded for reading in decoded.readings],
        times=[decoded.time for decoded in seen.decoded],
        deliveries=seen.deliveries,
        refusals=seen.refusals,
        wire={draft.id: bench.written(draft) for draft in seen.deliveries if draft.kind == "write"},
    )


def _seen(step: Step, bench: Bench, now: datetime, filling: Filling) -> Seen:
    if step.line is not None:
        return bench.serial(step.device, step.line, now)
    if step.topic is not None:
        return bench.message(filling.plain(step.topic, step.path), step.payload, now, is_retained=step.is_retained)
    if step.packet is not None:
        return bench.packet(step.packet, now)
    return bench.wait(now) if step.log is None else _logged(step.log, bench, now)


def _logged(log: str, bench: Bench, now: datetime) -> Seen:
    """All the lines of a log, one after the other."""
    all_seen = Seen()
    for line in filter(None, log.splitlines()):
        topic, _, payload = line.partition(" ")
        seen = bench.message(topic, payload.encode(), now)
        all_seen.decoded += seen.decoded
        all_seen.devices += seen.devices
        all_seen.deliveries += seen.deliveries
        all_seen.refusals += seen.refusals
    return all_seen


def _command(step: Step, bench: Bench) -> bytes:
    name, driver = bench.driver(step.device)
    command = driver.command(step.command or "")
    if command is None:
        known = ", ".join(one.name for one in driver.commands) or "none"
        raise BenchFault(f"{name} has no command {step.command!r}; known are {known}")
    return driver.encode(command.data)


def _standing(step: Step, bench: Bench) -> str:
    """What one answer among good ones makes of a printer: '' if it is ready."""
    name, driver = bench.driver(step.device)
    check = driver.status_check
    if check is None:
        raise BenchFault(f"{name} is not asked for its status")
    if len(step.answered) != 1 or not check.is_answer(step.answered[0]):
        raise BenchFault("this is no answer to a question after the status")
    said = check.standing([step.answered[0] if step.asked == one else FINE for one in check.questions])
    return said.reason.partition(":")[0]
