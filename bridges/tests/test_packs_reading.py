"""Reading a pack: whatever stands in the file, the answer is a pack, or faults with their lines."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.config_file.faults import ConfigFileRefused
from bridges.config_file.reader import read_document
from bridges.packs.reading import MAX_BYTES, read_pack
from bridges.packs.testing import run_tests
from bridges.tests.packs import PACK, changed


def faults(text: str) -> list[str]:
    """What is wrong with this file."""
    with pytest.raises(ConfigFileRefused) as refused:
        read_pack(text.encode())
    return [str(fault) for fault in refused.value.faults]


def line_of(words: str, text: str = PACK) -> int:
    """The line in which these words stand."""
    return text[: text.index(words)].count("\n") + 1


def test_a_pack_says_what_it_asks_makes_tests_and_simulates() -> None:
    pack = read_pack(PACK.encode())
    assert (pack.name, pack.category, len(pack.tests)) == ("test-scale", "scale", 2)
    assert [setting.name for setting in pack.settings] == ["device", "port", "broker", "limit"]
    assert pack.simulators[0].arguments == ["scale", "--link", "{setting.port}", "--style", "kern"]
    assert pack.simulators[0].faults == {"half lines": ["--half-lines", "0.2"]}


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("pack: 1", "pack: 2", "pack", "version 1"),
        ("category: scale", "category: toy", "category", "must be one of"),
        ("summary: A scale", "sumary: A scale", "sumary", "Did you mean summary?"),
        ("kind: port", "kind: pot", "settings[1].kind", "must be one of"),
        ("default: scale", 'default: "a b"', "settings[0].default", "A name starts with"),
        ("name: limit,", "name: port,", "settings[3].name", "stands here twice"),
        (', example: "/dev/ttyUSB0"', "", "settings[1]", "a default, or an example"),
        ("{setting.port}", "{setting.prot}", "config.devices[0].port", "There is no setting 'prot'"),
        ('port: "{setting.port}"', "port: {setting.port}", "config.devices[0].port", "Put quotes"),
        ("  devices:", "  scripts:", "config.scripts", "unknown"),
        ("[{publish: ", "[{script: ", "config.rules[0].actions[0].script", "actions of a pack"),
        ("qos: 2", "codec_options: {file: /etc/passwd}", "config.topics[0].codec_options", "no secrets and no files"),
        ('[{publish: "{setting.device}-weight"}]', "5", "config.rules[0].actions", "must be a list"),
        ('"lab/{device}/weight"', "{a: 1}", "config.topics[0].filter", "must be text"),
        ("driver: kern-tws", "driver: 5", "config.devices[0].driver", "must be text"),
        ("kind: name, default: scale", "kind: name, default: scale, minimum: 1", "settings[0]", "Only a setting of"),
        ("qos: 2", f"qos: 0x{'f' * 5000}", "config.topics[0].qos", "at most 64 bits"),
        ("expect: {sends: t}", "expect: {send: t}", "tests[1].expect.send", "Did you mean sends?"),
        ("command: tare", "command: tare\n    wait_s: 1", "tests[1]", "Exactly one thing"),
        ("    expect: {sends: t}\n", "", "tests[1]", "Nothing is expected"),
        ("run: scale", 'run: "scale \'x"\n    was: scale', "simulators[0].run", "cannot be read as a command"),
    ],
)
def test_a_fault_names_its_line_and_its_place(old: str, new: str, place: str, words: str) -> None:
    text = changed(old, new)
    found = [fault for fault in faults(text) if words in fault]
    assert found, faults(text)
    line, _, said = found[0].partition(": ")
    assert said.startswith(place)
    assert int(line) in range(line_of(new.partition("\n")[0] or old[:20], text if new else PACK) - 4, 60)


def test_a_setting_in_a_template_is_refused_because_it_would_be_a_program() -> None:
    ticket = '  tickets:\n    - {name: slip, template: "{setting.device}"}\n'
    assert "no setting may stand in it" in faults(changed("  rules:", f"{ticket}  rules:"))[0]


def test_a_file_that_is_too_large_is_not_even_read() -> None:
    assert "at most" in faults(PACK + "#" * MAX_BYTES)[0]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "env", "line"]), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.data())
def test_whatever_stands_anywhere_in_a_file_the_answer_is_a_pack_or_faults(data: st.DataObject) -> None:
    document: Any = copy.deepcopy(read_document(PACK.encode()).value)
    place, key = document, data.draw(st.sampled_from(sorted(document)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(ANYTHING)
    try:
        pack = read_pack(json.dumps(document).encode())
    except ConfigFileRefused:
        return
    assert len(run_tests(pack)) == len(pack.tests)
