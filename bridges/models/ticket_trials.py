"""Tries the tickets of a rule on its sample, as its expressions are tried. It saves and refuses nothing: it warns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import orjson

from bridges.pipeline.ticket_payloads import compiled_ticket, make_ticket
from bridges.rules.expression import Variables
from bridges.rules.faults import EvaluationFault, ExpressionFault
from bridges.rules.rule import CompiledRule
from devices.printing.sandbox import TicketFault

if TYPE_CHECKING:
    from bridges.models.rule_action import RuleAction


def ticket_faults(
    condition: str, transform: Mapping[str, str], variables: Variables, actions: Iterable[RuleAction]
) -> list[str]:
    """What is wrong with these actions' tickets on one message; nothing if the rule would not take the message."""
    try:
        rule = CompiledRule("trial", 1, condition, transform)
        result = rule.apply(variables)
    except (ExpressionFault, EvaluationFault):
        return []  # said at the expressions
    if not result.matched:
        return []
    payload = b"" if result.output is None else orjson.dumps(result.output)
    tried = (_fault(action, payload, variables, rule=rule) for action in actions if action.ticket is not None)
    return [fault for fault in tried if fault]


def _fault(action: RuleAction, payload: bytes, variables: Variables, *, rule: CompiledRule) -> str:
    ticket = action.ticket
    if ticket is None:
        return ""
    try:
        named = compiled_ticket(ticket.name, ticket.form())
    except TicketFault as fault:
        return f"the ticket {ticket.name} cannot be used: {fault}"
    return make_ticket(named, payload, variables, rule).reason
