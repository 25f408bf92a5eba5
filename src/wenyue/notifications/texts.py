"""Which queued texts leave: pure. A text costs money and disturbs whoever has the phone, and anybody's phone can be named.

So texts are few for one phone and for one account in a day; a phone that is not on record for the account hears only that a
booking was made and that it ended; of several moves of one booking the last is told; and only phones of the countries that the
operator allows get any. What is withheld stands in the traveller's list and with the booking all the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from wenyue.booking import EventKind
from wenyue.kernel.limits import TEXTS_TO_OTHERS_PER_DAY

_FOR_OTHERS: Final = frozenset({EventKind.CONFIRMED, EventKind.CANCELLED})


@dataclass(frozen=True, slots=True)
class TextLimits:
    """`phone`, `account`: texts in a day. `prefixes`: how allowed numbers begin in E.164; an account's own phone likewise."""

    phone: int = 20
    account: int = 40
    prefixes: tuple[str, ...] = ("+86", "+852", "+853", "+886")

    def is_reached(self, phone: str) -> bool:
        """Whether texts go to this phone's country."""
        return phone.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class Queued:
    """A text that waits. `is_other`: to a phone that is not the account's on record. `is_told_later`: a later move is told.

    `own_key` and `other_key` are the phone's, by which texts to it are counted: as one on record, and as somebody's.
    """

    id: int
    kind: EventKind
    phone: str = field(repr=False)
    own_key: bytes
    other_key: bytes
    holder_id: int | None
    is_other: bool
    is_told_later: bool

    @property
    def key(self) -> bytes:
        """By which this text counts."""
        return self.other_key if self.is_other else self.own_key


@dataclass(slots=True)
class Counts:
    """Texts of the last day that were sent: by the phone's keys, and by account."""

    phones: Counter[bytes]
    accounts: Counter[int]

    def add(self, text: Queued) -> None:
        """One more."""
        self.phones[text.key] += 1
        if text.holder_id is not None:
            self.accounts[text.holder_id] += 1


def leaving(texts: Sequence[Queued], counts: Counts, limits: TextLimits) -> list[int]:
    """The ids of those that leave, in order; each counts for those after it."""
    found: list[int] = []
    for text in texts:
        if _may_leave(text, counts, limits):
            counts.add(text)
            found.append(text.id)
    return found


def _may_leave(text: Queued, counts: Counts, limits: TextLimits) -> bool:
    if text.is_told_later or not limits.is_reached(text.phone):
        return False
    if text.is_other and (
        text.kind not in _FOR_OTHERS or counts.phones[text.other_key] >= TEXTS_TO_OTHERS_PER_DAY
    ):
        return False
    if text.holder_id is not None and counts.accounts[text.holder_id] >= limits.account:
        return False
    return counts.phones[text.own_key] + counts.phones[text.other_key] < limits.phone
