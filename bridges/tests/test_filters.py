"""MQTT topic names and filters by the standard (MQTT 5.0, 4.7), and the trie against plain matching."""

from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.mqtt.filters import FilterTrie, TopicFault, check_filter, check_name, matches, overlap


@pytest.mark.parametrize("text", ["a", "/", "//", "a/b c/ä", "$SYS/x", "a" * 65_535, "a/$b"])
def test_a_name_that_mqtt_allows_is_allowed(text: str) -> None:
    check_name(text)
    check_filter(text)


@pytest.mark.parametrize("text", ["", "a\x00", "a\nb", "\x7f", "\ud800", "\ufffe", "a" * 65_536, "ä" * 32_768])
def test_a_name_or_filter_that_mqtt_does_not_allow_is_refused(text: str) -> None:
    with pytest.raises(TopicFault):
        check_name(text)
    with pytest.raises(TopicFault):
        check_filter(text)


@pytest.mark.parametrize("text", ["a/+", "#", "a+b", "a#"])
def test_a_name_with_a_wildcard_is_refused(text: str) -> None:
    with pytest.raises(TopicFault, match="cannot hold"):
        check_name(text)


@pytest.mark.parametrize("text", ["#", "+", "a/#", "+/+/#", "/+", "a/+/b", "$share/group/a/+", "$share/g//x", "$SYS/#"])
def test_a_filter_with_whole_wildcards_is_allowed(text: str) -> None:
    check_filter(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a/#/b", "last level"),
        ("#/", "last level"),
        ("a#", "whole level"),
        ("a/b#", "whole level"),
        ("a+/b", "whole level"),
        ("a/++", "whole level"),
        ("$share", "GROUP"),
        ("$share/g", "GROUP"),
        ("$share//a", "GROUP"),
        ("$share/g/", "GROUP"),
        ("$share/+/a", "group"),
        ("$share/g/a/#/b", "last level"),
    ],
)
def test_a_filter_with_a_misplaced_wildcard_is_refused(text: str, said: str) -> None:
    with pytest.raises(TopicFault, match=said):
        check_filter(text)


@pytest.mark.parametrize(
    ("topic_filter", "name", "is_match"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("+/b", "/b", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("#", "a/b", True),
        ("+", "/", False),
        ("+/+", "/", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("a/+", "a/$b", True),
        ("$share/g/a/+", "a/b", True),
        ("$share/g/#", "$SYS", False),
        ("a/B", "a/b", False),
    ],
)
def test_a_filter_matches_as_the_standard_says(topic_filter: str, name: str, *, is_match: bool) -> None:
    assert matches(topic_filter, name) is is_match
    trie = FilterTrie[int]()
    trie.add(topic_filter, 1)
    assert trie.match(name) == [1] * is_match


def test_the_most_specific_comes_first() -> None:
    trie = FilterTrie[str]()
    for topic_filter in ("#", "+/+", "a/#", "+/b", "a/+", "a/b", "a/b/#"):
        trie.add(topic_filter, topic_filter)
    assert trie.match("a/b") == ["a/b", "a/b/#", "a/+", "a/#", "+/b", "+/+", "#"]


def test_values_of_one_filter_come_in_the_order_they_were_added() -> None:
    trie = FilterTrie[str]()
    for value in ("x", "y", "x"):
        trie.add("a/+", value)
    assert trie.match("a/b") == ["x", "y", "x"]
    trie.remove("a/+", "x")
    assert trie.match("a/b") == ["y", "x"]


def test_what_was_removed_is_gone_and_the_rest_stays() -> None:
    trie = FilterTrie[int]()
    trie.add("a/b/c", 1)
    trie.add("a/b", 2)
    trie.remove("a/b/c", 1)
    assert trie.match("a/b/c") == []
    assert trie.match("a/b") == [2]
    for topic_filter, value in (("a/b/c", 1), ("a/b", 3), ("z", 1)):
        with pytest.raises(KeyError):
            trie.remove(topic_filter, value)


def test_a_topic_of_65535_levels_is_no_trouble() -> None:
    trie = FilterTrie[int]()
    trie.add("/" * 65_000 + "#", 1)
    trie.add("+/#", 2)
    assert trie.match("/" * 65_534) == [1, 2]
    trie.remove("/" * 65_000 + "#", 1)
    assert trie.match("/" * 65_534) == [2]


levels = st.sampled_from(["a", "b", "", "$s"])
names = st.lists(levels, min_size=1, max_size=4).map("/".join)
filters = st.builds(
    lambda body, has_rest: "/".join([*body, "#"] if has_rest or not body else body),
    st.lists(levels | st.just("+"), max_size=4),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(filters, max_size=12), names)
def test_the_trie_finds_exactly_what_matches(kept: list[str], name: str) -> None:
    trie = FilterTrie[str]()
    for topic_filter in kept:
        trie.add(topic_filter, topic_filter)
    assert sorted(trie.match(name)) == sorted(one for one in kept if matches(one, name))


@settings(deadline=None)
@given(st.lists(filters, max_size=8), st.lists(filters, max_size=8), names)
def test_a_trie_after_removals_is_as_if_never_added(kept: list[str], gone: list[str], name: str) -> None:
    trie = FilterTrie[str]()
    for topic_filter in kept + gone:
        trie.add(topic_filter, topic_filter)
    for topic_filter in gone:
        trie.remove(topic_filter, topic_filter)
    assert sorted(trie.match(name)) == sorted(one for one in kept if matches(one, name))


@settings(deadline=None)
@given(filters, filters, names)
def test_filters_that_share_a_name_overlap(a: str, b: str, name: str) -> None:
    if matches(a, name) and matches(b, name):
        assert overlap(a, b)
    assert overlap(a, b) == overlap(b, a)


@settings(deadline=None)
@given(filters, filters)
def test_filters_that_overlap_share_a_name(a: str, b: str) -> None:
    if not overlap(a, b):
        return
    padded = zip_longest(a.split("/"), b.split("/"), fillvalue="+")
    literal = [next((x for x in (p, q) if x not in ("+", "#")), "a") for p, q in padded]
    candidates = ["/".join(literal[:size]) for size in range(1, len(literal) + 1)]
    assert any(matches(a, name) and matches(b, name) for name in candidates)


@pytest.mark.parametrize(
    ("a", "b", "is_shared"),
    [
        ("a/#", "a", True),
        ("a/+", "+/b", True),
        ("a/b", "a/c", False),
        ("a", "a/b", False),
        ("a/+", "a", False),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/+", True),
        ("#", "+", True),
        ("$share/g/a/#", "a/b", True),
    ],
)
def test_overlap_as_a_person_would_say(a: str, b: str, *, is_shared: bool) -> None:
    assert overlap(a, b) is is_shared


@settings(deadline=None)
@given(st.text(max_size=20) | st.text("$share/+#ab", max_size=20), st.text("$a/b", max_size=8))
def test_any_text_is_a_filter_or_a_fault(text: str, name: str) -> None:
    try:
        check_filter(text)
    except TopicFault:
        return
    matches(text, name)
    overlap(text, "a/#")
