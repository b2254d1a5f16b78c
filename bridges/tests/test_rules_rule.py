"""What a rule makes of a message, and what saving one says about it."""

from typing import Any

import pytest

from bridges.rules.faults import EvaluationFault, ExpressionFault
from bridges.rules.rule import CompiledRule, RuleFault, check_rule
from bridges.tests.messages import make_variables


def make_rule(condition: str = "", transform: dict[str, str] | None = None) -> CompiledRule:
    return CompiledRule("a rule", 3, condition, transform)


@pytest.mark.parametrize(
    ("condition", "matched", "is_missing"),
    [
        ("", True, False),
        ("  ", True, False),
        ("payload.power > 5", True, False),
        ("payload.on", True, False),
        ("payload.power > 50", False, False),
        ("payload.nope > 5", False, True),
        ("payload.nothing > 5", False, True),
        ("payload.nothing", False, True),
        ("has(payload.nope)", False, False),
    ],
)
def test_only_true_matches_and_a_missing_value_is_marked(condition: str, *, matched: bool, is_missing: bool) -> None:
    result = make_rule(condition).apply(make_variables())
    assert (result.matched, result.is_missing) == (matched, is_missing)


def test_without_a_transform_there_is_no_output_so_the_payload_goes_on_unchanged() -> None:
    assert make_rule("true").apply(make_variables()).output is None
    assert make_rule("true", {}).apply(make_variables()).output is None


def test_a_transform_keeps_its_order_and_gives_null_for_what_is_missing() -> None:
    rule = make_rule("", {"z": "payload.power", "gone": "payload.nope", "a": "payload.nothing + 1", "id": "device"})
    output = rule.apply(make_variables()).output
    assert output is not None
    assert list(output.items()) == [("z", 6), ("gone", None), ("a", None), ("id", "meter-1")]


def test_a_transform_is_not_evaluated_when_the_condition_does_not_match() -> None:
    result = make_rule("payload.power > 50", {"x": "payload.power / 0"}).apply(make_variables())
    assert not result.matched
    assert result.output is None


@pytest.mark.parametrize(("condition", "said"), [("payload.power", "a whole number"), ("payload.name + ''", "text")])
def test_a_condition_that_is_neither_true_nor_false_is_a_fault(condition: str, said: str) -> None:
    with pytest.raises(EvaluationFault, match=f"true or false, not {said}"):
        make_rule(condition).apply(make_variables())


@pytest.mark.parametrize(
    ("condition", "transform", "field"),
    [
        ("payload.power / 0 > 1", None, "condition"),
        ("", {"fine": "1", "bad": "payload.power + 1.5"}, "transform.bad"),
    ],
)
def test_a_fault_names_its_field(condition: str, transform: dict[str, str] | None, field: str) -> None:
    with pytest.raises(EvaluationFault) as caught:
        make_rule(condition, transform).apply(make_variables())
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


@pytest.mark.parametrize("transform", [{"": "1"}, {"a\x00": "1"}, {"a": "1 +"}, {"a": None}])
def test_a_transform_that_cannot_be_used_is_refused(transform: Any) -> None:
    with pytest.raises(ExpressionFault):
        make_rule("", transform)
    assert check_rule("", transform)


def test_saving_lists_every_fault_at_its_field() -> None:
    faults = check_rule("payload.power >", {"a": "nope", "b": "payload.power", "c": "size("})
    assert [fault.field for fault in faults] == ["condition", "transform.a", "transform.c"]
    assert "at character 16" in faults[0].message


def test_saving_evaluates_against_the_samples() -> None:
    samples = [make_variables(), make_variables({"power": "much"}), make_variables({"power": "much"})]
    faults = check_rule("payload.power > 5", {"p": "double(payload.power)", "q": "payload.power"}, samples)
    assert [fault.field for fault in faults] == ["condition", "transform.p"]
    assert "payload.power is text" in faults[0].message


def test_a_value_missing_in_a_sample_is_no_fault() -> None:
    assert check_rule("payload.nope > 1", {"a": "payload.nope"}, [make_variables()]) == []


def test_a_condition_of_another_type_is_shown_on_saving() -> None:
    assert check_rule("payload.name", {}, [make_variables()]) == [
        RuleFault("condition", "the condition must give true or false, not text")
    ]
