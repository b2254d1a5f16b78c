"""Runs simulators from a shell until Ctrl-C or SIGTERM: one device, or all of them in one process for the demo."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from simulators.arduino import Arduino, ArduinoSettings
from simulators.meter import Meter, MeterSettings
from simulators.printer import Printer
from simulators.pseudo_terminal import PseudoTerminal
from simulators.replay import Replay, recorded
from simulators.rest_sensors import RestSensors
from simulators.scale import Scale, ScaleSettings
from simulators.scale_styles import STYLES
from simulators.sensors import Sensors
from simulators.simulator import RUNS, Simulator

say = partial(print, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments name; returns when told to stop."""
    chosen = _parser().parse_args(arguments)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        simulators = [stack.enter_context(simulator) for simulator in _built(chosen, stack)]
        said = dict.fromkeys((simulator.name for simulator in simulators), "")
        _tell(simulators, said)
        while not stop.wait(0.2):  # a wait without limit would keep signals from being handled on some systems
            _tell(simulators, said)
    return 0


def _tell(simulators: Sequence[Simulator], said: dict[str, str]) -> None:
    """How each stands, when that has changed: one that reaches no broker must not be said to run."""
    for simulator in simulators:
        standing = simulator.standing
        if standing and standing != said[simulator.name]:
            said[simulator.name] = standing
            say(f"{simulator.name} {standing}" if standing == RUNS else f"{simulator.name}: {standing}")


def build(arguments: Sequence[str], stack: ExitStack) -> list[Simulator]:
    """The simulators that these arguments name, not started yet. Their terminals are removed with the stack."""
    return _built(_parser().parse_args(arguments), stack)


def _built(chosen: argparse.Namespace, stack: ExitStack) -> list[Simulator]:
    """The simulators that were asked for. Their terminals outlive them and are removed with the stack."""
    simulators: list[Simulator] = []
    if chosen.what in ("scale", "all"):
        terminal = stack.enter_context(PseudoTerminal(_link(chosen, "ttyUSB_SCALE")))
        simulators.append(Scale(terminal, _scale_settings(chosen), seed=chosen.seed))
        say(f"scale at {terminal.path}")
    if chosen.what in ("printer", "all"):
        terminal = stack.enter_context(PseudoTerminal(_link(chosen, "ttyUSB_PRINTER")))
        simulators.append(_printer(chosen, terminal))
        say(f"printer at {terminal.path}")
    if chosen.what in ("sensors", "all"):
        topic = getattr(chosen, "topic", "sensors/{device}")
        simulators.append(Sensors(chosen.url, every_s=chosen.sensors_every, topic=topic, seed=chosen.seed))
    if chosen.what in ("meter", "all"):
        url = getattr(chosen, "meter_url", "") or chosen.url
        simulators.append(Meter(url, _meter_settings(chosen), meter_id=chosen.meter_id, seed=chosen.seed))
    if chosen.what in _OTHERS:
        simulators.append(_OTHERS[chosen.what](chosen, stack))
    return simulators


def _printer(chosen: argparse.Namespace, terminal: PseudoTerminal) -> Printer:
    is_silent, roll_lines = getattr(chosen, "silent", False), getattr(chosen, "roll_lines", 0)
    return Printer(
        terminal,
        answers_status=not is_silent,
        roll_lines=roll_lines,
        on_line=lambda line: say(f"printer | {line}"),
    )


def _arduino(chosen: argparse.Namespace, stack: ExitStack) -> Simulator:
    terminal = stack.enter_context(PseudoTerminal(_link(chosen, "")))
    say(f"arduino at {terminal.path}")
    settings = ArduinoSettings(
        every_s=chosen.every, half_lines=chosen.half_lines, noise=chosen.noise, resets=chosen.resets
    )
    return Arduino(terminal, settings, seed=chosen.seed)


def _rest_sensors(chosen: argparse.Namespace, stack: ExitStack) -> Simulator:
    return RestSensors(chosen.url, chosen.key, every_s=chosen.every, broken=chosen.broken, seed=chosen.seed)


def _replay(chosen: argparse.Namespace, stack: ExitStack) -> Simulator:
    answers = dict(answer.partition("=")[::2] for answer in chosen.set)
    messages = recorded(chosen.pack, answers)
    return Replay(
        chosen.url, messages, every_s=chosen.every, cut=chosen.cut, repeated=chosen.repeated, seed=chosen.seed
    )


_OTHERS = {"arduino": _arduino, "rest-sensors": _rest_sensors, "replay": _replay}
"""Those that the demo does without."""


def _link(chosen: argparse.Namespace, name: str) -> Path:
    return Path(chosen.dir) / name if chosen.what == "all" else Path(chosen.link)


def _scale_settings(chosen: argparse.Namespace) -> ScaleSettings:
    return ScaleSettings(
        style=chosen.style,
        line_end={"crlf": b"\r\n", "lf": b"\n"}[chosen.line_end],
        unit=chosen.unit,
        send_every_s=chosen.scale_every or None,
        half_lines=chosen.half_lines,
        noise=chosen.noise,
        deafness=chosen.deafness,
    )


def _meter_settings(chosen: argparse.Namespace) -> MeterSettings:
    return MeterSettings(
        realtime_every_s=chosen.realtime_every,
        energy_every_s=chosen.energy_every,
        clock_off=timedelta(hours=chosen.clock_off),
        has_ghosts=chosen.ghosts,
        has_duplicates=chosen.duplicates,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    kinds = parser.add_subparsers(dest="what", required=True)
    scale = kinds.add_parser("scale", help="a laboratory scale on a serial line")
    printer = kinds.add_parser("printer", help="a receipt printer on a serial line; prints on the screen")
    sensors = kinds.add_parser("sensors", help="three boards with sensors, by MQTT")
    meter = kinds.add_parser("meter", help="a KPM33B power meter, by MQTT")
    everything = kinds.add_parser("all", help="a scale, a printer, sensors and a meter in one process")
    arduino = kinds.add_parser("arduino", help="an Arduino that prints JSON lines on a serial line")
    _add_others(arduino, kinds.add_parser("rest-sensors", help="the boards with sensors, over REST"), kinds)
    printer.add_argument("--roll-lines", type=int, default=0, help="lines on a roll of paper; 0: without end")
    printer.add_argument("--silent", action="store_true", help="it does not answer questions after its status")
    sensors.add_argument("--topic", default="sensors/{device}", help="where each board publishes")
    for kind in (scale, printer, arduino):
        kind.add_argument("--link", required=True, help="the path of the serial port to make")
    everything.add_argument("--dir", required=True, help="where to make ttyUSB_SCALE and ttyUSB_PRINTER")
    for kind in (sensors, meter, everything):
        kind.add_argument("--url", default="mqtt://127.0.0.1:1883", help="mqtt://[user:password@]host:port")
    everything.add_argument("--meter-url", default="", help="the broker of the meter, if it is another one")
    for kind in (scale, everything):
        _add_scale(kind)
    for kind in (sensors, everything):
        kind.add_argument("--sensors-every", type=float, default=3.0, help="seconds between two packets of a board")
    for kind in (meter, everything):
        _add_meter(kind)
    for kind in kinds.choices.values():
        kind.add_argument("--seed", type=int, default=0, help="equal seeds give equal values")
    return parser


def _add_others(arduino: argparse.ArgumentParser, rest: argparse.ArgumentParser, kinds: Any) -> None:
    replay = kinds.add_parser("replay", help="the messages recorded in a device pack, by MQTT")
    replay.add_argument("pack", help="a pack of the hub, or a YAML file")
    replay.add_argument("--url", default="mqtt://127.0.0.1:1883", help="mqtt://[user:password@]host:port")
    replay.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="answer a setting of the pack")
    replay.add_argument("--cut", type=float, default=0.0, help="share of payloads that break off, 0 to 1")
    replay.add_argument("--repeated", type=float, default=0.0, help="share of messages that come twice, 0 to 1")
    rest.add_argument("--url", default="http://127.0.0.1:8000", help="the address of the hub")
    rest.add_argument("--key", required=True, help="an API key with the scope submit")
    rest.add_argument("--broken", type=float, default=0.0, help="share of packets without a device, 0 to 1")
    arduino.add_argument("--half-lines", type=float, default=0.0, help="share of lines that break off, 0 to 1")
    arduino.add_argument(
        "--noise", type=float, default=0.0, help="share of lines with random bytes before them, 0 to 1"
    )
    arduino.add_argument("--resets", type=float, default=0.0, help="share of lines before which it boots, 0 to 1")
    for kind in (arduino, rest, replay):
        kind.add_argument("--every", type=float, default=2.0, help="seconds between two of what it sends")


def _add_scale(kind: argparse.ArgumentParser) -> None:
    kind.add_argument("--scale-every", type=float, default=0.0, help="seconds between lines; 0: only when asked")
    kind.add_argument("--style", choices=tuple(STYLES), default="plain")
    kind.add_argument("--line-end", choices=("crlf", "lf"), default="crlf")
    kind.add_argument("--unit", default="g")
    kind.add_argument("--half-lines", type=float, default=0.0, help="share of lines that break off, 0 to 1")
    kind.add_argument("--noise", type=float, default=0.0, help="share of lines with random bytes before them, 0 to 1")
    kind.add_argument("--deafness", type=float, default=0.0, help="share of commands that are not heard, 0 to 1")


def _add_meter(kind: argparse.ArgumentParser) -> None:
    kind.add_argument("--meter-id", default="33B1225950028")
    kind.add_argument("--realtime-every", type=float, default=30.0, help="seconds between MQTT_RT_DATA packets")
    kind.add_argument("--energy-every", type=float, default=900.0, help="seconds between MQTT_ENY_NOW packets")
    kind.add_argument("--clock-off", type=float, default=0.0, help="hours that its clock is ahead of UTC")
    kind.add_argument("--ghosts", action="store_true", help="also send all-zero packets of the next id")
    kind.add_argument("--duplicates", action="store_true", help="send each energy packet twice")
