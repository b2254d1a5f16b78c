"""A transit link between two brokers, without a worker around it: doubles and the rig that tests drive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import ActiveRule, Snapshot
from bridges.tests.link_host import KeepingHost, wait_until
from bridges.tests.mqtt_links import settings_for, subscription
from bridges.tests.test_courier import LinkDouble
from bridges.tests.test_decisions import publish, rule, snapshot
from bridges.transit.crossing import TransitSettings
from bridges.transit.link import TransitLink
from simulators.servers.mosquitto import MosquittoServer
from telemetry.links import Link, LinkReport
from telemetry.recording.batch import Batch
from telemetry.values import Outcome, Outgoing, Verdict

KEY = "transit:plant"


class AroundDouble:
    """The worker around a transit link, without a worker. Implements bridges.transit.around.Around."""

    def __init__(self, config: Snapshot) -> None:
        self.config = config
        self.holder = "test"
        self.echoes = Memory()
        self.reports: list[LinkReport] = []
        self.adopted: list[Batch] = []
        self.lost: set[str] = set()
        self.devices: dict[str, Link] = {}
        self.diverted: dict[UUID, Callable[[Sequence[Outcome]], None]] = {}

    def snapshot(self) -> Snapshot:
        return Snapshot(self.config.version, "me", transit=self.config)

    def token(self, key: str) -> int | None:
        return 1

    def device_link(self, key: str) -> Link | None:
        return self.devices.get(key)

    def divert(self, ids: Collection[UUID], to: Callable[[Sequence[Outcome]], None]) -> None:
        self.diverted |= dict.fromkeys(ids, to)

    def report(self, report: LinkReport) -> None:
        self.reports.append(report)

    def adopt(self, batch: Batch) -> None:
        self.adopted.append(batch)

    def lose(self, links: frozenset[str]) -> None:
        self.lost |= links

    @property
    def warning(self) -> str:
        return self.reports[-1].warning if self.reports else ""


class DeviceDouble(LinkDouble):
    """A serial link that answers as the test says."""

    def __init__(self, around: AroundDouble) -> None:
        super().__init__("device:printer")
        self.verdict = Verdict.DELIVERED
        self._around = around

    def send(self, items: Sequence[Outgoing]) -> None:
        super().send(items)
        for item in items:
            self._around.diverted.pop(item.id)([Outcome(item.id, self.verdict, "the device says so")])


def config_of(*rules: ActiveRule) -> Snapshot:
    return snapshot(*(rules or (rule(actions=[publish("out")]),)))


class Rig:
    """A source that publishes, and a sink that keeps what comes out."""

    def __init__(self, plant: MosquittoServer, central: MosquittoServer, name: str, around: AroundDouble) -> None:
        self.around = around
        self.topic = f"in/{name}"
        source = settings_for(plant, client_id=f"{name}-in", receive_maximum=50)
        outputs = (("broker:central", settings_for(central, client_id=f"{name}-out")),)
        self.settings = TransitSettings("broker:plant", source, outputs)
        self.subscription = subscription(self.topic, qos=2)
        self.sink = KeepingHost()
        self.source = KeepingHost()
        self.link = self.new_link()

    def new_link(self) -> TransitLink:
        return TransitLink(KEY, self.settings, subscriptions=[self.subscription], around=self.around)

    def start(self) -> None:
        """It is connected, and the broker has taken its subscription."""
        self.link.start()
        wait_until(lambda: self.link._crossing and self.link._crossing.input._subscriber._known)
