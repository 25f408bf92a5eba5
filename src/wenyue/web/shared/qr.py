"""QR codes as SVG in the page: nothing to download, and they print."""

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """`text` as a QR code (error correction M), scalable, without a fixed size."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(scale=4, border=2, omitsize=True, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 - a path of squares and constants of this call: nothing of `text` stands in it
