"""The filters that a ticket's template knows: each takes time and space in proportion to what it is given. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from jinja2.runtime import Undefined

MAX_WIDTH = 200
MAX_ITEMS = 1_000
_NAMED, _MAX_NAME = 8, 40
_SPECIFICATION = re.compile(r"%[-+ 0#]*(?P<width>\d{0,2})(?:\.(?P<digits>\d{1,2}))?[dfgeEGs%]")


class FilterFault(ValueError):
    """A filter was used on what it is not for."""


def no_text(value: list[Any] | tuple[Any, ...] | dict[str, Any]) -> str:
    """What to say of a list or an object that is to be printed: the names of its parts."""
    if not isinstance(value, dict):
        return "a list is no text: name one of its items, or join them"
    names = ", ".join(str(name)[:_MAX_NAME] for name in list(value)[:_NAMED])
    more = ", ..." if len(value) > _NAMED else ""
    return f"an object is no text: name one of its parts ({names}{more})" if names else "this object is empty"


def _number(value: Any) -> float:
    if isinstance(value, int | float):
        return value
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        raise FilterFault(f"{str(value)[:40]!r} is no number") from None


def _fixed(value: Any, decimals: int = 2, mark: str = ".") -> str:
    """12.5 -> '12.50'; `mark` is the decimal mark."""
    if not 0 <= int(decimals) <= 12:
        raise FilterFault("fixed takes 0 to 12 decimals")
    return f"{_number(value):.{int(decimals)}f}".replace(".", str(mark)[:1] or ".")


def _format(pattern: Any, *values: Any) -> str:
    """'%.3f g' | format(x): at most 99 wide, as in C."""
    text = str(pattern)
    if "%" in _SPECIFICATION.sub("", text):
        raise FilterFault("format knows %d, %s, %f, %g and %e with a width of at most 99")
    try:
        return text % tuple(value if isinstance(value, int | float) else str(value)[:MAX_WIDTH] for value in values)
    except (TypeError, ValueError, OverflowError) as fault:
        raise FilterFault(f"format: {fault}") from None


def _padded(align: Callable[[str, int], str]) -> Callable[..., str]:
    def pad(value: Any, width: int) -> str:
        if not 0 <= int(width) <= MAX_WIDTH:
            raise FilterFault(f"a width is 0 to {MAX_WIDTH}")
        return align(_text(value), int(width))

    return pad


def _text(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        raise FilterFault(no_text(value))
    return "" if value is None else str(value)


def _replace(value: Any, old: str, new: str) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if not old or len(new) > MAX_WIDTH:
        raise FilterFault(f"replace takes a text to look for, and at most {MAX_WIDTH} characters instead")
    return text.replace(old, new)


def _join(value: Any, between: str = "") -> str:
    return _text(between)[:MAX_WIDTH].join(map(_text, _items(value)))


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        value = list(value)
    if not isinstance(value, list | tuple | range):
        raise FilterFault("this is no list")
    if len(value) > MAX_ITEMS:
        raise FilterFault(f"a list of more than {MAX_ITEMS:,} items")
    return list(value)


def _pairs(value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise FilterFault("items: this is no object")
    return list(value.items())[:MAX_ITEMS]


def _sorted(value: Any, attribute: str = "") -> list[Any]:
    try:
        return sorted(_items(value), key=lambda item: item[attribute] if attribute else item)
    except (TypeError, KeyError, IndexError):
        raise FilterFault("sort: these cannot be put in order") from None


def _sum(value: Any, attribute: str = "") -> float:
    try:
        return sum(_number(item[attribute] if attribute else item) for item in _items(value))
    except (TypeError, KeyError, IndexError):
        raise FilterFault(f"sum: not every item has {attribute!r}") from None


def _most(choose: Callable[[Iterable[float]], float]) -> Callable[[Any], float]:
    def most(value: Any) -> float:
        numbers = [_number(item) for item in _items(value)]
        if not numbers:
            raise FilterFault("an empty list has no least and no greatest")
        return choose(numbers)

    return most


def _cut(value: Any, length: int, end: str = "…") -> str:
    text = _text(value)
    return text if len(text) <= length else text[: max(int(length) - len(end), 0)] + end[:3]


def _round(value: Any, digits: int = 0) -> float:
    return round(_number(value), max(-12, min(int(digits), 12)))


def _date(value: Any, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """A time in words: `time | date("%d.%m.%Y")`. The ticket's zone is put in before."""
    if len(str(pattern)) > 60:
        raise FilterFault("this pattern is too long")
    return _moment(value).strftime(str(pattern))


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise FilterFault(f"{str(value)[:40]!r} is no time") from None


def _default(value: Any, instead: Any = "") -> Any:
    return instead if value is None or isinstance(value, Undefined) else value


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": lambda value: abs(_number(value)),
    "capitalize": lambda value: _text(value).capitalize(),
    "ljust": _padded(str.ljust),
    "rjust": _padded(str.rjust),
    "cjust": _padded(str.center),
    "date": _date,
    "default": _default,
    "first": lambda value: (_items(value) or [None])[0],
    "last": lambda value: (_items(value) or [None])[-1],
    "fixed": _fixed,
    "float": _number,
    "format": _format,
    "int": lambda value: int(_number(value)),
    "items": _pairs,
    "join": _join,
    "length": lambda value: len(value if isinstance(value, str) else _items(value)),
    "lower": lambda value: _text(value).lower(),
    "max": _most(max),
    "min": _most(min),
    "replace": _replace,
    "reverse": lambda value: _items(value)[::-1],
    "round": _round,
    "sort": _sorted,
    "string": _text,
    "sum": _sum,
    "title": lambda value: _text(value).title(),
    "trim": lambda value: _text(value).strip(),
    "truncate": _cut,
    "upper": lambda value: _text(value).upper(),
}
