"""Reads a CEL expression far enough to say what it names and how dear it can get. It never evaluates anything.

The library gives only top-level names, so the paths are cut here; what this parser does not understand is refused,
and what it lets pass is still compiled by the library. Grammar: cel-spec, doc/langdef.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cel

from bridges.rules import vocabulary
from bridges.rules.faults import ExpressionFault
from bridges.rules.lexer import Kind, Token, tokenize
from bridges.rules.paths import MAX_INDEX, Path, Step, say
from bridges.rules.shape import Need, Shape, Use
from bridges.rules.vocabulary import MAX_BRACKETS, MAX_MATCHES, MAX_OPERATORS, MAX_PATTERN, MAX_STEPS, VARIABLES


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the expression that was read: what it may turn out to be."""

    path: Path | None = None
    literal: str | int | None = None
    has_map: bool = False
    has_addition: bool = False

    def joined(self, other: _Part) -> _Part:
        return _Part(
            has_map=self.has_map or other.has_map,
            has_addition=self.has_addition or other.has_addition,
        )


_PLAIN = _Part()


def read_shape(source: str) -> Shape:
    """The shape of the expression; raises ExpressionFault with the place of the first thing wrong."""
    return _Reader(tokenize(source)).read()


class _Reader:
    """A recursive-descent reader; its recursion is bounded by MAX_BRACKETS."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.brackets = 0
        self.bound: list[str] = []  # names that the macros around us have bound
        self.shape = Shape()

    def read(self) -> Shape:
        if self._is_end():
            raise ExpressionFault("the expression is empty", 0)
        part = self._expression()
        if not self._is_end():
            raise self._unexpected()
        if part.path is not None and not self.shape.uses:
            self.shape.path = part.path
        self._settle(part)
        return self.shape

    # tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def _take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def _is_end(self) -> bool:
        return self.token.kind is Kind.END

    def _is_sign(self, *signs: str) -> bool:
        return self.token.kind is Kind.SIGN and self.token.source in signs

    def _skip(self, sign: str) -> bool:
        is_there = self._is_sign(sign)
        self.at += is_there
        return is_there

    def _expect(self, sign: str) -> None:
        if not self._skip(sign):
            raise self._unexpected(f"; expected '{sign}'")

    def _unexpected(self, hint: str = "") -> ExpressionFault:
        said = "the expression ends too early" if self._is_end() else f"{self.token.source} is unexpected"
        return ExpressionFault(said + hint, self.token.position)

    # what is counted

    def _settle(self, part: _Part, need: Need = Need.VALUE) -> _Part:
        """The part is final: if it is a path, note its use."""
        if part.path is not None:
            self.shape.uses.append(Use(part.path, need, is_in_body=bool(self.bound)))
        return part

    def _count_operation(self, *, growth: int = 0) -> None:
        if self.bound:
            self.shape.body_operations += 1
            self.shape.body_growth += growth

    def _bracketed(self, read: Callable[[], _Part], closing: str) -> _Part:
        """What stands between brackets; the opening one is taken already."""
        self.brackets += 1
        if self.brackets > MAX_BRACKETS:
            raise ExpressionFault(f"brackets are nested more than {MAX_BRACKETS} deep", self.token.position)
        part = read()
        self._expect(closing)
        self.brackets -= 1
        return part

    # the grammar, from the loosest to the tightest

    def _expression(self) -> _Part:
        part = self._binary(1)
        while self._is_sign("?"):
            self._count_operator(self._take())
            whole = self._settle(part).joined(self._settle(self._nested()))
            self._expect(":")
            part = whole.joined(self._settle(self._binary(1)))
        return part

    def _nested(self) -> _Part:
        """The middle of `a ? b : c`, which may hold another one: as deep as a bracket."""
        self.brackets += 1
        if self.brackets > MAX_BRACKETS:
            raise ExpressionFault(f"conditions are nested more than {MAX_BRACKETS} deep", self.token.position)
        part = self._expression()
        self.brackets -= 1
        return part

    def _binary(self, lowest: int) -> _Part:
        left = self._unary()
        while (rank := self._rank()) >= lowest:
            operator = self._take()
            self._count_operator(operator)
            right = self._binary(rank + 1)
            if operator.source == "in" and isinstance(left.literal, str) and right.path is not None:
                self._settle(right, Need.MEMBERSHIP)
                self._settle(_Part(path=(*right.path, left.literal)), Need.PRESENCE)
            else:
                self._settle(left)
                self._settle(right)
            left = left.joined(right).joined(_Part(has_addition=operator.source == "+"))
        return left

    def _rank(self) -> int:
        return vocabulary.PRECEDENCE.get(self.token.source, 0) if self.token.kind in (Kind.SIGN, Kind.WORD) else 0

    def _count_operator(self, token: Token) -> None:
        self.shape.operators += 1
        if self.shape.operators > MAX_OPERATORS:
            raise ExpressionFault(f"more than {MAX_OPERATORS} operators", token.position)
        is_addition = token.source == "+"
        self.shape.additions += is_addition
        self._count_operation(growth=int(is_addition))

    def _unary(self) -> _Part:
        if not self._is_sign("!", "-"):
            return self._member()
        while self._is_sign("!", "-"):
            self._count_operator(self._take())
        return self._settle(self._member()).joined(_PLAIN)

    def _member(self) -> _Part:
        part = self._primary()
        steps = 0
        while self._is_sign(".", "["):
            steps += 1
            if steps > MAX_STEPS:
                raise ExpressionFault(f"more than {MAX_STEPS} steps in one path", self.token.position)
            part = self._index(part) if self._take().source == "[" else self._select(part)
        return part

    def _select(self, part: _Part) -> _Part:
        token = self._take()
        if token.kind is not Kind.WORD:
            self.at -= 1
            raise self._unexpected("; a name belongs behind '.'")
        if self._skip("("):
            return self._macro(part, token) if token.source in vocabulary.MACROS else self._method(part, token)
        if token.source in ("in", "true", "false", "null"):
            raise ExpressionFault(
                f"'{token.source}' is a word of the language; write ['{token.source}']", token.position
            )
        return self._step(part, token.source, token)

    def _index(self, part: _Part) -> _Part:
        token, following = self.token, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        is_literal = token.kind in (Kind.TEXT, Kind.INT) and following.source == "]" and following.kind is Kind.SIGN
        if part.path is not None and is_literal:
            self.at += 2
            return self._step(part, _literal(token), token)
        whole = self._settle(part)
        inner = self._bracketed(self._expression, "]")
        self._count_operation()
        return whole.joined(self._settle(inner))

    def _step(self, part: _Part, step: Step, token: Token) -> _Part:
        if part.path is None:
            self._count_operation()
            return part.joined(_PLAIN)
        path = (*part.path, step)
        self._check_path(path, token)
        return _Part(path=path)

    def _check_path(self, path: Path, token: Token) -> None:
        name = path[0]
        if isinstance(path[-1], int) and path[-1] > MAX_INDEX:
            raise ExpressionFault(f"a list index may be at most {MAX_INDEX}", token.position)
        if name in ("device", "topic", "source"):
            raise ExpressionFault(f"{name} is text and has nothing inside", token.position)
        if name == "time":
            raise ExpressionFault("time has no fields; use time.getHours() and the like", token.position)
        if name == "readings" and (len(path) > 2 or not isinstance(path[-1], str)):
            flat = ".".join(str(step) for step in path[1:])
            raise ExpressionFault(f"readings have one level; write readings['{flat}']", token.position)

    def _method(self, part: _Part, name: Token) -> _Part:
        if name.source not in vocabulary.METHODS:
            raise ExpressionFault(vocabulary.no_function(name.source), name.position)
        if name.source == "matches":
            self._check_pattern(name)
        self._count_operation()
        return self._settle(part).joined(self._arguments())

    def _check_pattern(self, name: Token) -> None:
        self.shape.matches += 1
        if self.bound:
            raise ExpressionFault("matches() cannot stand inside a macro; use startsWith, contains", name.position)
        if self.shape.matches > MAX_MATCHES:
            raise ExpressionFault(f"more than {MAX_MATCHES} times matches()", name.position)
        pattern, following = self.token, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if pattern.kind is not Kind.TEXT or following.source != ")":
            raise ExpressionFault("the pattern of matches() must be written out as a text", name.position)
        if len(pattern.source) > MAX_PATTERN:
            raise ExpressionFault(f"a pattern may have at most {MAX_PATTERN} characters", pattern.position)

    def _macro(self, part: _Part, name: Token) -> _Part:
        if self.bound:
            raise ExpressionFault(f"{name.source}() cannot stand inside another macro", name.position)
        if part.has_map or part.has_addition:
            raise ExpressionFault(f"{name.source}() cannot work on a list that map or + made", name.position)
        self._settle(part)
        variable = self._take()
        if variable.kind is not Kind.WORD or variable.source in VARIABLES or variable.source in vocabulary.RESERVED:
            raise ExpressionFault(f"{name.source}() begins with a new name, as in x", variable.position)
        self._expect(",")
        self.shape.macros += 1
        self.shape.is_building |= name.source in ("map", "filter")
        self.bound.append(variable.source)
        self._arguments()
        self.bound.pop()
        return _Part(has_map=name.source == "map")

    def _arguments(self) -> _Part:
        """What stands up to the closing bracket; the opening one is taken already."""
        return _PLAIN if self._skip(")") else self._bracketed(lambda: self._listed(")")[0], ")")

    def _listed(self, closing: str) -> tuple[_Part, int]:
        """Expressions between commas; a last comma is allowed, as the library allows it in lists."""
        part, count = _PLAIN, 0
        while not self._is_sign(closing):
            part = part.joined(self._settle(self._expression()))
            count += 1
            self._count_operation(growth=1 if closing != ")" else 0)
            if closing == "}" and self._skip(":"):
                part = part.joined(self._settle(self._expression()))
            if not self._skip(","):
                break
        return part, count

    def _primary(self) -> _Part:
        token = self._take()
        if token.kind is Kind.WORD:
            return self._name(token)
        if token.kind in (Kind.TEXT, Kind.INT):
            return _Part(literal=_literal(token))
        if token.kind in (Kind.NUMBER, Kind.BYTES):
            return _PLAIN
        if token.kind is Kind.SIGN and token.source == "(":
            return self._bracketed(self._expression, ")")
        if token.kind is Kind.SIGN and token.source in "[{":
            return self._collection("]" if token.source == "[" else "}")
        self.at -= 1
        raise self._unexpected()

    def _collection(self, closing: str) -> _Part:
        def read() -> _Part:
            part, count = self._listed(closing)
            self.shape.longest_literal = max(self.shape.longest_literal, count)
            return part

        return self._bracketed(read, closing)

    def _name(self, token: Token) -> _Part:
        name = token.source
        if self._skip("("):
            return self._call(token)
        if name in self.bound or name in vocabulary.CONSTANTS or name in vocabulary.TYPES:
            return _PLAIN
        if name in VARIABLES:
            return _Part(path=(name,))
        if name in vocabulary.RESERVED:
            raise ExpressionFault(f"'{name}' is a word of the language", token.position)
        raise ExpressionFault(vocabulary.no_name(name), token.position)

    def _call(self, name: Token) -> _Part:
        if name.source == "has":
            part = self._bracketed(self._expression, ")")
            if part.path is not None and len(part.path) < 2:
                raise ExpressionFault(f"has() asks for a field, as in has({say(part.path)}.x)", name.position)
            return self._settle(part, Need.PRESENCE).joined(_PLAIN)
        if name.source not in vocabulary.FUNCTIONS:
            raise ExpressionFault(vocabulary.no_function(name.source), name.position)
        self._count_operation()
        return self._arguments()


def _literal(token: Token) -> str | int:
    """The value of a text or whole number, by the library itself, so that escapes mean exactly the same."""
    try:
        value = cel.evaluate(token.source)
    except ValueError:
        raise ExpressionFault(f"{token.source[:40]} cannot be read", token.position) from None
    return value if isinstance(value, (str, int)) else str(value)
