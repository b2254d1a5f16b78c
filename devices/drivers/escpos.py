"""Receipt printers that speak ESC/POS: each payload is one job, fed by exactly one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from devices.drivers.base import Driver
from devices.drivers.raw import hexadecimal
from devices.drivers.readiness import StatusCheck
from devices.framing import ByteFramer
from devices.printing.code_pages import CODE_PAGES
from devices.printing.job import CUTS, RAW, TEXT, TICKET, JobOptions
from devices.printing.printer_status import QUESTIONS, is_answer, standing
from telemetry.options import Option
from telemetry.values import Decoded


class EscposDriver(Driver):
    """Text, ESC/POS commands and tickets out, status bytes in."""

    name = "escpos"
    label = "Receipt printer (ESC/POS)"
    help = (
        "Each write is one job: the payload plus one LF. As long as mode is raw, control bytes reach the printer: "
        "a message can cut and open a drawer."
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            name="mode",
            kind=str,
            default=RAW,
            label="What a payload is",
            help="raw: bytes, copied as received. text: UTF-8, without control characters but LF and TAB, printed in "
            "the code page; nothing that a message says can cut or open a drawer.",
            choices=(RAW, TEXT),
        ),
        Option(
            name="code_page",
            kind=str,
            default="cp437",
            label="Code page of text",
            help="What the page lacks is printed as '?'. cp858 has western Europe and the euro.",
            choices=tuple(CODE_PAGES),
        ),
        Option(
            name="init",
            kind=bool,
            default=False,
            label="Reset before each job",
            help="Sends ESC @ and chooses the code page (ESC t): nothing of the job before lasts.",
        ),
        Option(
            name="code_page_number",
            kind=int,
            default=-1,
            label="Number of the code page",
            help="For printers that count otherwise than Epson; -1: the usual number",
            minimum=-1,
            maximum=255,
        ),
        Option(name="feed_lines", kind=int, default=0, label="Lines to feed after a job", minimum=0, maximum=50),
        Option(name="cut", kind=str, default="none", label="Cut after a job", choices=tuple(CUTS)),
        Option(
            name="empty_message",
            kind=str,
            default="feed",
            label="An empty message",
            help="feed: feeds one line. refuse: becomes a dead letter.",
            choices=("feed", "refuse"),
        ),
        Option(
            name="chunk_bytes",
            kind=int,
            default=512,
            label="Bytes written at once",
            help="Long jobs go out in pieces of this size.",
            minimum=16,
            maximum=4096,
        ),
        Option(
            name="chunk_pause_s",
            kind=float,
            default=0.0,
            label="Pause between pieces, in seconds",
            help="For printers without flow control, whose small buffer a long job would overrun",
            minimum=0,
            maximum=5,
        ),
        Option(
            name="status",
            kind=str,
            default="off",
            label="Ask for its status",
            help="ask: before and after each job (DLE EOT). Without paper jobs wait until it is back. A printer that "
            "does not answer prints all the same; what became of its jobs is then unknown.",
            choices=("off", "ask"),
        ),
    )
    forms = (RAW, TICKET)

    idle_gap_s = 0.05

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        number = self.given["code_page_number"]
        self.chunk_bytes = self.given["chunk_bytes"]
        self.chunk_pause_s = self.given["chunk_pause_s"]
        if self.given["status"] == "ask":
            self.status_check = StatusCheck(questions=QUESTIONS, is_answer=is_answer, standing=standing)
        self.job = JobOptions(
            mode=self.given["mode"],
            is_initialised=self.given["init"],
            code_page=CODE_PAGES[self.given["code_page"]],
            page_number=None if number < 0 else number,
            cut=self.given["cut"],
            feed_lines=self.given["feed_lines"],
            prints_empty=self.given["empty_message"] == "feed",
        )

    def framer(self) -> ByteFramer:
        """What the printer says by itself or in answer: a few status bytes, then silence."""
        return ByteFramer(max_bytes=256)

    def decode(self, frame: bytes) -> Decoded:
        """The status bytes in hexadecimal."""
        return hexadecimal(frame)

    def encode(self, payload: bytes) -> bytes:
        """The job: the payload and exactly one LF, always (an empty payload feeds a line), and what is chosen."""
        return self.job.job(payload)

    def encode_as(self, payload: bytes, form: str) -> bytes:
        """As `encode`; but a ticket is a whole job, and raw bytes stay raw on a printer of texts."""
        return self.job.job(payload, form)
