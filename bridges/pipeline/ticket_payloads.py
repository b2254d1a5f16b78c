"""Makes the payload of a write that prints a ticket: of the message, or of what the rule's transform gives. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from bridges.rules.expression import Variables
from bridges.rules.rule import CompiledRule
from devices.printing.escpos_bytes import escpos_bytes, new_printer
from devices.printing.job import TICKET
from devices.printing.sandbox import TicketFault
from devices.printing.ticket import Ticket, TicketForm
from telemetry.values import Json, storable

UNMADE = "unmade"
"""The form of a Delivery whose ticket failed: its payload is the message's, and is never printed as it is."""


@dataclass(frozen=True, slots=True)
class NamedTicket:
    """A compiled ticket under its name."""

    name: str
    ticket: Ticket


def compiled_ticket(name: str, form: TicketForm) -> NamedTicket:
    """A ticket ready for use; raises TicketFault."""
    new_printer()  # its first import takes a while, which the first message should not wait for
    return NamedTicket(name, Ticket(form))


@dataclass(frozen=True, slots=True)
class Made:
    """The bytes to print, or the payload as it was and why there are none."""

    payload: bytes
    form: str
    reason: str = ""


def make_ticket(named: NamedTicket, payload: bytes, variables: Variables, rule: CompiledRule) -> Made:
    """The receipt of one message. It raises nothing: a ticket that fails says why."""
    try:
        receipt = named.ticket.receipt(
            {
                "payload": variables.payload if rule.passes_on else _document(payload),
                "readings": variables.readings,
                "device": variables.device,
                "topic": variables.topic,
                "source": variables.source,
                "time": variables.time,
                "batch": variables.batch,
            }
        )
        return Made(escpos_bytes(receipt, named.ticket.form), TICKET)
    except TicketFault as fault:
        return Made(payload, UNMADE, storable(f"the ticket {named.name} could not be made: {fault}"))


def _document(payload: bytes) -> Json:
    document: Json = orjson.loads(payload)  # a transform's own output
    return document
