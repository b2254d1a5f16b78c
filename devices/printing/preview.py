"""What a receipt will look like: as text, and as a picture. Pure."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from devices.printing.escpos_bytes import qr_picture
from devices.printing.logo import DOTS_PER_COLUMN
from devices.printing.receipt import Barcode, Cut, Feed, Item, Line, Logo, Piece, Qr, Receipt
from devices.printing.ticket import TicketForm

_LINE_DOTS = 24
_MARGIN = 16
_MAX_HEIGHT = 6_000
CUT = "✂"
_PLACES = {"left": 0.0, "center": 0.5, "right": 1.0}


def as_text(receipt: Receipt, form: TicketForm) -> str:
    """The receipt in plain characters; what the code page lacks is '?', as on paper."""
    return "\n".join(_said(item, form) for item in receipt.items) + "\n"


def _said(item: Item, form: TicketForm) -> str:
    if isinstance(item, Line):
        text = form.code_page.encode(item.text).decode(form.code_page.codec)
        size = sum(len(piece.text) * (2 if piece.style.is_wide else 1) for piece in item.pieces)
        return " " * int((form.width - size) * _PLACES[item.align]) + text
    if isinstance(item, Feed):
        return "\n" * (item.lines - 1)
    said = {Qr: "QR", Barcode: "barcode", Logo: "logo", Cut: CUT}[type(item)]
    if isinstance(item, Cut):
        return CUT * 3
    data = "" if isinstance(item, Logo) else f": {item.data}"
    words = f"[{said}{data}]"
    return " " * int(max(form.width - len(words), 0) * _PLACES[item.align]) + words


def as_png(receipt: Receipt, form: TicketForm) -> bytes:
    """The receipt as a picture, dot for dot as a printer with 12 x 24 dots a character prints it."""
    strips = [strip for item in receipt.items for strip in _strips(item, form)]
    height = min(sum(strip.height for strip in strips) + 2 * _MARGIN, _MAX_HEIGHT)
    paper = Image.new("L", (form.width * DOTS_PER_COLUMN + 2 * _MARGIN, height), 255)
    at = _MARGIN
    for strip in strips:
        paper.paste(strip, (_MARGIN, at))
        at += strip.height
    out = BytesIO()
    paper.save(out, "PNG")
    return out.getvalue()


def _strips(item: Item, form: TicketForm) -> list[Image.Image]:
    """The picture of one item, as wide as the paper."""
    width = form.width * DOTS_PER_COLUMN
    if isinstance(item, Line):
        return _lines(item, form)
    if isinstance(item, Feed):
        return [_blank(width, _LINE_DOTS * item.lines)]
    if isinstance(item, Cut):
        strip = _blank(width, _LINE_DOTS)
        for start in range(0, width, 16):
            ImageDraw.Draw(strip).line((start, _LINE_DOTS // 2, start + 8, _LINE_DOTS // 2), fill=128, width=2)
        return [strip]
    picture = _picture(item, form)
    strip = _blank(width, picture.height + 8)
    strip.paste(picture.convert("L"), (max(int((width - picture.width) * _PLACES[item.align]), 0), 4))
    return [strip]


def _picture(item: Qr | Barcode | Logo, form: TicketForm) -> Image.Image:
    if isinstance(item, Qr):
        return qr_picture(item)
    if isinstance(item, Logo):
        with Image.open(BytesIO(form.logo), formats=("PNG",)) as picture:
            return picture.convert("1")
    return _bars(item)


def _bars(item: Barcode) -> Image.Image:
    """The bars by python-barcode, two dots a module, with the text below."""
    import barcode

    names = {"UPC-A": "upca", "CODE39": "code39", "CODABAR": "codabar"}
    kind: Any = barcode.get_barcode_class(names.get(item.kind, item.kind.lower()))
    extra = {"add_checksum": False} if item.kind == "CODE39" else {}
    (modules,) = kind(item.data, **extra).build()
    strip = _blank(len(modules) * 2, item.height + _LINE_DOTS)
    draw = ImageDraw.Draw(strip)
    for place, module in enumerate(modules):
        if module == "1":
            draw.rectangle((place * 2, 0, place * 2 + 1, item.height), fill=0)
    text = _characters(item.data)
    strip.paste(text, (max((strip.width - text.width) // 2, 0), item.height))
    return strip


def _lines(line: Line, form: TicketForm) -> list[Image.Image]:
    """One line of characters; what is too long goes on below, as on paper."""
    width = form.width * DOTS_PER_COLUMN
    drawn = [_drawn(Piece(mark, piece.style)) for piece in line.pieces for mark in _shown(piece.text, form)]
    rows: list[list[Image.Image]] = [[]]
    for picture in drawn:
        if sum(one.width for one in rows[-1]) + picture.width > width:
            rows.append([])
        rows[-1].append(picture)
    strips = []
    for row in rows:
        height = max((one.height for one in row), default=_LINE_DOTS)
        strip = _blank(width, height)
        at = int((width - sum(one.width for one in row)) * _PLACES[line.align])
        for one in row:
            strip.paste(one, (at, height - one.height))
            at += one.width
        strips.append(strip)
    return strips


def _shown(text: str, form: TicketForm) -> str:
    return form.code_page.encode(text).decode(form.code_page.codec)


def _drawn(piece: Piece) -> Image.Image:
    style = piece.style
    picture = _characters(piece.text)
    draw = ImageDraw.Draw(picture)
    if style.is_bold:
        bolder = picture.copy()
        bolder.paste(picture, (1, 0), ImageOps.invert(picture))
        picture, draw = bolder, ImageDraw.Draw(bolder)
    if style.is_underlined:
        draw.line((0, _LINE_DOTS - 1, picture.width, _LINE_DOTS - 1), fill=0, width=2)
    if style.is_inverted:
        picture = ImageOps.invert(picture)
    return picture.resize((picture.width * (1 + style.is_wide), picture.height * (1 + style.is_tall)))


def _characters(text: str) -> Image.Image:
    """Pillow's own font, twice its size: 6 x 11 dots a character, and it has Latin-1 only."""
    small = Image.new("L", (6 * max(len(text), 1), 12), 255)
    draw, font = ImageDraw.Draw(small), ImageFont.load_default_imagefont()
    draw.text((0, 0), text.replace("€", "C").encode("latin-1", "replace").decode("latin-1"), fill=0, font=font)
    for place, mark in enumerate(text):
        if mark == "€":
            draw.text((place * 6, 0), "=", fill=0, font=font)
    return small.resize((small.width * 2, small.height * 2))


def _blank(width: int, height: int) -> Image.Image:
    return Image.new("L", (width, height), 255)
