"""QR codes as SVG in the page: nothing to download, and they print."""

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """`text` as a QR code (error correction M), scalable, without a fixed size."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=4, border=2, omitsize=True, dark="#000", light="#fff"))  # noqa: S704 - drawn here
