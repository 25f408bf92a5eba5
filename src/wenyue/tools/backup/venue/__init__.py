"""Brings one venue of a living installation back to a moment, and touches nobody else's rows."""

from wenyue.tools.backup.venue.applying import apply
from wenyue.tools.backup.venue.comparing import compare
from wenyue.tools.backup.venue.model import Conflict, Plan, Reason, Wish
from wenyue.tools.backup.venue.past import Past, fetch

__all__ = ["Conflict", "Past", "Plan", "Reason", "Wish", "apply", "compare", "fetch"]
