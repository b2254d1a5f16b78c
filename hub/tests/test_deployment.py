"""The units and container files of `docker/`: what systemd says of them, and that they start what `up` starts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
UNITS = sorted((DOCKER / "systemd").glob("*.service"))


def started_by(unit: str) -> list[str]:
    """The words after `python` in a unit's ExecStart."""
    text = (DOCKER / "systemd" / unit).read_text().replace("\\\n", "")
    (command,) = re.findall(r"^ExecStart=/opt/patchbay/\.venv/bin/python (.+)$", text, re.MULTILINE)
    return command.replace("%i", "main").split()  # type: ignore[no-any-return]


def compose() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = YAML(typ="safe").load((DOCKER / "compose.yaml").read_text())["services"]
    return found


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text().replace("/opt/patchbay/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("/opt/patchbay", str(ROOT)))
    for unit in UNITS:
        command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert (done.returncode, done.stderr) == (0, ""), unit.name


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_gives_up_what_it_does_not_need(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    for line in (
        "User=patchbay",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "UMask=0077",
    ):
        assert line in lines


@pytest.mark.parametrize(
    ("unit", "service"),
    [
        ("patchbay-prepare.service", "prepare"),
        ("patchbay-worker@.service", "worker"),
        ("patchbay-schedule.service", "schedule"),
    ],
)
def test_containers_run_what_the_units_run(unit: str, service: str) -> None:
    words = started_by(unit)
    if "-n" in words:  # a container's host name tells it apart
        words = words[: words.index("-n")]
    assert compose()[service]["command"] == ["python", *words]


def test_the_image_holds_every_package_and_its_web_process_is_that_of_the_unit() -> None:
    text = (DOCKER / "Containerfile").read_text()
    for package in ("telemetry", "devices", "bridges", "frontend", "hub"):
        assert f"COPY {package}/ {package}/" in text
    words = started_by("patchbay-web.service")
    (command,) = re.findall(r"^CMD \[(.+)\]$", text, re.MULTILINE)
    assert [word.strip(' "') for word in command.split(",")] == [
        "python", *("0.0.0.0" if word == "127.0.0.1" else word for word in words),
    ]  # fmt: skip


@pytest.mark.parametrize("names", ["env.example", "compose.yaml"])
def test_every_variable_that_is_set_is_one_that_the_hub_knows(names: str) -> None:
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    if names == "env.example":
        given = set(re.findall(r"^([A-Z_]+)=", (DOCKER / "systemd" / names).read_text(), re.MULTILINE))
    else:
        given = set(YAML(typ="safe").load((DOCKER / names).read_text())["x-hub"]["environment"])
    assert given <= known
