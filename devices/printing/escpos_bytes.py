"""The bytes of a receipt, by python-escpos. Pure."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from devices.printing.job import CUTS, INITIALISE, choose_page, feed
from devices.printing.receipt import Barcode, Cut, Feed, Item, Line, Logo, Qr, Receipt, Style
from devices.printing.sandbox import TicketFault
from devices.printing.ticket import TicketForm

MAX_BYTES = 100_000


def escpos_bytes(receipt: Receipt, form: TicketForm) -> bytes:
    """A whole job: reset, code page, the receipt. Raises TicketFault."""
    job = _Job(form)
    for item in receipt.items:
        job.add(item)
    data = job.output()
    if len(data) > MAX_BYTES:
        raise TicketFault(f"the receipt takes {len(data):,} bytes; at most {MAX_BYTES:,} are sent")
    return data


def new_printer() -> Any:
    """python-escpos' printer that keeps its bytes, for paper of any width. Its import takes a fifth of a second."""
    kind, profile = _printer_parts()
    printer = kind()
    printer.profile = profile
    return printer


@cache
def _printer_parts() -> tuple[Any, Any]:
    from escpos import capabilities
    from escpos.printer import Dummy

    _remove_left_over(Path(capabilities.pickle_dir))
    known = capabilities.get_profile("default")
    data = {**known.profile_data, "media": {"width": {"pixels": 10_000, "mm": 80}}}
    return Dummy, type("AnyPaper", (type(known),), {"profile_data": data})()


def _remove_left_over(directory: Path) -> None:
    """The library makes a temporary directory at each import and leaves it."""
    if directory.parent == Path(tempfile.gettempdir()) and directory.name.startswith("tmp"):
        shutil.rmtree(directory, ignore_errors=True)


class _Job:
    def __init__(self, form: TicketForm) -> None:
        self._form = form
        self._printer = new_printer()
        self._style = Style()
        number = form.code_page.number if form.page_number is None else form.page_number
        self._printer._raw(INITIALISE + (choose_page(number) if number is not None else b""))

    def output(self) -> bytes:
        """All of it; what is printed next begins plain."""
        self._wear(Style())
        return bytes(self._printer.output)

    def add(self, item: Item) -> None:
        if isinstance(item, Line):
            self._line(item)
        elif isinstance(item, Feed):
            self._printer._raw(feed(item.lines))
        elif isinstance(item, Cut):
            self._wear(Style())  # nothing after the cut: a job that ends with one is not cut again
            self._printer._raw(CUTS[item.kind])
        else:
            self._wear(Style(align=item.align))
            self._draw(item)

    def _line(self, line: Line) -> None:
        """The place of a line is set at its beginning: printers take it nowhere else."""
        for piece in line.pieces:
            self._wear(piece.style, align=line.align)
            self._printer._raw(self._form.code_page.encode(piece.text))
        self._printer._raw(b"\n")

    def _wear(self, style: Style, align: str = "") -> None:
        now, align = self._style, align or style.align
        if (style.is_wide, style.is_tall) != (now.is_wide, now.is_tall):
            self._printer.set(custom_size=True, width=1 + style.is_wide, height=1 + style.is_tall)
        self._printer.set(
            align=align if align != now.align else None,
            bold=style.is_bold if style.is_bold != now.is_bold else None,
            underline=int(style.is_underlined) if style.is_underlined != now.is_underlined else None,
            invert=style.is_inverted if style.is_inverted != now.is_inverted else None,
        )
        self._style = Style(
            align=align,
            is_bold=style.is_bold,
            is_underlined=style.is_underlined,
            is_inverted=style.is_inverted,
            is_wide=style.is_wide,
            is_tall=style.is_tall,
        )

    def _draw(self, item: Qr | Barcode | Logo) -> None:
        if isinstance(item, Logo):
            with Image.open(BytesIO(self._form.logo), formats=("PNG",)) as picture:
                self._printer.image(picture)
        elif isinstance(item, Barcode):
            self._barcode(item)
        elif self._form.qr_as_image:
            self._printer.image(qr_picture(item))
        else:
            self._printer.qr(item.data, size=item.size, native=True)

    def _barcode(self, item: Barcode) -> None:
        # The public `barcode` prints to standard output what it does.
        is_128 = item.kind == "CODE128"
        data = "{B" + item.data.replace("{", "{{") if is_128 else item.data
        self._printer._hw_barcode(
            data,
            item.kind,
            height=item.height,
            width=2,
            align_ct=False,
            function_type="B" if is_128 else "A",
            check=False,
        )


def qr_picture(item: Qr) -> Image.Image:
    """The code as dots, with a margin."""
    import qrcode

    code = qrcode.QRCode(box_size=item.size, border=2, error_correction=qrcode.constants.ERROR_CORRECT_L)
    code.add_data(item.data)
    code.make(fit=True)
    modules = code.get_matrix()
    picture = Image.new("1", (len(modules), len(modules)), 1)
    picture.putdata([0 if dark else 1 for row in modules for dark in row])
    return picture.resize((len(modules) * item.size,) * 2)
