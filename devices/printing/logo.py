"""Makes a picture fit for a receipt printer: black and white, no wider than the paper, small. Pure."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, UnidentifiedImageError

MAX_FILE_BYTES = 2_000_000
MAX_SOURCE_DOTS = 20_000_000
MAX_HEIGHT = 400
DOTS_PER_COLUMN = 12  # of font A
_KINDS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")


class LogoFault(ValueError):
    """This cannot be a logo; the text says why."""


def prepared(data: bytes, columns: int) -> bytes:
    """The picture as PNG of black and white dots, at most as wide as `columns`; raises LogoFault."""
    if len(data) > MAX_FILE_BYTES:
        raise LogoFault(f"a logo's file has at most {MAX_FILE_BYTES // 1_000_000} MB")
    try:
        with Image.open(BytesIO(data), formats=_KINDS) as picture:
            if picture.width * picture.height > MAX_SOURCE_DOTS:
                raise LogoFault("this picture has too many dots")
            small = _on_white(picture)
            small.thumbnail((columns * DOTS_PER_COLUMN // 8 * 8, MAX_HEIGHT))
            out = BytesIO()
            small.convert("1").save(out, "PNG")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as fault:
        if isinstance(fault, LogoFault):
            raise
        raise LogoFault(f"this is no picture that can be read ({', '.join(_KINDS)})") from None
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    """What is transparent would become black."""
    picture = picture.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    return paper.convert("L")
