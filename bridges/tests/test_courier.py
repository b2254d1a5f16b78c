"""A courier's bookkeeping: behind or caught up, what it holds, and that nothing is carried twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bridges.couriers.courier import Courier
from telemetry.ids import new_id
from telemetry.links import LinkState
from telemetry.recording.batch import DeliveryDraft
from telemetry.values import Arrival, Outcome, Outgoing, Verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class LinkDouble:
    """A link that only keeps what it was given."""

    def __init__(self, key: str = "broker:plant", window: int = 4) -> None:
        self.key = key
        self.window = window
        self.sent: list[Outgoing] = []

    def start(self) -> None: ...

    def stop(self, timeout_s: float) -> bool:
        return True

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None: ...

    def send(self, items: Sequence[Outgoing]) -> None:
        self.sent += items


def draft() -> DeliveryDraft:
    return DeliveryDraft(
        new_id(),
        NOW,
        None,
        "packets",
        "r",
        1,
        "publish",
        "broker:plant",
        "out",
        "x",
        b"",
        1,
        False,
        "{}",
        "waiting",
        0,
        None,
        None,
        "",
    )


def outgoing(drafts: Sequence[DeliveryDraft]) -> list[Outgoing]:
    return [Outgoing(id=d.id, payload=d.payload) for d in drafts]


def open_courier(*, window: int = 4, is_write: bool = False, is_caught_up: bool = True) -> Courier:
    courier = Courier(LinkDouble(window=window), is_write=is_write)
    courier.see_state(LinkState.CONNECTED)
    if is_caught_up:
        courier.read([], is_all=True)
    return courier


def test_it_starts_behind_and_reads_as_soon_as_its_link_is_up() -> None:
    courier = Courier(LinkDouble(), is_write=False)
    assert not courier.wants_to_read
    courier.see_state(LinkState.CONNECTED)
    assert courier.wants_to_read


def test_while_behind_a_hand_over_is_only_a_wake_up() -> None:
    courier = open_courier(is_caught_up=False)
    assert courier.accept([draft()]) == []
    assert courier.is_behind


def test_it_is_caught_up_only_after_a_read_that_found_nothing_new() -> None:
    courier = open_courier(is_caught_up=False)
    one = draft()
    assert courier.read([one], is_all=True) == [one]
    courier.carry([one], outgoing([one]))
    assert courier.is_behind
    assert courier.read([one], is_all=True) == []
    assert not courier.is_behind


def test_a_read_that_was_cut_short_does_not_catch_up() -> None:
    courier = open_courier(is_caught_up=False)
    assert courier.read([], is_all=False) == []
    assert courier.is_behind


def test_what_does_not_fit_leaves_it_behind() -> None:
    courier = open_courier(window=2)
    drafts = [draft() for _ in range(3)]
    assert courier.accept(drafts) == drafts[:2]
    assert courier.is_behind


def test_a_returned_delivery_is_read_again() -> None:
    courier = open_courier()
    one = draft()
    courier.carry([one], outgoing([one]))
    courier.settle([Outcome(one.id, Verdict.RETURNED)])
    assert courier.is_behind
    assert courier.read([one], is_all=True) == [one]


def test_a_lost_link_takes_nothing_over() -> None:
    courier = open_courier()
    courier.see_state(LinkState.LOST)
    assert courier.accept([draft()]) == []
    assert courier.room == 0


def test_a_link_that_holds_back_is_given_nothing_until_it_takes_writes_again() -> None:
    courier = open_courier(is_write=True)
    courier.see_state(LinkState.CONNECTED, holds_back=True)
    assert not courier.may_begin()
    assert not courier.wants_to_read
    courier.see_state(LinkState.CONNECTED)
    assert courier.wants_to_read


def test_a_serial_target_holds_one_at_a_time() -> None:
    courier = open_courier(is_write=True)
    assert courier.may_begin()
    one = draft()
    courier.carry([one], outgoing([one]))
    assert not courier.may_begin()
    assert courier.accept([draft()]) == []
    courier.settle([Outcome(one.id, Verdict.DELIVERED)])
    assert courier.wants_to_read


@given(st.lists(st.sampled_from(["commit", "read", "done", "lost", "back"]), max_size=60))
def test_whatever_happens_nothing_is_carried_twice_nor_left_behind(steps: list[str]) -> None:
    courier = open_courier(window=3)
    link = courier.link
    assert isinstance(link, LinkDouble)
    waiting: list[DeliveryDraft] = []

    def read() -> None:
        if courier.wants_to_read:
            limit = courier.window + len(courier.held)
            new = courier.read(waiting[:limit], is_all=len(waiting) < limit)
            courier.carry(new, outgoing(new))

    def conclude(verdict: Verdict) -> None:
        for held in list(courier.held.values()):
            if verdict is Verdict.DELIVERED:
                waiting.remove(held)
            courier.settle([Outcome(held.id, verdict)])

    def step(name: str) -> None:
        if name == "commit":
            new = draft()
            waiting.append(new)
            taken = courier.accept([new])
            courier.carry(taken, outgoing(taken))
        elif name == "read":
            read()
        elif name == "done":
            conclude(Verdict.DELIVERED)
        elif name == "lost":
            courier.see_state(LinkState.LOST)
            conclude(Verdict.RETURNED)
        else:
            courier.see_state(LinkState.CONNECTED)
        assert len(courier.held) <= courier.window
        assert set(courier.held) <= {d.id for d in waiting}

    for name in steps:
        step(name)
    courier.see_state(LinkState.CONNECTED)
    for _ in range(len(waiting) + 2):
        read()
        conclude(Verdict.DELIVERED)
    assert waiting == []
    assert not courier.held
