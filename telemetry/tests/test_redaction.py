"""What is taken out of text, and what stays readable."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import redaction
from telemetry.redaction import MASK, redact, remember_secret


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_remembered", redaction._Remembered())


@pytest.mark.parametrize(
    "line",
    [
        "cannot reach mqtt://hub:s3cret@plant:1883/x",
        "cannot reach mqtts://hub:s3cret/with@at@plant",
        "redis://:s3cret@127.0.0.1:6379/0 is away",
        "https://s3cret@example.org/hook answered 500",
        "password=s3cret",
        'password="s3cret and more"',
        "{'username': 'hub', 'password': 's3cret'}",
        '{"password": "s3\\"s3cret"}',
        "MQTT_PASSWORD: s3cret",
        "access_token=s3cret&next=1",
        "api_key: s3cret",
        "Authorization: Basic aHViOnMzY3JldA== s3cret",
        "{'Authorization': 'Api-Key s3cret.s3cret'}",
        "sent Bearer s3cret.s3cret",
        "secret_key='s3cret'",
        "kwargs={'client_secret': b's3cret'}",
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str) -> None:
    assert "s3cret" not in redact(line)
    assert MASK in redact(line)


def test_an_api_key_is_masked_wherever_it_stands_and_its_prefix_stays() -> None:
    assert redact("no key Ab3dEf7h." + "x" * 32) == "no key Ab3dEf7h.***"


@pytest.mark.parametrize(
    "line",
    [
        "broker:plant connected to mqtt.example.org:8883",
        "user@example.org logged in",
        "GET /api/v1/messages?topic=a/b 200",
        "http://127.0.0.1:8000/login/ answers",
        "compass: 12.5",
        "12 passed",
    ],
)
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    assert redact(line) == line


def test_the_user_name_and_host_of_an_address_stay_readable() -> None:
    assert redact("mqtt://hub:pw@plant:1883") == "mqtt://hub:***@plant:1883"


@given(secret=st.text(st.characters(exclude_characters="*", codec="utf-8"), min_size=4), around=st.text("ab :/{}\"'"))
def test_a_remembered_secret_never_passes(secret: str, around: str) -> None:
    remember_secret(secret)

    for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert spelling not in redact(f"{around}{spelling}{around}")


def test_the_longer_of_two_remembered_secrets_is_masked_whole() -> None:
    remember_secret("hunter")
    remember_secret("hunter2-and-more")

    assert redact("it is hunter2-and-more.") == "it is ***."


def test_a_very_short_secret_does_not_tear_up_every_line() -> None:
    remember_secret("a")

    assert redact("a scale at main") == "a scale at main"


@given(st.text())
def test_any_text_can_be_redacted(text: str) -> None:
    assert redact(redact(text)) is not None
