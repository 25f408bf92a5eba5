"""The voucher's QR code, as an SVG in the page: nothing to download, and it prints."""

from datetime import datetime

from markupsafe import Markup

from wenyue.booking import BookingState, BookingView
from wenyue.container import Services
from wenyue.gate import voucher_text
from wenyue.web.shared.qr import qr_svg


def voucher_code(services: Services, view: BookingView, now: datetime) -> Markup | None:
    """The QR code that admits the booking; None when it admits nobody any more (or not yet: an unconfirmed hold)."""
    if view.state is not BookingState.CONFIRMED or all(
        line.ends_at <= now for line in view.lines if line.is_live
    ):
        return None
    return qr_svg(voucher_text(view, services.gate_keys, services.presets, now))
