"""Tells people about alerts, by the same means as the action `notify`."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from uuid import UUID

import orjson

from bridges.actions.base import Task
from bridges.actions.notify import NotifyAction
from telemetry.alerts.notices import Notice, due_notices, settle
from telemetry.backoff import Backoff
from telemetry.models import AlertRule
from telemetry.options import OptionFault
from telemetry.redaction import redact, remember_secret
from telemetry.values import Verdict, storable


class Messenger:
    """Sends what is due. A service that is away is tried again with growing pauses, and holds up no other rule's."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._backoffs: dict[str, Backoff] = {}
        self._not_before: dict[str, float] = {}

    def tell(self, rules: list[AlertRule], stopping: Event) -> None:
        """Send what may be sent now. It may take some seconds for each service."""
        for rule, notice in due_notices(rules):
            if stopping.is_set():
                return
            if self._clock() >= self._not_before.get(rule.name, 0.0):
                self._send(rule, notice, stopping)

    def _send(self, rule: AlertRule, notice: Notice, stopping: Event) -> None:
        fault, is_final = _sent(rule, notice, stopping)
        backoff = self._backoffs.setdefault(rule.name, Backoff(5.0, 600.0))
        if fault and not is_final:
            self._not_before[rule.name] = self._clock() + backoff.next_delay_s()
            settle(notice, fault)
            return
        backoff.reset()
        settle(notice)
        if fault:
            type(notice.alert).objects.filter(pk=notice.alert.pk).update(notice_fault=fault)


def _sent(rule: AlertRule, notice: Notice, stopping: Event) -> tuple[str, bool]:
    """Why one of the addresses could not be told, '' if all were; and whether trying again is of no use."""
    payload = orjson.dumps({"title": notice.title, "body": notice.body})
    task = Task(UUID(int=notice.alert.pk), payload, rule.name, notice.alert.subject, notice.alert.bad_since)
    faults, are_final = [], True
    for url in rule.targets:
        remember_secret(url)
        try:
            carried = _action(url, notice.level).carry(task, stopping)
        except OptionFault as fault:
            faults.append(redact(str(fault)))
            continue
        if carried.verdict is not Verdict.DELIVERED:
            faults.append(carried.reason)
            are_final = are_final and carried.verdict is Verdict.REFUSED
    return storable("; ".join(faults), 500), are_final


def _action(url: str, level: str) -> NotifyAction:
    """A service in the own network is the usual case here, and only those who configure alerts name it."""
    return NotifyAction({"url": url, "level": level, "allow_internal": True})


def check_targets(targets: list[str]) -> str:
    """Why one of these addresses cannot be used, '' if all can; without the address, which is a secret."""
    for number, url in enumerate(targets, 1):
        try:
            _action(url, "info")
        except OptionFault as fault:
            return f"Address {number} {fault.message}."
    return ""
