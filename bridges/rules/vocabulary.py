"""The words of CEL that a rule may use, and how deep and long an expression may be.

Names were tried against common-expression-language 0.10; each limit keeps a hostile expression from crashing or
freezing the process (measured: nesting of 64 overran a 256 KB stack, 800 operators as well).
"""

from __future__ import annotations

from typing import Final

MAX_CHARACTERS = 2_000
MAX_BRACKETS = 20
MAX_OPERATORS = 200
MAX_STEPS = 32
MAX_MATCHES = 5
MAX_PATTERN = 200

VARIABLES: Final = ("payload", "readings", "device", "topic", "source", "time", "batch")
FUNCTIONS: Final = frozenset(
    ("size", "string", "int", "uint", "double", "bytes", "timestamp", "duration", "type", "dyn")
)
METHODS: Final = frozenset(
    (
        "size",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "getFullYear",
        "getMonth",
        "getDayOfMonth",
        "getDate",
        "getDayOfWeek",
        "getDayOfYear",
        "getHours",
        "getMinutes",
        "getSeconds",
        "getMilliseconds",
    )
)
MACROS: Final = frozenset(("all", "exists", "exists_one", "existsOne", "map", "filter"))
TYPES: Final = frozenset(("int", "uint", "double", "string", "bool", "bytes", "list", "map", "null_type", "type"))
CONSTANTS: Final = frozenset(("true", "false", "null"))
RESERVED: Final = frozenset(
    (
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "package",
        "return",
        "var",
        "void",
        "while",
    )
)
PRECEDENCE: Final = {"||": 1, "&&": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5} | dict.fromkeys(
    ("<", "<=", ">", ">=", "==", "!=", "in"), 3
)


def no_name(name: str) -> str:
    """What to say of a name that is no variable."""
    return f"there is no '{name}' here; known are {', '.join(VARIABLES)} (a name with '-' is written payload['a-b'])"


def no_function(name: str) -> str:
    """What to say of a function that is not there."""
    known = ", ".join(sorted(FUNCTIONS | METHODS | MACROS | {"has"}))
    return f"there is no function '{name}'; known are {known}"
