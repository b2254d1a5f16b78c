"""One run: load from one end, faults in the middle, and the count when everything has come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from chaos.count import Found, Tally, tally
from chaos.plan import Fault, Step
from chaos.stage import LINK, QUALITIES, Peers, Stage, open_stage, peers
from hub.tests.system.ledger import imbalances
from hub.tests.system.load import Load
from hub.tests.system.mqtt_peer import MqttPeer
from hub.tests.system.questions import count_open, payloads
from hub.tests.system.waiting import wait_for

REST_WITHIN_S, ARRIVES_WITHIN_S = 90.0, 15.0
_LOAD_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    tallies: Sequence[Tally]
    faults: dict[Fault, int]
    imbalances: Sequence[str]
    is_at_rest: bool
    took_s: float

    @property
    def is_good(self) -> bool:
        """Whether the hub kept its promise."""
        is_broker_well = bool(self.faults[Fault.BROKER]) or not any(
            one.broker_twice * (one.qos == 2) + one.broker_lost for one in self.tallies
        )
        return self.is_at_rest and is_broker_well and not self.imbalances and all(one.is_good for one in self.tallies)


def run(steps: Sequence[Step], *, messages: int, seconds: float, say: Callable[[str], object]) -> Outcome:
    """Send so many messages, half at each quality of service, while the steps are taken."""
    began = time.monotonic()
    with open_stage() as stage, peers(stage.broker) as foreign, ExitStack() as stack:
        count = messages // len(QUALITIES)
        loads = {
            qos: stack.enter_context(
                Load(foreign.sources[qos], f"load/{qos}", qos=qos, count=count, per_s=count / (seconds * _LOAD_SHARE))
            )
            for qos in QUALITIES
        }
        _take(steps, stage, seconds=seconds, say=say)
        say("all is back: waiting until everything has come to rest")
        is_at_rest = _comes_to_rest(stage, loads)
        _let_it_arrive(stage, foreign.sinks)
        return Outcome(
            [tally(qos, _found(stage, qos, loads[qos], foreign)) for qos in QUALITIES],
            {kind: sum(step.fault is kind and not step.is_end for step in steps) for kind in Fault},
            _imbalances_at_rest(stage),
            is_at_rest,
            time.monotonic() - began,
        )


def _take(steps: Sequence[Step], stage: Stage, *, seconds: float, say: Callable[[str], object]) -> None:
    began = time.monotonic()
    for step in steps:
        time.sleep(max(0.0, began + step.at_s - time.monotonic()))
        say(f"{time.monotonic() - began:6.1f} s  {'it is back: ' if step.is_end else ''}{step.fault}")
        (stage.heal if step.is_end else stage.strike)(step.fault)
    time.sleep(max(0.0, began + seconds - time.monotonic()))


def _comes_to_rest(stage: Stage, loads: dict[int, Load]) -> bool:
    """Whether all that was sent is stored and no delivery waits, within the limit."""
    try:
        for load in loads.values():
            load.wait_until_confirmed(REST_WITHIN_S)
        wait_for(
            lambda: all(_is_stored(stage, load, qos) for qos, load in loads.items()),
            within_s=REST_WITHIN_S,
            every_s=0.5,
        )
        wait_for(lambda: count_open(stage.database) == 0, within_s=REST_WITHIN_S, every_s=0.5)
    except AssertionError:
        return False
    return True


def _let_it_arrive(stage: Stage, sinks: dict[int, MqttPeer]) -> None:
    """What the broker has confirmed may still be on its way from there."""
    with suppress(AssertionError):
        wait_for(
            lambda: all(_delivered(stage, qos).keys() <= set(_came(sinks[qos])) for qos in QUALITIES),
            within_s=ARRIVES_WITHIN_S,
            every_s=0.5,
        )


def _is_stored(stage: Stage, load: Load, qos: int) -> bool:
    return len(set(payloads(stage.database, LINK, topic=f"load/{qos}"))) >= load.count


def _imbalances_at_rest(stage: Stage) -> list[str]:
    try:
        wait_for(lambda: not imbalances(stage.database), within_s=5.0)
    except AssertionError:
        return imbalances(stage.database)
    return []


def _found(stage: Stage, qos: int, load: Load, foreign: Peers) -> Found:
    return Found(
        sent=load.payloads,
        stored=payloads(stage.database, LINK, topic=f"load/{qos}"),
        delivered=_delivered(stage, qos),
        came=_came(foreign.sinks[qos]),
        witnessed=foreign.witnesses[qos].payloads(),
    )


def _delivered(stage: Stage, qos: int) -> dict[str, bytes]:
    statement = "SELECT id, payload FROM telemetry_delivery WHERE address = %s AND state = 'delivered'"
    return {str(row[0]): bytes(row[1]) for row in stage.database.rows(statement, f"copies/{qos}")}


def _came(sink: MqttPeer) -> list[str]:
    return [message.id.replace("-", "") for message in list(sink.messages)]
