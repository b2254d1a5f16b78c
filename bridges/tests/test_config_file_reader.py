"""Reading YAML: plain values, the line of each, and nothing that a file could do harm with."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.config_file.faults import ConfigFileRefused, spelled
from bridges.config_file.reader import MAX_BYTES, MAX_VALUES, read_document


def faults_of(text: str | bytes, *, max_values: int = MAX_VALUES) -> list[str]:
    with pytest.raises(ConfigFileRefused) as caught:
        read_document(text.encode() if isinstance(text, str) else text, max_values=max_values)
    return [str(fault) for fault in caught.value.faults]


def value_of(text: str) -> Any:
    return read_document(text.encode()).value


def test_each_value_knows_its_line() -> None:
    document = read_document(b"version: 1\nbrokers:\n  - name: plant\n    tls:\n      ca: x\n  - {name: b, port: 1}\n")
    assert document.lines["brokers", 0, "tls", "ca"] == 5
    assert document.lines["brokers", 1] == document.lines["brokers", 1, "port"] == 6


def test_a_place_that_is_missing_takes_the_line_of_its_parent() -> None:
    document = read_document(b"brokers:\n  - name: plant\n")
    assert document.fault(("brokers", 0, "host"), "missing").line == 2


def test_a_place_is_spelled_as_people_read_it() -> None:
    assert spelled(("brokers", 0, "tls", "ca")) == "brokers[0].tls.ca"


def test_a_long_key_is_cut_in_the_place_of_a_fault() -> None:
    assert spelled(("k" * 5000, 0)) == f"{'k' * 100}[0]"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("12:30:00", "12:30:00"),
        ("2026-01-01", "2026-01-01"),
        ("true", True),
        ("~", None),
        ("010", 10),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ('"5"', "5"),
        ("<<", "<<"),
        ("-0", 0),
        ("0xFFFFFFFFFFFFFFFF", 2**64 - 1),
        (f"-{2**63}", -(2**63)),
    ],
)
def test_scalars_are_read_as_yaml_1_2_says(text: str, value: Any) -> None:
    assert value_of(f"a: {text}") == {"a": value}
    assert type(value_of(f"a: {text}")["a"]) is type(value)


def test_keys_are_always_text() -> None:
    assert value_of("{1: a, true: b, ~: c}") == {"1": "a", "true": "b", "~": "c"}


def test_aliases_are_followed() -> None:
    assert value_of("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "More than" in faults_of("\n".join(lines))[0]


@pytest.mark.parametrize(
    "bomb",
    [
        f"a: &a {'y' * 100_000}\nb: [{', '.join(['*a'] * 30)}]",
        f"a: &a {{{'y' * 1000}: 1}}\nb: [{', '.join(['*a'] * 3000)}]",
        f"a: &a !{'y' * 1000} 1\nb: [{', '.join(['*a'] * 3000)}]",
    ],
    ids=["texts", "keys", "tags"],
)
def test_a_bomb_of_long_aliases_is_refused_though_its_values_are_few(bomb: str) -> None:
    assert faults_of(bomb) == ["1: More than 2,000,000 characters, with those of aliases as often as they are named."]


def test_a_file_of_too_many_values_is_not_read_to_its_end() -> None:
    assert "More than 10 values" in faults_of("a: [" + "b, " * 20 + "\n]]]", max_values=10)[0]


def test_keys_are_no_values_of_their_own() -> None:
    assert read_document(b"{a: 1, b: 2, c: 3}", max_values=4).value == {"a": 1, "b": 2, "c": 3}
    assert "More than 3 values" in faults_of("{a: 1, b: 2, c: 3}", max_values=3)[0]


def test_an_alias_within_itself_is_refused() -> None:
    assert "nested deeper" in faults_of("a: &a [*a]")[0]


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.system [x]", "a: !secret x", "a: !!set {x}", "!foo {}"])
def test_tags_are_refused(text: str) -> None:
    assert "Tags such as !" in faults_of(text)[0]


def test_every_fault_is_told_with_its_line() -> None:
    assert faults_of("a: 1\na: 2\nb: !x 1\nc: .nan\n") == [
        "2: a: This key stands here twice.",
        "3: b: Tags such as !x are not allowed.",
        "4: c: Not a number.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [1", "2: This is not YAML"),
        ("a: 1\n---\nb: 2", "2: This is not YAML"),
        ("a: 1\nb: *c", "2: This is not YAML: found undefined alias 'c'"),
        ("a: 1\nb: \x01", "2: The character U+0001"),
        (b"a: 1\nb: \xff", "2: The file is not UTF-8"),
        ("[" * 100_000, "nested deeper than 20"),
        ("#" * (MAX_BYTES + 1), "larger than"),
        (f"a: 1\nb: 0x{'f' * 5000}", "2: b: A whole number has at most 64 bits."),
        (f"a: {2**64}", "1: a: A whole number has at most 64 bits."),
        (f"a: {-(2**63) - 1}", "1: a: A whole number has at most 64 bits."),
        ("? [a]\n: 1", "1: A key must be text."),
    ],
)
def test_what_is_not_good_yaml_is_refused_at_its_line(text: str | bytes, said: str) -> None:
    assert said in faults_of(text)[0]


def test_an_empty_file_has_no_value() -> None:
    assert value_of("") is None


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(str.encode), st.text("[]{}:,-&*!? \n'\"ab1").map(str.encode)
    )
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = read_document(data).value
    except ConfigFileRefused:
        return
    assert value is None or isinstance(value, dict | list | str | int | float)
