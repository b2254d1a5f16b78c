"""Log lines: what they hold, that no secret passes, and that several processes lose none."""

from __future__ import annotations

import json
import logging
import logging.config
import subprocess
import sys
from pathlib import Path

import pytest
from celery import Celery
from celery.app.log import Logging

from hub.config import load
from hub.logging import JsonFormatter, RedactingFormatter, logging_settings
from telemetry.redaction import remember_secret

WRITE_LINES = """
import logging, logging.config, sys
from hub.config import load
from hub.logging import logging_settings
settings = logging_settings(load())
settings["root"]["handlers"] = ["file"]
logging.config.dictConfig(settings)
for number in range(300):
    logging.getLogger("test").warning("line %s-%03d %s", sys.argv[1], number, "x" * 60)
"""


@pytest.fixture
def formatter() -> RedactingFormatter:
    return RedactingFormatter("%(levelname)s %(message)s")


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, None)
    made.__dict__.update(extra)
    return made


def test_a_secret_among_the_arguments_is_masked(formatter: RedactingFormatter) -> None:
    assert formatter.format(record("to %s", "mqtt://u:s3cret@h")) == "INFO to mqtt://u:***@h"


def test_a_secret_in_a_traceback_is_masked(formatter: RedactingFormatter) -> None:
    remember_secret("only-in-the-traceback")
    try:
        raise ValueError("only-in-the-traceback")
    except ValueError:
        text = formatter.format(record("failed", exc_info=sys.exc_info()))

    assert "ValueError: ***" in text


def test_the_link_of_a_line_is_a_field(formatter: RedactingFormatter) -> None:
    assert formatter.format(record("connected", link="broker:plant")) == "INFO connected link=broker:plant"


def test_what_the_caller_adds_stands_behind_the_line(formatter: RedactingFormatter) -> None:
    line = formatter.format(
        record("committed", link="broker:plant", count=3, reason="two words", nothing="", odd=object())
    )

    assert line == 'INFO committed link=broker:plant count=3 reason="two words"'


def test_no_message_looks_like_two_lines(formatter: RedactingFormatter) -> None:
    assert formatter.format(record("from %s", "a\nERROR forged")) == "INFO from a\\nERROR forged"


def test_a_line_of_json_holds_the_context_as_fields() -> None:
    line = json.loads(
        JsonFormatter().format(record('a "b" %s', "mqtt://u:s3cret@h", link="device:x", count=3, password="p4ss"))
    )

    assert (line["level"], line["logger"], line["link"], line["count"]) == ("INFO", "test", "device:x", 3)
    assert line["message"] == 'a "b" mqtt://u:***@h'
    assert line["password"] == "***"
    assert line["time"].endswith("Z")


def test_a_line_of_json_holds_the_traceback_without_its_secrets() -> None:
    remember_secret("only-in-the-json-traceback")
    try:
        raise ValueError("only-in-the-json-traceback")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()

    assert "ValueError: ***" in json.loads(JsonFormatter().format(made))["exception"]


def test_json_goes_to_the_console_and_plain_lines_to_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOG_JSON", "true")
    monkeypatch.setenv("LOG_FILE", str(tmp_path / "server.log"))

    handlers = logging_settings(load())["handlers"]

    assert (handlers["console"]["formatter"], handlers["file"]["formatter"]) == ("json", "line")
    assert handlers["console"]["stream"] == "ext://sys.stdout"


def test_times_are_utc() -> None:
    made = record("x")
    made.created, made.msecs = 0.0, 7

    assert RedactingFormatter("%(asctime)s").format(made) == "1970-01-01T00:00:00.007Z"


def test_without_a_log_file_only_the_console_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FILE", "-")

    assert list(logging_settings(load())["handlers"]) == ["console"]


def test_the_log_file_rotates_as_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOG_FILE", str(tmp_path / "other.log"))
    monkeypatch.setenv("LOG_MAX_BYTES", "20000")
    monkeypatch.setenv("LOG_BACKUPS", "7")
    handler = logging_settings(load())["handlers"]["file"]

    assert (handler["filename"], handler["maxBytes"], handler["backupCount"]) == (
        str(tmp_path / "other.log"),
        20_000,
        7,
    )


def test_the_level_is_the_configured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "error")

    assert logging_settings(load())["root"]["level"] == "ERROR"


def test_processes_that_share_a_rotating_file_lose_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LOG_FILE", "server.log")
    monkeypatch.setenv("LOG_MAX_BYTES", "10000")
    monkeypatch.setenv("LOG_BACKUPS", "100")
    processes = [subprocess.Popen([sys.executable, "-c", WRITE_LINES, str(number)]) for number in range(3)]
    assert [process.wait(timeout=50) for process in processes] == [0, 0, 0]

    files = list(tmp_path.glob("server.log*"))
    lines = "".join(path.read_text() for path in files).splitlines()

    assert len(files) > 3
    assert len({line.partition("line ")[2] for line in lines}) == len(lines) == 900


def test_a_worker_logs_as_every_process_does(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    monkeypatch.setattr(Logging, "_setup", False)

    Logging(Celery("test", set_as_current=False)).setup_logging_subsystem(loglevel="CRITICAL")

    assert (root.level, list(root.handlers)) == before
