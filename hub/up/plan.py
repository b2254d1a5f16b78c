"""What `up` starts, where, and with which environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from django.conf import settings

from hub.mqtt_from_environment import make_rows
from hub.up import first_start
from hub.up.embedded import broker_part, brokers_speak_mqtt_5, redis_part
from hub.up.parts import Part
from hub.up.ports import PortClaims, answers

_MQTT_5, _MQTT_311 = 5, 4
_REDIS_PORT, _PLANT_PORT, _METERS_PORT = 16379, 11883, 12883


class Plan:
    """The parts of one `up`. Ports that are taken are skipped."""

    def __init__(self, *, host: str, wanted_port: int, has_demo: bool) -> None:
        self.has_demo = has_demo
        self._host = host
        self._data: Path = settings.PATCHBAY_DATA_DIR
        self._given = settings.PATCHBAY_READ_ENVIRONMENT()
        self._claims = PortClaims()
        self._wanted_port = wanted_port
        self._port = self._claims.free_port(wanted_port, host=host)
        self._redis_port = self._claims.free_port(_REDIS_PORT)
        self._broker_ports = {
            "plant": self._claims.free_port(_PLANT_PORT),
            "meters": self._claims.free_port(_METERS_PORT),
        }

    @property
    def address(self) -> str:
        """Where a person on this machine finds the hub."""
        host = "localhost" if self._host in ("127.0.0.1", "0.0.0.0", "::") else self._host  # noqa: S104 - compared only
        return f"http://{host}:{self._port}/"

    @property
    def other_port(self) -> str:
        """Says that the page is not at the port that was asked for; '' if it is."""
        return "" if self._port == self._wanted_port else f"Port {self._wanted_port} is taken; {self._port} instead."

    @property
    def logs(self) -> Path:
        """Where the output of each part goes."""
        return self._data / "up"

    def prepare(self) -> first_start.Login:
        """Bring the database into shape; the demo comes only into an empty hub."""
        first_start.prepare_database()
        login = first_start.prepare_login(self._data)
        if self.has_demo:
            self._prepare_demo()
        make_rows()
        return login

    def _prepare_demo(self) -> None:
        protocol = _MQTT_5 if brokers_speak_mqtt_5() else _MQTT_311
        if first_start.is_empty():
            first_start.install_demo(self._places(protocol))
        else:
            first_start.move_demo_brokers(self._broker_ports, protocol=protocol)

    def servers(self) -> list[Part]:
        """What must answer before the hub starts."""
        parts = [] if self._has_own_redis else [redis_part(self._redis_port, self._data / "redis")]
        if self.has_demo:
            parts += [broker_part(name, port, self._data / "brokers") for name, port in self._broker_ports.items()]
        return parts

    def hub(self) -> list[Part]:
        """The hub itself, and the simulated devices."""
        return [*(self._simulators() if self.has_demo else ()), self._worker(), self._schedule(), self._web()]

    @property
    def _has_own_redis(self) -> bool:
        return bool(self._given.get("REDIS_URL") or self._given.get("REDIS_URL_FILE"))

    @property
    def _environment(self) -> Mapping[str, str]:
        found = {"PATCHBAY_DEMO": "true" if self.has_demo else "false", "PYTHONUNBUFFERED": "1"}
        if not self._has_own_redis:
            found["REDIS_URL"] = f"redis://127.0.0.1:{self._redis_port}/0"
        return found

    def _places(self, protocol: int) -> dict[str, str]:
        return {
            "plant_port": str(self._broker_ports["plant"]),
            "meters_port": str(self._broker_ports["meters"]),
            "protocol": str(protocol),
            "scale_port": str(self._demo_ports / "ttyUSB_SCALE"),
            "printer_port": str(self._demo_ports / "ttyUSB_PRINTER"),
        }

    @property
    def _demo_ports(self) -> Path:
        return self._data / "demo"

    def _simulators(self) -> list[Part]:
        urls = {name: f"mqtt://127.0.0.1:{port}" for name, port in self._broker_ports.items()}
        arguments = ["all", "--dir", str(self._demo_ports), "--url", urls["plant"], "--meter-url", urls["meters"]]
        arguments += ["--scale-every", "4", "--sensors-every", "2", "--realtime-every", "5", "--energy-every", "60"]
        self._demo_ports.mkdir(parents=True, exist_ok=True)
        return [self._part("simulators", "-m", "simulators", *arguments)]

    def _worker(self) -> Part:
        celery = ["-m", "celery", "-A", "hub", "worker", "--links", "--site", settings.PATCHBAY_SITE]
        return self._part(
            "worker",
            *celery,
            "-P",
            "threads",
            "-c",
            "4",
            "--without-gossip",
            "--without-mingle",
            "-n",
            f"up-{os.getpid()}@%h",
            stop_within_s=30.0,
        )

    def _schedule(self) -> Part:
        pid_file = self._data / "up" / "beat.pid"
        pid_file.unlink(missing_ok=True)
        return self._part("schedule", "-m", "celery", "-A", "hub", "beat", "--pidfile", str(pid_file))

    def _web(self) -> Part:
        return self._part(
            "web",
            "-m",
            "daphne",
            "-b",
            self._host,
            "-p",
            str(self._port),
            "--access-log",
            os.devnull,  # the hub writes one of its own
            "hub.asgi:application",
            is_ready=partial(answers, self._port),
        )

    def _part(self, name: str, *arguments: str, **more: object) -> Part:
        return Part(
            name=name,
            command=[sys.executable, *arguments],
            environment=self._environment,
            **more,  # type: ignore[arg-type]
        )
