"""The configuration as the pipeline uses it: compiled, immutable, swapped as a whole.

Pure: no Django. `bridges.pipeline.compilation` builds one from the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridges.codecs.base import Codec
from bridges.couriers.pace import TargetLimit
from bridges.discovery.names import Names
from bridges.pipeline.ticket_payloads import NamedTicket
from bridges.rules.address import AddressTemplate
from bridges.rules.rule import CompiledRule
from devices.drivers.base import Driver

"""The link key and source name of what REST takes in."""
EVENTS = "events"
BATCH_PREFIX = "rule:"


@dataclass(frozen=True, slots=True)
class InTopic:
    """A subscription as the pipeline sees it."""

    name: str
    codec: Codec
    device: str = ""
    is_searchable: bool = True
    link: str = ""  # of its Broker


@dataclass(frozen=True, slots=True)
class PublishAction:
    """Publish to an out-Topic."""

    topic_name: str
    target: str  # 'broker:plant'
    address: AddressTemplate
    qos: int
    is_retained: bool
    allow_slash: bool = False
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True)
class WriteAction:
    """Write to a serial Device. `form` says what the payload is: '' for what the device's options say."""

    target: str  # 'device:printer'
    expiry_s: int | None = None
    form: str = ""
    ticket: NamedTicket | None = None


@dataclass(frozen=True, slots=True)
class EventAction:
    """Push an event to open pages: delivered with the commit."""

    name: str
    target: str = EVENTS
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True)
class TaskAction:
    """Something that a task carries out: a webhook, a script, a notification."""

    kind: str
    target: str  # 'webhook:RULE', see `task_target`
    expiry_s: int | None = None


Action = PublishAction | WriteAction | EventAction | TaskAction


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule with its compiled expressions and its actions. `number` is its id in loop marks.

    `every_s` is None for a rule that works on each message as it comes; 0 stands for the hub's interval.
    """

    number: int
    rule: CompiledRule
    actions: tuple[Action, ...]
    every_s: float | None = None

    @property
    def batch_target(self) -> str:
        """Where the messages wait that a batch rule will work on."""
        return f"{BATCH_PREFIX}{self.rule.name}"


def task_target(kind: str, rule: str, number: int) -> str:
    """The target of a rule's first, second ... action of this kind: 'webhook:heat', 'webhook:heat/2'.

    It is the place in the rule, not the address: what waits goes to the new address when a person mends it.
    """
    return f"{kind}:{rule}" if number == 1 else f"{kind}:{rule}/{number}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that decisions need to know. Rules are looked up by their source."""

    version: int
    instance: str  # marks what this hub publishes
    topics: Mapping[str, InTopic] = field(default_factory=dict)
    drivers: Mapping[str, Driver] = field(default_factory=dict)  # by device name
    brokers: frozenset[str] = frozenset()  # their link keys
    packets: Codec | None = None
    rules_by_topic: Mapping[str, tuple[ActiveRule, ...]] = field(default_factory=dict)
    rules_by_device: Mapping[str, tuple[ActiveRule, ...]] = field(default_factory=dict)
    rules_by_packets: tuple[ActiveRule, ...] = ()
    batch_rules: tuple[ActiveRule, ...] = ()
    limits: Mapping[str, TargetLimit] = field(default_factory=dict)  # of the targets that have any
    discovery: Mapping[str, Names] = field(default_factory=dict)  # by the key of the link that Home Assistant reads
    discovered: frozenset[str] = frozenset()  # names of the devices that it is told of; none without `discovery`
    transit: Snapshot | None = None  # the same for messages that pass through unstored; None if none do
    faults: Mapping[str, str] = field(default_factory=dict)  # rule or topic that could not be compiled: why
