"""The checks of single configuration values: hosts, rates, MQTT addresses. Pure; every fault is a ValueError."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from hub.database_url import database_settings

MQTT_SCHEMES = ("mqtt", "mqtts")
REDIS_SCHEMES = ("redis", "rediss", "unix")
SHORTEST_KEY = 32
TOPIC_BYTES = 65_535


def split_list(value: object) -> object:
    """`a, b` as ('a', 'b'); what is no text is left to pydantic."""
    if not isinstance(value, str):
        return value
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)


def check_rate(value: object) -> object:
    """`600/minute`, or `off` for no limit."""
    text = str(value).strip().lower()
    if text in ("off", "none"):
        return "off"
    if not re.fullmatch(r"[1-9]\d{0,8}/(s|sec|second|m|min|minute|h|hour|d|day)", text):
        raise ValueError("is not a rate")
    return text


def check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"https?://[^/\s]+", origin) for origin in origins):
        raise ValueError("holds an origin that is not http://HOST or https://HOST")
    return origins


def check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if any("/" in host for host in hosts):
        raise ValueError("holds an address; host names have no scheme and no path")
    return hosts


def check_database(url: SecretStr) -> SecretStr:
    database_settings(url.get_secret_value())
    return url


def check_redis(url: SecretStr) -> SecretStr:
    _address(url, REDIS_SCHEMES)
    return url


def check_mqtt(url: SecretStr) -> SecretStr:
    if not _address(url, MQTT_SCHEMES):
        raise ValueError("names no host")
    return url


def check_key(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < SHORTEST_KEY:
        raise ValueError(f"is shorter than {SHORTEST_KEY} characters")
    return key


def check_filter(topic: str) -> str:
    """An MQTT topic filter [MQTT 5.0, 4.7.1]."""
    _check_topic_text(topic)
    levels = topic.split("/")
    if any("#" in level and (level != "#" or index < len(levels) - 1) for index, level in enumerate(levels)):
        raise ValueError("has a # that is not the whole last level")
    if any("+" in level and level != "+" for level in levels):
        raise ValueError("has a + that is not a whole level")
    return topic


def check_topic(topic: str) -> str:
    _check_topic_text(topic)
    if "+" in topic or "#" in topic:
        raise ValueError("is a topic to publish to, so it cannot hold + or #")
    return topic


def _check_topic_text(topic: str) -> None:
    if "\0" in topic or len(topic.encode()) > TOPIC_BYTES:
        raise ValueError("is not an MQTT topic")


def _address(url: SecretStr, schemes: tuple[str, ...]) -> str:
    """The host of `url`; raises ValueError with a text that shows nothing of the address."""
    try:
        parts = urlsplit(url.get_secret_value())
        _ = parts.port
    except ValueError:
        raise ValueError("is not an address with a port from 0 to 65535") from None
    if parts.scheme not in schemes:
        raise ValueError(f"must start with {', '.join(f'{scheme}://' for scheme in schemes)}")
    return parts.hostname or ""


TextList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)]
Hosts = Annotated[TextList, AfterValidator(check_hosts)]
Origins = Annotated[TextList, AfterValidator(check_origins)]
Rate = Annotated[str, BeforeValidator(check_rate)]
Key = Annotated[SecretStr, AfterValidator(check_key)]
Keys = Annotated[tuple[Key, ...], NoDecode, BeforeValidator(split_list)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(check_database)]
RedisAddress = Annotated[SecretStr, AfterValidator(check_redis)]
MqttAddress = Annotated[SecretStr, AfterValidator(check_mqtt)]
MqttFilter = Annotated[str, AfterValidator(check_filter)]
MqttTopic = Annotated[str, AfterValidator(check_topic)]
