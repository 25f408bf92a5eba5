"""Moving out: what is here, written in the form that imports read."""

from wenyue.ops.exports.bookings import export_booking_list
from wenyue.ops.exports.cards import export_card_list
from wenyue.ops.exports.command import app
from wenyue.ops.exports.products import export_product_list
from wenyue.ops.exports.sessions import export_session_list
from wenyue.ops.exports.venues import export_venue_list

__all__ = [
    "app",
    "export_booking_list",
    "export_card_list",
    "export_product_list",
    "export_session_list",
    "export_venue_list",
]
