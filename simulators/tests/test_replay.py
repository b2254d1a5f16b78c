"""A pack's recorded messages, published again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.replay import Recorded, Replay, recorded
from simulators.tests.listening import Listener

PACK = """
settings:
  - {name: base, default: home}
  - {name: where, example: hall}
tests:
  - {name: one, topic: "{setting.base}/{setting.where}", payload: "1"}
  - {name: old, topic: "{setting.base}/x", payload: "2", retain: true}
  - name: several
    steps:
      - {topic: a/b, payload_hex: "00 ff"}
      - {wait_s: 5}
      - {line: "not by MQTT"}
  - name: log
    log: |
      c/d {"e": 1}

      c/d {"e": 2}
"""


def test_messages_are_those_of_tests_steps_and_logs_with_settings_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(PACK)
    assert recorded(str(file), {"where": "cellar"}) == [
        Recorded("home/cellar", b"1"),
        Recorded("a/b", b"\x00\xff"),
        Recorded("c/d", b'{"e": 1}'),
        Recorded("c/d", b'{"e": 2}'),
    ]


def test_they_come_again_and_again(broker_url: str) -> None:
    messages = [Recorded("replay/a", b"first"), Recorded("replay/b", b"second")]
    with Listener(broker_url, "replay/#") as heard, Replay(broker_url, messages, every_s=0.01):
        assert heard.wait(lambda: len(heard.messages) >= 5)
    pairs = zip(heard.messages, heard.messages[1:], strict=False)
    assert all({one[1], two[1]} == {b"first", b"second"} for one, two in pairs)


def test_payloads_break_off_and_messages_come_twice_if_told_to(broker_url: str) -> None:
    messages = [Recorded("faulty/a", b"12345678"), Recorded("faulty/b", b"abcdefgh")]
    replay = Replay(broker_url, messages, every_s=0.05, cut=1.0, repeated=1.0)
    with Listener(broker_url, "faulty/#") as heard, replay:
        assert heard.wait(lambda: len(heard.messages) >= 4)
    assert heard.messages[0][1] == heard.messages[1][1]
    assert {payload for _, payload in heard.messages[:4]} == {b"1234", b"abcd"}


def test_a_pack_without_messages_cannot_be_replayed() -> None:
    with pytest.raises(ValueError, match="no messages"):
        Replay("mqtt://127.0.0.1:1", [])
