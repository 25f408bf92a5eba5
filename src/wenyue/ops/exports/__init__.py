"""Moving out: what is here, written in the form that imports read."""

from wenyue.ops.exports.cards import export_card_list
from wenyue.ops.exports.command import app
from wenyue.ops.exports.venues import export_venue_list

__all__ = ["app", "export_card_list", "export_venue_list"]
