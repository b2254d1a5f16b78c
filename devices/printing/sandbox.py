"""A Jinja environment in which no template can reach outside, run for long, or grow without bound. Pure.

Jinja's own sandbox keeps a template away from Python; it does not keep it from `{% for %}` in `{% for %}` or
`9 ** 9 ** 9`. Here every loop step, call and filter is counted, and only what a receipt needs is known at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.runtime import Undefined
from jinja2.sandbox import SandboxedEnvironment

from devices.printing.filters import FILTERS, no_text

MAX_STEPS = 5_000
MAX_CHARACTERS = 20_000
LIMIT_S = 0.25
_MAX_NUMBER = 2**63
_CHECK_EVERY = 16

_FORBIDDEN: Final = (
    nodes.Macro,
    nodes.CallBlock,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
    nodes.Block,
    nodes.AssignBlock,
    nodes.FilterBlock,
    nodes.NSRef,
    nodes.ScopedEvalContextModifier,
    nodes.EvalContextModifier,
    nodes.ExprStmt,
)
_TESTS: Final = (
    "defined", "undefined", "none", "number", "integer", "float", "string", "mapping", "sequence", "true", "false",
    "odd", "even", "in", "eq", "ne", "lt", "le", "gt", "ge",
)  # fmt: skip
_LITERALS: Final = (nodes.List, nodes.Tuple, nodes.Dict)


class TicketFault(ValueError):
    """A ticket cannot be made; the text says why, in words for the one who wrote the template."""


class Budget:
    """What one rendering may still cost. `clock` answers seconds that only go forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = clock() + LIMIT_S
        self._steps = 0

    def spend(self, steps: int = 1) -> None:
        """Raises TicketFault when there is none left."""
        before, self._steps = self._steps, self._steps + steps
        if self._steps > MAX_STEPS:
            raise TicketFault(f"the template takes more than {MAX_STEPS:,} steps: do its loops end?")
        if before // _CHECK_EVERY != self._steps // _CHECK_EVERY and self._clock() > self._until:
            raise TicketFault(f"the template takes longer than {LIMIT_S:g} s")


class TicketEnvironment(SandboxedEnvironment):
    """The environment of one ticket. `functions` are all that a template may call."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, functions: Mapping[str, Callable[..., str]]) -> None:
        super().__init__(undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True)
        self.budget: Budget | None = None
        self.filters = {name: self._counted_filter(function) for name, function in FILTERS.items()}
        self.tests = {name: test for name, test in self.tests.items() if name in _TESTS}
        own = {"range": _range, **functions}
        self._callables = frozenset({self._step_through, self._join, *own.values()})
        self.globals = {**own, "_steps": self._step_through, "_joined": self._join}
        self.finalize = printed

    def compiled(self, source: str) -> Any:
        """The template; raises TicketFault with the line at fault."""
        try:
            tree = self.parse(source)
            _check(tree)
            return self.from_string(_counted(tree))
        except TemplateSyntaxError as fault:
            raise TicketFault(f"line {fault.lineno}: {fault.message}") from None
        except RecursionError:
            raise TicketFault("the template is nested too deeply") from None

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing but the functions of tickets: no methods of values, which could grow them without bound."""
        return obj in self._callables if getattr(obj, "__hash__", None) else False

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's; but `payload.items` is what the message says under this name, never a method."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """As Jinja's, and it is counted."""
        self.spend()
        return super().call(context, function, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers, and `+` and `~` of texts; raises TicketFault for what could take for ever."""
        self.spend()
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return super().call_binop(context, operator, left, right)
        if isinstance(left, str) and isinstance(right, str) and operator == "+":
            return self._join(left, right)
        if not all(isinstance(value, int | float) for value in (left, right)):
            raise TicketFault(f"{operator} is for numbers here; to join texts, use ~")
        if operator == "**" and (abs(left) > 1_000_000 or abs(right) > 10):
            raise TicketFault("this power is too large")
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, complex) or abs(result) > _MAX_NUMBER:
            raise TicketFault(f"the result of {operator} is too large")
        return result

    def spend(self, steps: int = 1) -> None:
        """Count; outside of a rendering (Jinja computes constants while it compiles) nothing is counted."""
        if self.budget is not None:
            self.budget.spend(steps)

    def _step_through(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self.spend()
            yield value

    def _join(self, *parts: Any) -> str:
        text = "".join(printed(part) for part in parts)
        if len(text) > MAX_CHARACTERS:
            raise TicketFault(f"a text of more than {MAX_CHARACTERS:,} characters")
        return text

    def _counted_filter(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(value: Any, *args: Any, **kwargs: Any) -> Any:
            self.spend(1 + len(value) // 100 if isinstance(value, str | list | dict) else 1)
            if isinstance(value, Undefined) and function is not FILTERS["default"]:
                str(value)  # raises, with the name that is missing
            return function(value, *args, **kwargs)

        return counted


def printed(value: Any) -> str:
    """What a value looks like on paper; raises TicketFault for lists and objects, whose parts must be named."""
    if isinstance(value, str):
        return value
    if isinstance(value, Undefined):
        return str(value)  # raises, with the name that is missing
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat(sep=" ", timespec="seconds"))
    if callable(value):
        raise TicketFault(f"write {getattr(value, '__name__', 'the function')}() with brackets")
    if isinstance(value, list | tuple | dict):
        raise TicketFault(no_text(value))
    raise TicketFault("this cannot be printed: name one of its parts")


def _range(*bounds: int) -> range:
    """As Python's, for small numbers."""
    if not all(isinstance(bound, int) for bound in bounds) or len(found := range(*bounds)) > MAX_STEPS:
        raise TicketFault(f"range() takes whole numbers and gives at most {MAX_STEPS:,}")
    return found


def _check(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        if isinstance(node, _FORBIDDEN) or (isinstance(node, nodes.For) and node.recursive):
            raise TemplateSyntaxError(f"{type(node).__name__.lower()} is not known in tickets", node.lineno)
        if isinstance(node, _LITERALS) and not _is_small(node):
            raise TemplateSyntaxError("a list or object in a template holds texts and numbers only", node.lineno)
        if isinstance(node, nodes.Name) and node.ctx != "load" and node.name.startswith("_"):
            raise TemplateSyntaxError("a name here does not begin with _", node.lineno)


def _is_small(node: nodes.Node) -> bool:
    """Whether it holds constants; or the names of a loop, `for key, value in ...`."""
    if isinstance(node, nodes.Tuple) and node.ctx == "store":
        return True
    return all(isinstance(part, nodes.Const | nodes.Pair | nodes.Neg) for part in node.find_all(nodes.Node))


def _counted(tree: nodes.Template) -> nodes.Template:
    """The same template, whose loops and joined texts pass through functions that count."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Call(nodes.Name("_steps", "load"), [loop.iter], [], None, None, lineno=loop.lineno)
    _replace_joins(tree)
    return tree


def _replace_joins(node: nodes.Node) -> None:
    for field in node.fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            setattr(node, field, [_replaced(part) for part in value])
        elif isinstance(value, nodes.Node):
            setattr(node, field, _replaced(value))


def _replaced(node: Any) -> Any:
    if isinstance(node, nodes.Node):
        _replace_joins(node)
        if isinstance(node, nodes.Concat):
            return nodes.Call(nodes.Name("_joined", "load"), node.nodes, [], None, None, lineno=node.lineno)
    return node
