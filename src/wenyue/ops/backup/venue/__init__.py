"""Brings one venue of a living installation back to a moment, and touches nobody else's rows."""

from wenyue.ops.backup.venue.applying import apply
from wenyue.ops.backup.venue.comparing import compare
from wenyue.ops.backup.venue.model import Conflict, Plan, Reason, Wish
from wenyue.ops.backup.venue.past import Past, fetch

__all__ = ["Conflict", "Past", "Plan", "Reason", "Wish", "apply", "compare", "fetch"]
