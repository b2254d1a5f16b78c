"""A ticket: the template that turns one message into a receipt. Pure, but for the clock that limits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import TemplateError

from devices.printing.code_pages import CODE_PAGES, CodePage
from devices.printing.filters import FilterFault
from devices.printing.receipt import Receipt, read_receipt, without_marks
from devices.printing.sandbox import MAX_CHARACTERS, Budget, TicketEnvironment, TicketFault
from devices.printing.words import Words

MAX_TEMPLATE = 8_000
NAMES = ("payload", "readings", "device", "topic", "source", "time", "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketForm:
    """What a person chose for one ticket. `logo` is PNG, as `devices.printing.logo` makes it."""

    template: str
    width: int = 42
    code_page: CodePage = CODE_PAGES["cp858"]
    page_number: int | None = None
    zone: str = "UTC"
    logo: bytes = b""
    qr_as_image: bool = False


class Ticket:
    """A compiled template. One rendering at a time."""

    def __init__(self, form: TicketForm) -> None:
        """Raises TicketFault with the line at fault."""
        if len(form.template) > MAX_TEMPLATE:
            raise TicketFault(f"a template has at most {MAX_TEMPLATE:,} characters")
        self.form = form
        self._words = Words(form.width, has_logo=bool(form.logo))
        self._environment = TicketEnvironment(self._words.functions())
        self._template = self._environment.compiled(without_marks(form.template))
        self._zone = ZoneInfo(form.zone)

    def receipt(self, values: Mapping[str, Any], clock: Callable[[], float] = monotonic) -> Receipt:
        """The receipt of one message; raises TicketFault. `values` are those of NAMES, `time` a datetime."""
        self._words.marks.clear()
        self._environment.budget = Budget(clock)
        try:
            return read_receipt(self._text(values), list(self._words.marks))
        finally:
            self._environment.budget = None

    def _text(self, values: Mapping[str, Any]) -> str:
        known = {name: without_marks(values.get(name)) for name in NAMES}
        if isinstance(known["time"], datetime):
            known["time"] = known["time"].astimezone(self._zone)
        pieces, size = [], 0
        try:
            for piece in self._template.generate(known):
                size += len(piece)
                if size > MAX_CHARACTERS:
                    raise TicketFault(f"the receipt has more than {MAX_CHARACTERS:,} characters")
                pieces.append(piece)
        except (TicketFault, FilterFault) as fault:
            raise TicketFault(str(fault)) from None
        except TemplateError as fault:
            raise TicketFault(fault.message or type(fault).__name__) from None
        except Exception as fault:  # noqa: BLE001 - whatever a template does wrong is the template's own fault
            raise TicketFault(f"{type(fault).__name__}: {fault}"[:500]) from None
        return "".join(pieces)
