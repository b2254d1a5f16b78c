"""Every pack of the hub: its own tests, its installation into an empty hub, and a simulator that plays its product."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Event

import paho.mqtt.client as mqtt
import pytest
import serial
from paho.mqtt.enums import CallbackAPIVersion

from bridges.models import InstalledPack
from bridges.packs.bench import Bench, BenchFault, Seen
from bridges.packs.filling import filled_config, tried_values
from bridges.packs.installing import install
from bridges.packs.library import SHIPPED, shipped_packs
from bridges.packs.pack import Pack
from bridges.packs.testing import failures, run_tests
from bridges.packs.trying import Trial, trials
from bridges.pipeline.compilation import compile_snapshot
from bridges.tests.http_receiver import running_receiver
from simulators.arduino import Arduino
from simulators.command_line import build
from simulators.printer import Printer
from simulators.scale import Scale
from simulators.servers.mosquitto import MosquittoServer

PACKS = shipped_packs()
NAMES = [pack.name for pack in PACKS]
WANTED = {
    "adam", "and-scale", "arduino-serial", "cas", "escpos-printer", "esp32-mqtt", "esp32-rest", "esphome",
    "kern-tws", "kpm33b-proxy", "lab-scale-and-printer", "lines-scale", "mqtt-auto", "mt-sics", "ohaus",
    "openmqttgateway", "radwag", "rtl433", "ruuvi", "sartorius-sbi", "shelly1", "shelly2", "tasmota", "zigbee2mqtt",
}  # fmt: skip
LIMIT_S = 20.0


def test_there_is_a_pack_for_each_product_and_its_file_has_its_name() -> None:
    assert {path.stem for path in SHIPPED.glob("*.yaml")} == set(NAMES) == WANTED


@pytest.mark.parametrize("pack", PACKS, ids=NAMES)
def test_what_a_pack_says_of_itself_is_true(pack: Pack) -> None:
    assert [(result.name, result.problems) for result in failures(run_tests(pack))] == []


@pytest.mark.parametrize("pack", PACKS, ids=NAMES)
def test_a_person_can_read_and_find_it(pack: Pack) -> None:
    assert pack.title
    assert pack.products
    assert len(pack.doc) > 150
    assert pack.simulators
    assert pack.matches(pack.products[0])
    assert len({test.name for test in pack.tests}) == len(pack.tests)


@pytest.mark.django_db
@pytest.mark.parametrize("pack", PACKS, ids=NAMES)
def test_it_installs_into_an_empty_hub_compiles_and_is_there_the_second_time(pack: Pack) -> None:
    answers = {one.name: one.tried for one in pack.settings}
    brokers = {one.name: f"mqtt://127.0.0.1:{9000 + n}" for n, one in enumerate(pack.settings) if one.kind == "broker"}
    done = install(pack, answers | brokers)
    assert done.report.changes
    assert compile_snapshot().faults == {}
    assert install(pack, answers | brokers).report.changes == []
    assert InstalledPack.objects.count() == 1


@pytest.fixture(scope="module")
def broker() -> Iterator[MosquittoServer]:
    """A real broker for the simulators that speak MQTT."""
    with MosquittoServer() as server:
        yield server


@pytest.mark.django_db
@pytest.mark.parametrize(("pack", "number"), [(pack, n) for pack in PACKS for n in range(len(pack.simulators))])
def test_its_simulator_produces_what_the_pack_understands(
    pack: Pack, number: int, tmp_path: Path, broker: MosquittoServer
) -> None:
    values, _ = tried_values(pack)
    ports = {one.name: str(tmp_path / one.name) for one in pack.settings if one.kind == "port"}
    urls = {one.name: f"mqtt://{broker.host}:{broker.port}" for one in pack.settings if one.kind == "broker"}
    bench = Bench(filled_config(pack, values).config)
    trial = trials(pack, values | ports | urls)[number]
    with ExitStack() as stack:
        _play(bench, trial, stack, broker)


def _play(bench: Bench, trial: Trial, stack: ExitStack, broker: MosquittoServer) -> None:
    kind, *arguments = _hurried(trial)
    if kind == "rest-sensors":
        receiver = stack.enter_context(running_receiver())
        arguments += ["--url", receiver.url]
    messages = _subscribed(stack, broker) if kind in ("sensors", "meter", "replay") else Queue()
    (simulator,) = build([kind, *arguments], stack)
    if isinstance(simulator, Printer):
        _ask(simulator, bench, stack)
    elif isinstance(simulator, Scale | Arduino):
        port = stack.enter_context(serial.Serial(str(simulator.terminal.path), timeout=0.2))
        stack.enter_context(simulator)
        _wait_for_readings(lambda: bench.serial(_reader(bench), port.read(4096), datetime.now(UTC)))
    elif kind == "rest-sensors":
        asked = Event()
        receiver.before_answer = lambda handler: asked.set()
        stack.enter_context(simulator)
        assert asked.wait(LIMIT_S)
        _wait_for_readings(lambda: bench.packet(receiver.received[0].body, datetime.now(UTC)))
    else:
        stack.enter_context(simulator)
        _wait_for_readings(lambda: _taken(bench, messages))


def _hurried(trial: Trial) -> list[str]:
    """The same, but without the pauses."""
    found = list(trial.arguments)
    for place, argument in enumerate(found):
        if argument.endswith("-every"):
            found[place + 1] = "0.05"
    return found


def _ask(printer: Printer, bench: Bench, stack: ExitStack) -> None:
    """A printer sends nothing by itself: it answers as the driver understands."""
    port = stack.enter_context(serial.Serial(str(printer.terminal.path), timeout=LIMIT_S))
    stack.enter_context(printer)
    check = bench.driver("printer")[1].status_check
    assert check is not None
    port.write(check.questions[0])
    assert check.is_answer(port.read(1)[0])


def _wait_for_readings(look: Callable[[], Seen | None]) -> None:
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        seen = look()
        if seen is not None and any(decoded.readings for decoded in seen.decoded):
            return
    raise AssertionError("the simulator sent nothing that gave a reading")


def _reader(bench: Bench) -> str:
    """The serial device that speaks by itself."""
    return next(name for name, driver in bench.drivers.items() if driver.name != "escpos")


def _subscribed(stack: ExitStack, broker: MosquittoServer) -> Queue[tuple[str, bytes]]:
    """What comes on the broker from now on."""
    messages: Queue[tuple[str, bytes]] = Queue()
    ready = Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: messages.put((message.topic, bytes(message.payload)))
    client.on_connect = lambda subscriber, *_: subscriber.subscribe("#", 1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect(broker.host, broker.port)
    client.loop_start()
    stack.callback(client.loop_stop)
    stack.callback(client.disconnect)
    assert ready.wait(LIMIT_S)
    return messages


def _taken(bench: Bench, messages: Queue[tuple[str, bytes]]) -> Seen | None:
    try:
        return bench.message(*messages.get(timeout=0.5), datetime.now(UTC))
    except (Empty, BenchFault):  # nothing yet, or a topic that the pack subscribes to with other answers only
        return None
