"""Reads YAML into plain values and the line of each. It builds no objects, follows no tags and bounds its aliases.

YAML 1.2, so `no` and `12:30` are text. Mapping keys are always text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bridges.config_file.faults import ConfigFileRefused, Fault, Path

MAX_BYTES = 1_000_000
MAX_VALUES = 50_000
MAX_CHARACTERS = 2_000_000  # of all texts and keys, those of aliases as often as they are named
MAX_DEPTH = 20
_WHOLE = range(-(2**63), 2**64)  # what a database, JSON or a packet could hold
_TAG = "tag:yaml.org,2002:"
_TRUE = {"true", "yes", "on"}  # the last two only under a `%YAML 1.1` line


@dataclass(slots=True)
class Document:
    """A file's values, and the line (from 1) of each place in it."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def fault(self, path: Path, message: str) -> Fault:
        """A fault at this place, with the line of the nearest place that the file does have."""
        known = path
        while known not in self.lines and known:
            known = known[:-1]
        return Fault(self.lines.get(known, 1), path, message)


def read_document(data: bytes, *, max_values: int = MAX_VALUES) -> Document:
    """The values of one YAML document; raises ConfigFileRefused with every fault found."""
    reading = _Reading(max_values)
    node = _composed(data, max_values)
    document = Document(None if node is None else reading.value(node, ()), reading.lines)
    if reading.faults:
        raise ConfigFileRefused(reading.faults)
    return document


def _composed(data: bytes, max_values: int) -> Node | None:
    if len(data) > MAX_BYTES:
        raise _refused(1, f"The file is larger than {MAX_BYTES:,} bytes.")
    try:
        yaml: Any = YAML(typ="safe", pure=True)
        yaml.Composer = partial(_Composer, max_values=max_values)
        return yaml.compose(data.decode("utf-8-sig"))  # type: ignore[no-any-return]
    except UnicodeDecodeError as error:
        raise _refused(data.count(b"\n", 0, error.start) + 1, "The file is not UTF-8 text.") from None
    except RecursionError:
        raise _refused(1, "The file is nested too deeply.") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(mark.line + 1 if mark else 1, f"This is not YAML: {error.problem or error.context}.") from None
    except ReaderError as error:
        line = data.decode("utf-8-sig").count("\n", 0, error.position) + 1
        raise _refused(line, f"The character U+{error.character:04X} is not allowed in YAML.") from None
    except (YAMLError, ValueError) as error:
        raise _refused(1, f"This is not YAML: {error}.") from None


def _refused(line: int, message: str) -> ConfigFileRefused:
    return ConfigFileRefused([Fault(line, (), message)])


def _too_many(line: int, max_values: int) -> ConfigFileRefused:
    return _refused(line, f"More than {max_values:,} values, or nested deeper than {MAX_DEPTH}.")


class _Composer(Composer):
    """Stops at the first value too many or too deep: parsing is what takes the time, and a file may hold 500,000."""

    def __init__(self, loader: Any = None, *, max_values: int) -> None:
        super().__init__(loader)
        self.max_values = max_values
        self.count = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node. A key comes with its mapping and without an index, and is not counted."""
        self.count += not (isinstance(parent, MappingNode) and index is None)
        if self.count > self.max_values or self.depth > MAX_DEPTH:
            raise _too_many(self.parser.peek_event().start_mark.line + 1, self.max_values)
        return super().compose_node(parent, index)


class _Reading:
    """One walk through the nodes. Aliases are unfolded, so a bomb of them meets one of the limits."""

    def __init__(self, max_values: int) -> None:
        self.max_values = max_values
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []
        self.count = 0
        self.characters = 0

    def value(self, node: Node, path: Path) -> Any:
        self.count += 1
        line = node.start_mark.line + 1
        if self.count > self.max_values or len(path) > MAX_DEPTH:
            raise _too_many(line, self.max_values)
        self._weigh(node)
        self.lines.setdefault(path, line)
        if isinstance(node, MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item, (*path, place)) for place, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        return self._fault(line, path, f"Tags such as {_said(node.tag)} are not allowed.")

    def _weigh(self, node: Node) -> None:
        """Whoever reads the file makes a text of each of its own, so an alias of a long one costs its length again."""
        self.characters += len(_said(node.tag)) + (len(node.value) if isinstance(node, ScalarNode) else 0)
        if self.characters > MAX_CHARACTERS:
            text = f"More than {MAX_CHARACTERS:,} characters, with those of aliases as often as they are named."
            raise _refused(node.start_mark.line + 1, text)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            self._weigh(key)
            if not isinstance(key, ScalarNode):
                self._fault(line, path, "A key must be text.")
            elif key.value in values:
                self._fault(line, (*path, key.value), "This key stands here twice.")
            else:
                self.lines[*path, key.value] = line
                values[key.value] = self.value(value, (*path, key.value))
        return values

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        text = node.value
        match (node.tag or "").removeprefix(_TAG):
            case "str" | "timestamp" | "merge" | "value":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() in _TRUE
            case "int" | "float" as kind:
                return self._number(node, path, is_whole=kind == "int")
        return self._fault(node.start_mark.line + 1, path, f"Tags such as {_said(node.tag)} are not allowed.")

    def _number(self, node: ScalarNode, path: Path, *, is_whole: bool) -> Any:
        text = node.value.replace("_", "")
        try:
            if is_whole:
                is_based = text.lstrip("+-")[:2].lower() in ("0x", "0o", "0b")
                return self._bounded(int(text, 0 if is_based else 10), node, path)
            number = float(text)
        except ValueError:
            number = math.nan
        return number if math.isfinite(number) else self._fault(node.start_mark.line + 1, path, "Not a number.")

    def _bounded(self, number: int, node: ScalarNode, path: Path) -> int | None:
        """Python cannot even say a number of 5,000 digits, though it reads one in hexadecimal."""
        if number not in _WHOLE:
            self._fault(node.start_mark.line + 1, path, "A whole number has at most 64 bits.")
            return None
        return number

    def _fault(self, line: int, path: Path, message: str) -> None:
        self.faults.append(Fault(line, path, message))


def _said(tag: str | None) -> str:
    return (tag or "").replace(_TAG, "!!")
