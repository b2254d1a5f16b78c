"""Which in-Topics a message belongs to, and what a change of them means for the broker."""

from __future__ import annotations

from bridges.mqtt.subscriptions import SubscriptionTable
from bridges.tests.mqtt_links import subscription

WIDE = subscription("a/#", name="wide", identifier=1)
NARROW = subscription("a/b", name="narrow", identifier=2)
SHARED = subscription("$share/hubs/c/+", name="shared", identifier=3)


def test_identifiers_say_which_topic_a_copy_is_for() -> None:
    table = SubscriptionTable([WIDE, NARROW])
    assert table.names("a/b", (1,)) == ("wide",)
    assert table.names("a/b", (2,)) == ("narrow",)


def test_several_identifiers_are_named_most_specific_first() -> None:
    assert SubscriptionTable([WIDE, NARROW]).names("a/b", (1, 2)) == ("narrow", "wide")


def test_an_identifier_of_old_falls_back_to_the_topic() -> None:
    assert SubscriptionTable([WIDE, NARROW]).names("a/x", (77,)) == ("wide",)


def test_without_identifiers_the_topic_decides() -> None:
    table = SubscriptionTable([WIDE, NARROW, SHARED])
    assert table.names("a/b", ()) == ("narrow", "wide")
    assert table.names("c/d", ()) == ("shared",)
    assert table.names("elsewhere", ()) == ()


def test_topics_with_the_same_filter_are_all_named() -> None:
    twin = subscription("a/b", name="twin", identifier=9)
    table = SubscriptionTable([NARROW, twin])
    assert table.names("a/b", (2,)) == ("narrow", "twin")


def test_a_replacement_tells_the_difference_and_forgets_the_old_answers() -> None:
    table = SubscriptionTable([WIDE, NARROW])
    assert table.names("a/b", (2,)) == ("narrow",)
    stronger = subscription("a/#", name="wide", identifier=1, qos=0)
    change = table.replace([stronger, SHARED])
    assert change.added == (stronger, SHARED)
    assert change.removed == ("a/b",)
    assert table.names("a/b", (2,)) == ("wide",)


def test_a_new_name_alone_needs_no_word_to_the_broker() -> None:
    table = SubscriptionTable([WIDE])
    assert table.replace([subscription("a/#", name="renamed", identifier=1)]).added == ()
    assert table.names("a/b", (1,)) == ("renamed",)
