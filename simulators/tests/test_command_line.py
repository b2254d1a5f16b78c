"""The simulators as they are run from a shell."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import serial

from simulators.sensors import DEVICES
from simulators.servers.mosquitto import MosquittoOptions, MosquittoServer
from simulators.servers.ports import free_port
from simulators.tests.listening import Listener

ROOT = Path(__file__).parents[2]


@contextmanager
def simulators(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """`python -m simulators`, ended at the end."""
    command = [sys.executable, "-m", "simulators", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout
    finally:
        process.kill()
        process.wait()


def test_a_scale_runs_until_sigterm_and_removes_its_port(tmp_path: Path) -> None:
    link = tmp_path / "scale"
    with simulators("scale", "--link", str(link), "--style", "comma") as (process, said):
        assert said.readline() == f"scale at {link}\n"
        assert said.readline() == "scale runs\n"
        with serial.Serial(str(link), timeout=5) as port:
            port.write(b"w")
            assert port.readline().endswith(b"G\r\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_printer_prints_on_the_screen_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    link = tmp_path / "printer"
    with simulators("printer", "--link", str(link)) as (process, said):
        assert said.readline() == f"printer at {link}\n"
        assert said.readline() == "printer runs\n"
        with serial.Serial(str(link)) as port:
            port.write(b"Hello\n")
            assert said.readline() == "printer | Hello\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_all_of_them_run_in_one_process(tmp_path: Path, broker_url: str) -> None:
    arguments = ["--dir", str(tmp_path), "--url", broker_url, "--sensors-every", "0.2", "--realtime-every", "0.2"]
    with (
        Listener(broker_url, "sensors/#", "MQTT_RT_DATA") as heard,
        simulators("all", *arguments, "--scale-every", "0.1") as (process, said),
    ):
        assert {said.readline() for _ in range(2)} == {
            f"scale at {tmp_path / 'ttyUSB_SCALE'}\n",
            f"printer at {tmp_path / 'ttyUSB_PRINTER'}\n",
        }
        with serial.Serial(str(tmp_path / "ttyUSB_SCALE"), timeout=5) as port:
            port.readline()
            assert port.readline().endswith(b" g\r\n")
        assert heard.wait(lambda: {topic for topic, _ in heard.messages} >= {f"sensors/{d}" for d in DEVICES})
        assert heard.wait(lambda: heard.on("MQTT_RT_DATA"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", [["meter"], ["replay", "kpm33b-proxy"], ["sensors"]])
def test_it_is_said_to_run_once_the_broker_took_it_and_why_not_before(what: list[str]) -> None:
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}"
    with simulators(*what, "--url", url) as (_, said):
        assert said.readline().endswith(f": connection refused by 127.0.0.1:{port}, trying again\n")
        with MosquittoServer(port=port):
            assert said.readline().endswith(" runs\n")
        assert said.readline().endswith(f": connection to 127.0.0.1:{port} lost, trying again\n")


def test_a_broker_that_refuses_the_login_is_named() -> None:
    with MosquittoServer(MosquittoOptions(users={"me": "secret"})) as server:
        url = f"mqtt://me:wrong@127.0.0.1:{server.port}"
        with simulators("meter", "--url", url) as (_, said):
            assert said.readline().endswith(f": login refused by 127.0.0.1:{server.port}, trying again\n")
