"""Reads a pack file: every fault with its line and place, and nothing that the pack says is carried out. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bridges.config_file.faults import ConfigFileRefused, Fault, Path
from bridges.config_file.reader import read_document
from bridges.packs.expectation import EXPECTATIONS
from bridges.packs.filling import ONLY_WITH, filled_config, tried_values
from bridges.packs.pack import Pack, PackTest, Simulator, Step
from bridges.packs.pack_values import PackValues
from bridges.packs.settings import KINDS, NUMBERS, SETTING_NAME, Setting, SettingFault
from telemetry.names import SLUG

MAX_BYTES: Final = 400_000
MAX_VALUES: Final = 20_000  # reading as many takes about a second
MAX_TESTS, MAX_STEPS, MAX_SETTINGS = 300, 1000, 40
VERSION: Final = 1
SECTIONS: Final = ("devices", "topics", "tickets", "rules", "meter_defaults", "alerts")
CATEGORIES: Final = ("scale", "printer", "sensor", "meter", "gateway", "system")
_TOP = (
    "pack", "name", "title", "category", "products", "summary", "doc", "settings", "config", "tests", "simulators",
)  # fmt: skip
_SETTING = ("name", "label", "kind", "help", "default", "example", "choices", "minimum", "maximum", "optional")
_INPUTS = ("line", "bytes", "topic", "packet", "command", "asked", "wait_s", "log")
_STEP = (*_INPUTS, "device", "payload", "payload_hex", "retain", "answered", "expect")
_TEST = (*_STEP, "name", "source", "at", "settings", "steps")
_ACTIONS: Final = ("publish", "write", "event")
_NOON: Final = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def read_pack(data: bytes) -> Pack:
    """The pack that a file holds; raises ConfigFileRefused with every fault found."""
    if len(data) > MAX_BYTES:
        raise ConfigFileRefused([Fault(1, (), f"A pack has at most {MAX_BYTES:,} bytes.")])
    reading = _Reading(read_document(data, max_values=MAX_VALUES))
    pack = reading.pack(hashlib.sha256(data).hexdigest())
    if not reading.faults:
        reading.try_filling(pack)
    if reading.faults:
        raise ConfigFileRefused(reading.faults)
    return pack


class _Reading(PackValues):
    def pack(self, digest: str) -> Pack:
        top = self.document.value
        if not isinstance(top, Mapping) or "pack" not in top:
            raise ConfigFileRefused([Fault(1, (), f"A device pack begins with `pack: {VERSION}`.")])
        if top["pack"] != VERSION or isinstance(top["pack"], bool):
            self.say(("pack",), f"This hub reads packs of version {VERSION}.")
        self.known(top, (), _TOP)
        name = self.text(top, (), "name")
        if name and not SLUG.match(name):
            self.say(("name",), "A name holds only letters, digits, '.', '_' and '-'.")
        category = self.text(top, (), "category")
        if category and category not in CATEGORIES:
            self.say(("category",), f"This must be one of {', '.join(CATEGORIES)}.")
        return Pack(
            name=name,
            title=self.text(top, (), "title"),
            category=category,
            products=self.texts(top.get("products", []), ("products",)),
            summary=self.text(top, (), "summary"),
            doc=self.text(top, (), "doc"),
            settings=self.settings(top.get("settings", [])),
            config=self.config(top.get("config")),
            tests=self.tests(top.get("tests")),
            simulators=self.simulators(top),
            document=self.document,
            digest=digest,
        )

    def try_filling(self, pack: Pack) -> None:
        """What can be told of placeholders by the examples: unknown names, and settings where none may stand."""
        for path, message in filled_config(pack, tried_values(pack)[0]).faults:
            self.say(("config", *path), message)

    # Settings

    def settings(self, given: Any) -> list[Setting]:
        found = [self.setting(part, ("settings", place)) for place, part in self.items(given, "settings", MAX_SETTINGS)]
        settings = [one for one in found if one is not None]
        for place, one in enumerate(settings):
            if one.name in {other.name for other in settings[:place]}:
                self.say(("settings", place, "name"), f"The setting {one.name!r} stands here twice.")
        return settings

    def setting(self, given: Any, path: Path) -> Setting | None:
        if not self.is_mapping(given, path):
            return None
        self.known(given, path, _SETTING)
        name, kind = self.text(given, path, "name"), self.text(given, path, "kind")
        if name and not SETTING_NAME.match(name):
            self.say((*path, "name"), "The name of a setting is a word of small letters, digits and '_'.")
        if kind and kind not in KINDS:
            self.say((*path, "kind"), f"This must be one of {', '.join(KINDS)}.")
            return None
        choices = given.get("choices", [])
        if not isinstance(choices, list) or any(isinstance(choice, Mapping | list) for choice in choices):
            self.say((*path, "choices"), "This must be a list of values.")
            return None
        setting = Setting(
            name=name,
            label=self.text(given, path, "label"),
            kind=kind or "text",
            help=self.text(given, path, "help", is_needed=False),
            default=given.get("default"),
            example=given.get("example"),
            choices=tuple(choices),
            minimum=self.number(given, path, "minimum"),
            maximum=self.number(given, path, "maximum"),
            is_optional=given.get("optional") is True,
        )
        self.check_setting(setting, path)
        return setting

    def check_setting(self, setting: Setting, path: Path) -> None:
        if setting.kind not in NUMBERS and (setting.minimum, setting.maximum) != (None, None):
            self.say(path, f"Only a setting of the kind {' or '.join(NUMBERS)} has a minimum or a maximum.")
            return
        if setting.is_required and setting.example is None:
            self.say(path, "A setting needs a default, or an example that the tests can run with.")
        for key, value in (("default", setting.default), ("example", setting.example)):
            try:
                if value not in (None, ""):
                    setting.check(value)
            except SettingFault as fault:
                self.say((*path, key), str(fault))

    # What is configured

    def config(self, given: Any) -> dict[str, Any]:
        if not self.is_mapping(given, ("config",)):
            return {}
        self.known(given, ("config",), SECTIONS)
        for section, items in given.items():
            for place, item in self.items(items, section, MAX_SETTINGS, path=("config", section)):
                self.check_item(section, item, ("config", section, place))
        return dict(given)

    def check_item(self, section: str, item: Any, path: Path) -> None:
        if not self.is_mapping(item, path):
            return
        self.text(item, path, "name")
        self.optional(item, path, ONLY_WITH)
        self.refuse_references(item, path)
        if section == "topics":
            self.text(item, path, "filter")
        if section == "devices":
            self.optional(item, path, "driver")
        if section == "rules":
            self.check_actions(item.get("actions"), (*path, "actions"))

    def check_actions(self, given: Any, path: Path) -> None:
        for place, action in self.items(given, "actions", MAX_STEPS, path=path):
            for kind in action if isinstance(action, Mapping) else ():
                if kind not in (*_ACTIONS, "ticket", "raw"):
                    text = f"The actions of a pack are {', '.join(_ACTIONS)}; add others to the rule once it is there."
                    self.say((*path, place, kind), text)

    def refuse_references(self, value: Any, path: Path) -> None:
        """A pack may come from a stranger: it must not make the hub read its environment or its files."""
        if isinstance(value, list):
            for place, part in enumerate(value):
                self.refuse_references(part, (*path, place))
        if not isinstance(value, Mapping) or path[-1] == "transform":
            return
        if list(value) in (["env"], ["file"]):
            self.say(path, "A pack names no secrets and no files.")
        for key, part in value.items():
            self.refuse_references(part, (*path, key))

    # Tests

    def tests(self, given: Any) -> list[PackTest]:
        tests = [self.test(part, ("tests", place)) for place, part in self.items(given, "tests", MAX_TESTS)]
        found = [test for test in tests if test is not None]
        if not found and not self.faults:
            self.say(("tests",), "A pack without tests cannot be told from a wrong one: give it at least one.")
        return found

    def test(self, given: Any, path: Path) -> PackTest | None:
        if not self.is_mapping(given, path):
            return None
        self.known(given, path, _TEST)
        if "steps" in given:
            steps = [
                self.step(part, (*path, "steps", place), known=_STEP)
                for place, part in self.items(given["steps"], "steps", MAX_STEPS, path=(*path, "steps"))
            ]
        else:
            steps = [self.step(given, path, known=_TEST)]
        settings = given.get("settings", {})
        return PackTest(
            name=self.text(given, path, "name"),
            path=path,
            source=self.text(given, path, "source", is_needed=False),
            at=self.moment(given, path),
            settings=settings if self.is_mapping(settings, (*path, "settings")) else {},
            steps=[step for step in steps if step is not None],
        )

    def step(self, given: Any, path: Path, *, known: Sequence[str]) -> Step | None:
        if not self.is_mapping(given, path):
            return None
        self.known(given, path, known)
        inputs = [name for name in _INPUTS if name in given]
        if len(inputs) != 1:
            self.say(path, f"Exactly one thing happens in a step: {', '.join(_INPUTS)}.")
            return None
        expect = given.get("expect", {})
        if self.is_mapping(expect, (*path, "expect")):
            self.known(expect, (*path, "expect"), tuple(EXPECTATIONS))
        if not expect and inputs[0] not in ("wait_s", "line", "bytes"):
            self.say(path, "Nothing is expected of this: say `expect`.")
        return Step(
            path=path,
            line=self.line(given, path),
            device=self.text(given, path, "device", is_needed=False),
            topic=self.optional(given, path, "topic"),
            payload=self.payload(given, path),
            is_retained=given.get("retain") is True,
            packet=self.encoded(given, path, "packet"),
            command=self.optional(given, path, "command"),
            asked=self.latin(given, path, "asked"),
            answered=self.latin(given, path, "answered") or b"",
            wait_s=self.number(given, path, "wait_s"),
            log=self.optional(given, path, "log"),
            expect=expect if isinstance(expect, Mapping) else {},
        )

    def line(self, given: Mapping[str, Any], path: Path) -> bytes | None:
        return self.latin(given, path, "line") if "line" in given else self.hexadecimal(given, path, "bytes")

    def payload(self, given: Mapping[str, Any], path: Path) -> bytes:
        if "payload_hex" in given:
            return self.hexadecimal(given, path, "payload_hex") or b""
        return self.encoded(given, path, "payload") or b""

    def moment(self, given: Mapping[str, Any], path: Path) -> datetime:
        text = self.text(given, path, "at", is_needed=False)
        try:
            moment = datetime.fromisoformat(text) if text else _NOON
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or not 1970 < moment.year < 2200:
            self.say((*path, "at"), "This must be a time with its zone, such as 2026-01-31T12:00:00Z.")
            return _NOON
        return moment

    # Simulators

    def simulators(self, top: Mapping[str, Any]) -> list[Simulator]:
        path: Path = ("simulators",)
        return [
            Simulator(arguments=self.words(part, (*path, place), "run"), faults=self.simulated_faults(part, place))
            for place, part in self.items(top.get("simulators"), "simulators", MAX_SETTINGS)
            if self.is_mapping(part, (*path, place)) and self.known(part, (*path, place), ("run", "faults"))
        ]

    def simulated_faults(self, given: Mapping[str, Any], place: int) -> dict[str, list[str]]:
        path: Path = ("simulators", place, "faults")
        faults = given.get("faults", {})
        return {name: self.words(faults, path, name) for name in faults} if self.is_mapping(faults, path) else {}
