"""Keeps one serial port open: reads, frames and offers what comes, writes what it is given, and returns by itself.

It keeps the contract of `telemetry.links.Link`. It decodes nothing and touches no database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

from devices.drivers.base import FAULT, Driver
from devices.drivers.readiness import Standing
from devices.drivers.registry import driver_named
from devices.framing import Frame
from devices.serial.ports import Port, open_port
from devices.serial.settings import SerialSettings
from devices.serial.writer import SerialWriter
from telemetry.backoff import Backoff
from telemetry.links import LinkHost, LinkLost, LinkRefused, LinkReport, LinkState
from telemetry.options import OptionFault
from telemetry.values import Arrival, ArrivalKind, Outgoing

log = logging.getLogger(__name__)

POLL_S = 0.3
"""How often an absent device is looked for, and a silent one checked to be there still."""
_SETTLED_S = 5.0  # a port held this long was a success: the next failure starts from a short delay


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SerialLink:
    """One serial port, by key (`device:scale`). A wrong driver or option is reported as refused when it starts."""

    def __init__(
        self,
        key: str,
        settings: SerialSettings,
        *,
        driver_name: str,
        driver_options: Mapping[str, Any],
        host: LinkHost,
        window: int = 8,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.key = key
        self.window = window
        self._settings = settings
        self._driver_name, self._driver_options = driver_name, driver_options
        self._host = host
        self._now = now
        self._writer = SerialWriter(
            key, host, window=window, stall_s=settings.write_timeout_s, on_standing=self._report_standing
        )
        self._backoff = Backoff(cap_s=10.0 if settings.is_network else 1.5)
        self._stopping = Event()
        self._offer_until = float("inf")
        self._sequence = 0
        self._connection = 0
        self._held_until: datetime | None = None
        self._reported: LinkReport | None = None
        self._thread = Thread(target=self._run, name=f"{key} reader", daemon=True)

    def start(self) -> None:
        """Start both threads and return at once."""
        self._writer.start()
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Write what is queued, give back the rest, close the port; False if a thread still ran at the end."""
        end = monotonic() + timeout_s
        self._offer_until = end - timeout_s * 0.2
        is_written = self._writer.finish(timeout_s * 0.6)
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(max(end - monotonic(), 0.1))
        return is_written and not self._thread.is_alive()

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """A serial device waits for no acknowledgement."""

    def send(self, items: Sequence[Outgoing]) -> None:
        """Write these in order. While the port is away each is returned at once."""
        self._writer.send(items)

    def _run(self) -> None:
        self._report(LinkState.CONNECTING, f"opening {self._settings}")
        while not self._stopping.is_set():
            try:
                self._hold()
            except LinkRefused as refused:
                self._report(LinkState.REFUSED, str(refused))
                self._stopping.wait()
            except LinkLost as lost:
                self._report(LinkState.LOST, str(lost))
                self._stopping.wait(self._pause_s())
            except Exception as error:
                log.exception("the serial link failed unexpectedly", extra={"link": self.key})
                self._report(LinkState.LOST, f"unexpected fault: {error!r}")
                self._stopping.wait(self._pause_s())

    def _hold(self) -> None:
        """Open the port and serve it until the link stops; raises LinkLost or LinkRefused."""
        driver = self._driver()
        port = open_port(self._settings)
        opened_at = monotonic()
        self._connection += 1
        reason = "the link is stopping"
        try:
            self._writer.attach(port, driver)
            self._report(LinkState.CONNECTED, str(self._settings))
            self._offer([self._gap()])
            self._read(port, driver)
        except Exception as error:
            reason = str(error)
            raise
        finally:
            self._writer.detach(reason)
            port.close()
            self._held_until = self._now()
            if monotonic() - opened_at > _SETTLED_S:
                self._backoff.reset()

    def _read(self, port: Port, driver: Driver) -> None:
        framer, gap_s = driver.framer(), driver.idle_gap_s
        exchange = self._writer.exchange
        silent_at = float("inf")
        try:
            while not self._stopping.is_set():
                exchange.listen()
                data = self._writer.sift(port.read(min(POLL_S, max(silent_at - monotonic(), 0.0))))
                exchange.hear(data)
                if data:
                    self._offer(self._arrivals(framer.feed(data)))
                    silent_at = monotonic() + gap_s if gap_s is not None else silent_at
                elif monotonic() >= silent_at:
                    self._offer(self._arrivals(framer.idle()))
                    silent_at = float("inf")
        finally:
            self._offer(self._arrivals(framer.end()))

    def _arrivals(self, frames: Sequence[Frame]) -> list[Arrival]:
        now, exchange = self._now(), self._writer.exchange
        return [
            self._arrival(
                frame.data, now, properties={FAULT: frame.fault} if frame.fault else exchange.mark(frame.data)
            )
            for frame in frames
        ]

    def _gap(self) -> Arrival:
        now = self._now()
        words = "opened; what the device sent before is unknown"
        if self._held_until is not None:
            words = f"opened again; nobody held the port since {self._held_until.isoformat(timespec='milliseconds')}"
        return self._arrival(words.encode(), now, kind=ArrivalKind.GAP)

    def _arrival(
        self,
        payload: bytes,
        now: datetime,
        *,
        kind: ArrivalKind = ArrivalKind.MESSAGE,
        properties: Mapping[str, str] | None = None,
    ) -> Arrival:
        self._sequence += 1
        return Arrival(
            link=self.key,
            payload=payload,
            received_at=now,
            sequence=self._sequence,
            kind=kind,
            device=self.key.partition(":")[2],
            connection=self._connection,
            properties=properties or {},
        )

    def _offer(self, arrivals: Sequence[Arrival]) -> None:
        """Hand these in. While the inbox is full nothing is read: the bytes wait in the port's own buffer."""
        while arrivals:
            taken = self._host.offer_and_wait(arrivals, POLL_S)
            arrivals = arrivals[taken:]
            if arrivals and monotonic() > self._offer_until:
                self._host.dropped(self.key, len(arrivals))
                return

    def _driver(self) -> Driver:
        try:
            return driver_named(self._driver_name)(self._driver_options)
        except OptionFault as fault:
            raise LinkRefused(str(fault)) from fault

    def _pause_s(self) -> float:
        """How long to wait before the next opening: short while the device node is away, for it may return any time."""
        if self._settings.is_network:
            return self._backoff.next_delay_s()
        if not Path(self._settings.port).exists():
            self._backoff.reset()
            return POLL_S
        return max(POLL_S, self._backoff.next_delay_s())

    def _report_standing(self, standing: Standing) -> None:
        """The device says that it cannot take writes now, or that it can again."""
        words = standing.reason or standing.warning
        self._report(LinkState.CONNECTED, str(self._settings), warning=words, holds_back=bool(standing.reason))

    def _report(self, state: LinkState, detail: str, *, warning: str = "", holds_back: bool = False) -> None:
        report = LinkReport(self.key, state, detail, warning, holds_back).after(self._reported, self._now())
        if self._reported == report:
            return
        self._reported = report
        log.info("%s: %s", state, warning or detail, extra={"link": self.key})
        self._host.report(report)
