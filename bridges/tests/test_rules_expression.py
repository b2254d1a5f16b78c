"""What an expression gives: values, missing values and faults, with CEL's exact meaning."""

from datetime import UTC, datetime
from typing import Any

import cel
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridges.rules.expression import Expression
from bridges.rules.faults import EvaluationFault, ExpressionFault, Missing
from bridges.rules.plain import plain
from bridges.tests.messages import make_variables


def evaluate(source: str, payload: Any = None, **changed: Any) -> Any:
    variables = make_variables(**changed) if payload is None else make_variables(payload, **changed)
    return Expression(source).evaluate(variables)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("payload.power > 5", True),
        ("payload['a-b'] + 1", 8),
        ("payload.inner.list[1] * 2", 40),
        ("payload.inner['x'] + payload['inner'].x", 2),
        ("readings.active_power >= 3.5 && device == 'meter-1'", True),
        ("readings['ENERGY.Total'] + 1.0", 2.25),
        ("source + ' ' + topic", "broker:plant plant/hall/meter-1"),
        ("has(payload.nope) ? payload.nope : 0.0", 0.0),
        ("payload.items.exists(i, i.v > 3)", True),
        ("payload.items.filter(i, i.v > 2).map(i, i.v * 2)", [10]),
        ("payload.power > 5 ? 'high' : payload.nothing == null ? 'none' : 'low'", "high"),
        ("{'id': device, 'v': payload.power}", {"id": "meter-1", "v": 6}),
        ("double(payload.power) + payload.voltage", 236.5),
        ("payload.name.matches('^p.*p$')", True),
        ('\'\\x61\' + r\'\\d\' + """q""" // a comment', "a\\dq"),
        ("-payload.power + 1", -5),
        ("!payload.on", False),
        ("payload . name", "pump"),
        ("time.getHours()", 12),
        ("time > timestamp('2020-01-01T00:00:00Z')", True),
    ],
)
def test_it_gives_what_cel_says(source: str, result: Any) -> None:
    assert evaluate(source) == result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("has(payload.power)", True),
        ("has(payload.nope)", False),
        ("has(payload.nothing)", True),
        ("has(payload.inner.x)", True),
        ("'power' in payload", True),
        ("'nope' in payload", False),
        ("'nothing' in payload", True),
        ("'hot' in payload.tags", True),
        ("'cold' in payload.tags", False),
        ("'x' in payload.inner", True),
        ("payload.nope > 1 && false", False),
        ("payload.nope > 1 || true", True),
        ("payload.nothing == null", True),
        ("payload.nothing != null && payload.nothing > 1.0", False),
        ("size(payload.inner.list)", 3),
        ("size(payload)", 9),
    ],
)
def test_presence_null_and_absorption_mean_what_they_mean_in_cel(source: str, result: Any) -> None:
    assert evaluate(source) == result


@pytest.mark.parametrize(
    "source",
    [
        "payload.nope",
        "payload.nope > 1",
        "payload.nope == null",
        "payload['nope'].deeper",
        "payload.power.deeper",
        "payload.inner.list[3]",
        "payload.inner.list[3] + 1",
        "payload.tags[-1]",
        "has(payload.nope.deeper)",
        "payload.nope > 1 && true",
        "payload.nothing > 1",
        "payload.nothing + 1",
        "!payload.nothing",
        "double(payload.nothing)",
        "string(payload.nothing)",
        "payload.nothing.startsWith('x')",
        "payload.nothing ? 1 : 2",
        "readings.nope > 1.0",
        "payload.items.map(i, i.nope)",
        "[payload.power, payload.nope]",
    ],
)
def test_a_missing_key_or_a_null_operand_is_missing_and_no_fault(source: str) -> None:
    with pytest.raises(Missing):
        evaluate(source)


def test_a_null_inside_a_list_is_missing() -> None:
    with pytest.raises(Missing):
        evaluate("payload.items.all(i, i.v > 1)", {"items": [{"v": 2}, {"v": None}]})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("payload.power + payload.voltage", "payload.power is a whole number, payload.voltage is a decimal number"),
        ("payload.power / 0", "division by zero"),
        ("payload.name > 5", "payload.name is text"),
        ("payload.power.startsWith('x')", "payload.power is a whole number"),
        ("double(payload.name)", "invalid float"),
        ("9223372036854775807 + payload.power", "too large"),
        ("1.0 / 0.0", "infinite"),
        ("{1: payload.power}", "must be text"),
    ],
)
def test_a_true_error_is_a_fault_in_plain_words(source: str, said: str) -> None:
    with pytest.raises(EvaluationFault, match=said):
        evaluate(source)


def test_a_division_by_zero_is_a_fault_even_beside_a_null() -> None:
    with pytest.raises(EvaluationFault, match="zero"):
        evaluate("payload.power / 0 > 1 && payload.nothing == null")


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("time", "2026-01-31T12:30:00Z"),
        ("time + duration('1h')", "2026-01-31T13:30:00Z"),
        ("duration('90s')", "90s"),
        ("duration('1500ms')", "1.5s"),
        ("b'\\xff'", "/w=="),
        ("[time, duration('1s'), b'a']", ["2026-01-31T12:30:00Z", "1s", "YQ=="]),
        ("{'at': time}", {"at": "2026-01-31T12:30:00Z"}),
        ("type(1)", "int"),
        ("null", None),
        ("payload.nothing", None),
    ],
)
def test_what_json_cannot_say_becomes_text(source: str, result: Any) -> None:
    assert evaluate(source) == result


def test_readings_are_always_decimal_numbers() -> None:
    assert evaluate("readings.count + 0.5") == 3.5
    assert isinstance(evaluate("readings.count"), float)
    assert all(isinstance(value, float) for value in evaluate("readings").values())


def test_a_lone_path_is_looked_up_as_it_is_however_large() -> None:
    big = {"rows": [{"z": number, "a": number} for number in range(50_000)]}
    assert evaluate("payload", big) is big
    assert evaluate("(payload.rows)", big) is big["rows"]
    assert evaluate("payload.rows[999].z", big) == 999


@pytest.mark.parametrize("source", ["payload.s", "payload.s == 'x'", "payload.o", "payload"])
def test_half_a_character_is_a_fault(source: str) -> None:
    with pytest.raises(EvaluationFault):
        evaluate(source, {"s": "\ud800", "o": {"k": "\udfff"}})


@pytest.mark.parametrize(("value", "is_fine"), [(2**64, True), (-(2**70), True), (10**400, False), (-(10**400), False)])
def test_an_integer_beyond_64_bits_becomes_a_double_or_a_fault(value: int, *, is_fine: bool) -> None:
    for source in ("payload.n", "[payload.n][0]"):
        if is_fine:
            assert evaluate(source, {"n": value}) == float(value)
        else:
            with pytest.raises(EvaluationFault):
                evaluate(source, {"n": value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("source", ["payload.n", "payload.n * 2.0", "readings.n"])
def test_a_number_that_is_none_is_a_fault(value: float, source: str) -> None:
    with pytest.raises(EvaluationFault, match="infinite or not a number"):
        evaluate(source, {"n": value}, readings={"n": value})


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("payload.a.b > 1 && payload.c", [("payload", "a", "b"), ("payload", "c")]),
        ("payload['x'][0] == payload[\"x\"][0]", [("payload", "x", 0)]),
        ("has(payload.a.b) || 'k' in payload.o", [("payload", "a", "b"), ("payload", "o"), ("payload", "o", "k")]),
        ("payload.items.exists(i, i.v > payload.low)", [("payload", "items"), ("payload", "low")]),
        ("payload[device]", [("payload",), ("device",)]),
        ("payload.name.startsWith('x')", [("payload", "name")]),
        ("{'payload': 1}.payload", []),
    ],
)
def test_it_knows_the_paths_that_it_names(source: str, paths: list[Any]) -> None:
    assert list(Expression(source).paths) == paths


class Watched(dict[str, Any]):
    """An object that fails the test when anything but the allowed keys is touched."""

    def __getitem__(self, key: str) -> Any:
        assert key != "secret"
        return super().__getitem__(key)

    def values(self) -> Any:
        raise AssertionError("the whole object was walked")

    items = values


@pytest.mark.parametrize(
    "source", ["payload.a + 1 > 0", "has(payload.a)", "'a' in payload", "payload.a == 1 || 'b' in payload"]
)
def test_the_library_is_given_only_the_paths_named(source: str) -> None:
    assert evaluate(source, Watched(a=1, secret="x" * 100)) is True


def in_order(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abx") | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
ATOMS = """payload; payload.a; payload.a.b; payload['x']; payload.b[0]; payload.a[1].x; readings.p; readings.q; device;
    1; 2.5; 'a'; true; null; [1, 'a']; has(payload.a); has(payload.a.b); 'a' in payload; 'x' in payload.b; time;
    payload.b.exists(i, i == 1); [1, 2].filter(i, i != payload.a)"""
OPERATORS = ("+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in")
CALLS = ("!", "-", "size", "string", "double", "int", "type")
expressions = st.recursive(
    st.sampled_from([atom.strip() for atom in ATOMS.split(";")]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map("({0[0]} {0[1]} {0[2]})".format)
        | st.tuples(inner, inner, inner).map("({0[0]} ? {0[1]} : {0[2]})".format)
        | st.tuples(st.sampled_from(CALLS), inner).map("{0[0]}({0[1]})".format)
        | st.tuples(inner, inner).map("[{0[0]}, {0[1]}]".format)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(source=expressions, payload=json_values)
@example("has(payload.a) && payload.a != null && payload.a > 1.0", {"a": None})
def test_it_agrees_with_the_library_on_whole_objects(source: str, payload: Any) -> None:
    variables = make_variables(payload, readings={"p": 1.5})
    whole = {name: getattr(variables, name) for name in ("payload", "readings", "device", "topic", "source", "time")}
    try:
        expression = Expression(source)
    except ExpressionFault:
        return
    try:
        wanted = plain(cel.compile(source).execute(whole))
    except Exception:  # noqa: BLE001 - the library's errors have no common base
        with pytest.raises((Missing, EvaluationFault)):
            expression.evaluate(variables)
        return
    # The library gives the keys of an object in any order.
    assert in_order(expression.evaluate(variables)) == in_order(wanted)


@settings(deadline=None)
@given(payload=json_values, source=expressions)
def test_a_result_can_always_be_written_as_json(payload: Any, source: str) -> None:
    try:
        result = Expression(source).evaluate(make_variables(payload, time=datetime(2026, 1, 1, tzinfo=UTC)))
    except (Missing, EvaluationFault, ExpressionFault):
        return
    assert orjson.dumps(result)
