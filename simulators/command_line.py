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

from simulators.meter import Meter, MeterSettings
from simulators.printer import Printer
from simulators.pseudo_terminal import PseudoTerminal
from simulators.scale import Scale, ScaleSettings
from simulators.scale_styles import STYLES
from simulators.sensors import Sensors
from simulators.simulator import Simulator

say = partial(print, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments name; returns when told to stop."""
    chosen = _parser().parse_args(arguments)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        for simulator in _build(chosen, stack):
            stack.enter_context(simulator)
            say(f"{simulator.name} runs")
        while not stop.wait(1.0):  # a wait without limit would keep signals from being handled on some systems
            continue
    return 0


def _build(chosen: argparse.Namespace, stack: ExitStack) -> list[Simulator]:
    """The simulators that were asked for. Their terminals outlive them and are removed with the stack."""
    simulators: list[Simulator] = []
    if chosen.what in ("scale", "all"):
        terminal = stack.enter_context(PseudoTerminal(_link(chosen, "ttyUSB_SCALE")))
        simulators.append(Scale(terminal, _scale_settings(chosen), seed=chosen.seed))
        say(f"scale at {terminal.path}")
    if chosen.what in ("printer", "all"):
        terminal = stack.enter_context(PseudoTerminal(_link(chosen, "ttyUSB_PRINTER")))
        simulators.append(Printer(terminal, answers_status=True, on_line=lambda line: say(f"printer | {line}")))
        say(f"printer at {terminal.path}")
    if chosen.what in ("sensors", "all"):
        simulators.append(Sensors(chosen.url, every_s=chosen.sensors_every, seed=chosen.seed))
    if chosen.what in ("meter", "all"):
        url = getattr(chosen, "meter_url", "") or chosen.url
        simulators.append(Meter(url, _meter_settings(chosen), meter_id=chosen.meter_id, seed=chosen.seed))
    return simulators


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
    everything = kinds.add_parser("all", help="all of these in one process")
    for kind in (scale, printer):
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
