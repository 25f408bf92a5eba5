"""Bodies that do not come in one piece: how long one may take, and which one is given up when too many are being read.

A sender who has not said everything has proved nothing, so it may cost memory and time within bounds, and nobody's turn.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wenyue.core.limits import BODY_GRACE_S, BODY_RATE_MIN, BODY_WAIT_S


@dataclass(slots=True, eq=False)
class Reading:
    """One body that is being read. `began_s` is on the clock of whoever reads; `received` is in bytes."""

    address: str
    began_s: float
    received: int = 0

    @property
    def until_s(self) -> float:
        """When it has to be complete, or to have grown: BODY_WAIT_S for all of it, and BODY_RATE_MIN after BODY_GRACE_S."""
        return self.began_s + min(BODY_WAIT_S, BODY_GRACE_S + self.received / BODY_RATE_MIN)


def whom_to_cut(bodies: Iterable[Reading]) -> Reading:
    """Which of these is given up for a newcomer: of the address that sends most of them, the one that grows most slowly.

    Of those that have grown equally, the oldest. `bodies` are in the order in which they began, at least one.
    """
    bodies = list(bodies)
    of_address = Counter(one.address for one in bodies)
    most = max(of_address.values())
    newest_s = bodies[-1].began_s
    return min(
        (one for one in bodies if of_address[one.address] == most),
        key=lambda one: one.received / (newest_s - one.began_s + BODY_GRACE_S),
    )
