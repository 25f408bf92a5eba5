"""The sums of an import of bookings: every row of the file is in them once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from wenyue.imports.bookings.model import Verdict
from wenyue.imports.refusals import Reason


@dataclass(slots=True)
class Tally:
    """What became of the rows. `rows` is always the sum of the rest."""

    rows: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter[Verdict])
    reasons: Counter[Reason] = field(default_factory=Counter[Reason])
    differences: Counter[str] = field(default_factory=Counter[str])

    def add(self, verdict: Verdict, reason: Reason | None = None, differs: Iterable[str] = ()) -> None:
        """Count one row. `differs`: what it says that its booking did not."""
        self.rows += 1
        self.verdicts[verdict] += 1
        self.differences.update(differs)
        if reason is not None:
            self.reasons[reason] += 1

    @property
    def is_complete(self) -> bool:
        """Every row has exactly one verdict, and every refused row one reason."""
        is_summed = sum(self.verdicts.values()) == self.rows
        return is_summed and sum(self.reasons.values()) == self.verdicts[Verdict.REFUSED]
