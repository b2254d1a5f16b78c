"""A hub at the scale and a hub at the printer, one broker between them: networks are cut, hosts are rebooted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from random import Random

import pytest

from bridges.tests.cutting_proxy import CuttingProxy
from hub.tests.system.hub_processes import HubUnderTest
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.questions import (
    count_messages,
    deliveries,
    overview,
    wait_until_connected,
    wait_until_held,
)
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import HUB_PASSWORD, HUB_USER, Template
from simulators.printer import Printer
from simulators.pseudo_terminal import PseudoTerminal
from simulators.servers.mosquitto import MosquittoOptions, MosquittoServer
from simulators.servers.redis import RedisServer

BROKER, SCALE, PRINTER = "broker:plant", "device:scale", "device:printer"
SCALE_HUB = """
version: 1
brokers:
  - {{name: plant, host: 127.0.0.1, port: {port}, username: {user}, password: {{env: BROKER_PASSWORD}},
     tls: {{enabled: true, ca: {ca}}}}}
devices:
  - {{name: scale, driver: lines, port: {wire}, options: {{metric: weight}}}}
topics:
  - {{name: weights, broker: plant, direction: out, filter: lab/scale/weight, qos: 2}}
rules:
  - {{name: publish weights, sources: [{{device: scale}}], actions: [{{publish: weights}}]}}
"""
PRINTER_HUB = """
version: 1
brokers:
  - {{name: plant, host: 127.0.0.1, port: {port}, username: {user}, password: {{env: BROKER_PASSWORD}},
     tls: {{enabled: true, ca: {ca}}}}}
devices:
  - {{name: printer, driver: escpos, port: {wire}, baud: 115200, options: {{mode: text, status: ask}}}}
topics:
  - {{name: weights, broker: plant, direction: in, filter: lab/scale/weight, qos: 2, codec: text}}
rules:
  - {{name: print weights, sources: [{{topic: weights}}], actions: [{{write: printer}}]}}
"""


class Host:
    """A computer with a small hub of its own, a wire to its device, and a network that may fail."""

    def __init__(self, template: Template, directory: Path, broker: MosquittoServer, stack: ExitStack) -> None:
        directory.mkdir()
        self.wire = stack.enter_context(PseudoTerminal(directory / "tty"))
        self.network = stack.enter_context(CuttingProxy(broker.port))
        redis = stack.enter_context(RedisServer())
        self.database = template.copy(directory)
        secrets = {"BROKER_PASSWORD": HUB_PASSWORD}
        self.hub = HubUnderTest(
            directory, self.database, redis_url=redis.url, api_key=template.api_key, secrets=secrets
        )
        self._ca = broker.ca

    def start(self, text: str, device: str) -> None:
        """Configure the hub and start it."""
        words = {"port": self.network.port, "user": HUB_USER, "ca": self._ca, "wire": self.wire.path}
        self.hub.configure(text.format(**words))
        self.hub.start_worker()
        wait_until_connected(self.database, BROKER, device)

    def reboot(self, *links: str) -> None:
        """`kill -9`, and up again."""
        self.hub.worker.kill()
        self.come_up(*links)

    def come_up(self, *links: str) -> None:
        """Start a worker, and wait until it has these links, the port opened anew: what came before that is gone."""
        openings = self._openings()
        wait_until_held(self.database, self.hub.start_worker().pid, *links, within_s=60)
        wait_for(lambda: self._openings() > openings, within_s=60, what="the port is open again")

    def _openings(self) -> int:
        return int(self.database.value("SELECT count(*) FROM telemetry_message WHERE kind = 'gap'"))


class Lab:
    """Both hosts, and what was weighed and printed."""

    def __init__(self, scale: Host, printer: Host, paper: Printer) -> None:
        self.scale, self.printer, self.paper = scale, printer, paper
        self.weighed: list[str] = []
        self._numbers = count(1)

    def weigh(self, number: int) -> None:
        """Put so many weights on the scale, and wait until its hub has taken them over."""
        for _ in range(number):
            line = f"{next(self._numbers) / 10:12.1f} g"
            self.weighed.append(line)
            self.scale.wire.write(f"{line}\r\n".encode())
        wait_for(
            lambda: count_messages(self.scale.database, SCALE) == len(self.weighed), what="the scale's hub has all"
        )

    def wait_until_settled(self, within_s: float = 60) -> None:
        """Wait until the printer's hub has done something about each weight."""

        def are_settled() -> bool:
            states = [state for _, state, _ in deliveries(self.printer.database, PRINTER)]
            return len(states) == len(self.weighed) and not {"waiting", "sending"} & set(states)

        wait_for(are_settled, within_s=within_s, what="each weight is printed, or its state unknown")

    def assert_each_was_printed_once(self, *, in_doubt: int = 0) -> None:
        """At most so many were on their way to the paper when the printer's host went down: a person looks at these."""
        self.wait_until_settled()
        rows = deliveries(self.printer.database, PRINTER)
        doubtful = {payload.decode() for payload, state, _ in rows if state == "unknown"}
        printed = self.paper.paper.lines
        assert len(doubtful) <= in_doubt
        assert {state for _, state, _ in rows} <= {"delivered", "unknown"}
        assert len(printed) == len(set(printed)), "something was printed twice"
        sure = [line for line in self.weighed if line not in doubtful]
        assert [line for line in printed if line not in doubtful] == sure


@pytest.fixture(scope="module")
def lab(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    directory = tmp_path_factory.mktemp("lab")
    options = MosquittoOptions(users={HUB_USER: HUB_PASSWORD}, has_tls=True, is_persistent=True)
    with ExitStack() as stack:
        broker = stack.enter_context(MosquittoServer(options))
        scale = Host(sqlite_template, directory / "scale-host", broker, stack)
        printer = Host(sqlite_template, directory / "printer-host", broker, stack)
        paper = stack.enter_context(Printer(printer.wire, answers_status=True))
        for host in (scale, printer):
            stack.callback(host.hub.close)
        printer.start(PRINTER_HUB, PRINTER)
        scale.start(SCALE_HUB, SCALE)
        yield Lab(scale, printer, paper)


@pytest.fixture(autouse=True)
def books(lab: Lab, request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test both ledgers balance; with a failure both hubs are shown."""
    yield
    hosts: Sequence[Host] = (lab.scale, lab.printer)
    for host in hosts:
        print(f"{overview(host.database)}\n{host.hub.said()}")  # noqa: T201 - pytest shows it with a failure
        assert_ledger_balances(host.database)


def test_a_weight_goes_from_one_host_to_the_other(lab: Lab) -> None:
    lab.weigh(1)
    lab.assert_each_was_printed_once()


def test_with_the_network_of_the_scale_cut_weights_wait_there(lab: Lab) -> None:
    with lab.scale.network.down():
        lab.weigh(20)
        assert len(lab.paper.paper.lines) < len(lab.weighed)
    lab.assert_each_was_printed_once()


def test_with_the_network_of_the_printer_cut_weights_wait_at_the_broker(lab: Lab) -> None:
    with lab.printer.network.down():
        lab.weigh(20)
    lab.assert_each_was_printed_once()


def test_networks_that_break_again_and_again_lose_and_double_nothing(lab: Lab) -> None:
    chance = Random(5)
    for _ in range(6):
        lab.weigh(10)
        chance.choice([lab.scale, lab.printer]).network.cut()
    lab.assert_each_was_printed_once()


def test_the_host_of_the_scale_is_rebooted_with_weights_on_their_way(lab: Lab) -> None:
    with lab.scale.network.down():
        lab.weigh(10)
        lab.scale.reboot(SCALE)
    lab.weigh(20)
    lab.scale.reboot(SCALE, BROKER)
    lab.weigh(10)
    lab.assert_each_was_printed_once()


def test_the_host_of_the_printer_is_rebooted_in_the_middle_of_printing(lab: Lab) -> None:
    lab.weigh(30)
    lab.printer.hub.worker.kill()
    lab.weigh(10)
    lab.printer.come_up(PRINTER, BROKER)
    lab.weigh(1)
    lab.assert_each_was_printed_once(in_doubt=1)


def test_a_printer_without_paper_prints_each_weight_on_the_next_roll(lab: Lab) -> None:
    lab.wait_until_settled()
    lab.paper.has_paper = False
    lab.weigh(3)
    wait_for(
        lambda: any(
            reason.startswith("paper-out") for _, _, reason in deliveries(lab.printer.database, PRINTER, "waiting")
        ),
        what="the first of them waits for paper",
    )
    lab.paper.load_paper()
    lab.assert_each_was_printed_once(in_doubt=1)


def test_both_hosts_are_rebooted_at_once(lab: Lab) -> None:
    lab.weigh(20)
    for host in (lab.scale, lab.printer):
        host.hub.worker.kill()
    lab.printer.come_up(PRINTER, BROKER)
    lab.scale.come_up(SCALE, BROKER)
    lab.weigh(1)
    lab.assert_each_was_printed_once(in_doubt=2)
