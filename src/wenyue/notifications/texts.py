"""Which queued texts leave: pure. A text costs money and disturbs whoever has the phone, and anybody's phone can be named.

So texts are few for one phone and for one account in a day; a phone that is not on record for the account hears only that a
booking was made and that it ended; of several moves of one booking the last is told; and only phones of the countries that the
operator allows get any. Anybody's phone can also be written down at an activation: accounts whose phone it is not have a small
share of its texts together, and half of all texts to a phone stay its own account's (`phones.sql` says whose it is). What is
withheld stands in the traveller's list and with the booking all the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from wenyue.booking import EventKind
from wenyue.core.limits import (
    CODES_TO_PHONE_PER_DAY,
    NOTICES_OF_KIND_LEAST,
    NOTICES_OF_SHARED_PER_DAY,
    NOTICES_OF_SHARED_PER_HOUR,
    TEXTS_OF_SHARED_PER_DAY,
    TEXTS_TO_OTHERS_PER_DAY,
    WARNINGS_TO_PHONE_PER_DAY,
)

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
    """Texts of the last day that were sent: by the phone's keys, and by account.

    `owners`: a phone's `own_key`, and an account whose phone it is; `shared`: how many of other accounts went there.
    """

    phones: Counter[bytes]
    accounts: Counter[int]
    shared: Counter[bytes] = field(default_factory=Counter[bytes])
    owners: set[tuple[bytes, int]] | None = None  # None: every phone is its account's

    def is_shared(self, text: Queued) -> bool:
        """The account has this phone on record, and it is another's."""
        if text.is_other or text.holder_id is None or self.owners is None:
            return False
        return (text.own_key, text.holder_id) not in self.owners

    def add(self, text: Queued) -> None:
        """One more."""
        self.phones[text.key] += 1
        self.shared[text.own_key] += self.is_shared(text)
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
    is_shared = counts.is_shared(text)
    if is_shared and counts.shared[text.own_key] >= TEXTS_OF_SHARED_PER_DAY:
        return False
    by_strangers = counts.phones[text.other_key] + counts.shared[text.own_key]
    if (is_shared or text.is_other) and by_strangers >= max(1, limits.phone // 2):
        return False
    if text.holder_id is not None and counts.accounts[text.holder_id] >= limits.account:
        return False
    return counts.phones[text.own_key] + counts.phones[text.other_key] < limits.phone


@dataclass(frozen=True, slots=True)
class Waiting:
    """A code or a warning that waits, or that left."""

    id: int
    phone_key: bytes
    holder_id: int
    kind: str
    is_code: bool


class NoticeCounts:
    """Codes and warnings of the last day that were sent. `owners`: as for `Counts`.

    All accounts whose phone it is not have one small share together. Each of them has a minimum of every kind besides, so that
    no other account's codes and warnings keep it from its own.
    """

    def __init__(self, owners: set[tuple[bytes, int]]) -> None:
        self._owners = owners
        self._own: Counter[tuple[bytes, bool]] = Counter()
        self._shared: Counter[tuple[bytes, bool]] = Counter()
        self._shared_in_hour: Counter[bytes] = Counter()
        self._of_kind: Counter[tuple[bytes, int, str]] = Counter()
        self._of_kind_in_hour: Counter[tuple[bytes, int, str]] = Counter()

    def add(self, one: Waiting, *, count: int = 1, in_hour: int = 1) -> None:
        """So many more."""
        if (one.phone_key, one.holder_id) in self._owners:
            self._own[one.phone_key, one.is_code] += count
            return
        self._shared[one.phone_key, one.is_code] += count
        self._shared_in_hour[one.phone_key] += in_hour
        self._of_kind[one.phone_key, one.holder_id, one.kind] += count
        self._of_kind_in_hour[one.phone_key, one.holder_id, one.kind] += in_hour

    def has_room(self, one: Waiting) -> bool:
        """Whether it may leave: by the phone's own account, in the share of all others, or as one of this account's minimum."""
        of_day = CODES_TO_PHONE_PER_DAY if one.is_code else WARNINGS_TO_PHONE_PER_DAY
        if (one.phone_key, one.holder_id) in self._owners:
            return self._own[one.phone_key, one.is_code] < of_day
        key, shared = one.phone_key, self._shared
        if (
            shared[key, True] + shared[key, False] < NOTICES_OF_SHARED_PER_DAY
            and self._shared_in_hour[key] < NOTICES_OF_SHARED_PER_HOUR
        ):
            return True
        kind = (key, one.holder_id, one.kind)
        return self._of_kind_in_hour[kind] < NOTICES_OF_KIND_LEAST and (
            shared[key, one.is_code] < of_day or self._of_kind[kind] < NOTICES_OF_KIND_LEAST
        )


def leaving_notices(waiting: Sequence[Waiting], counts: NoticeCounts) -> list[int]:
    """The ids of those that leave, in order; each counts for those after it."""
    found: list[int] = []
    for one in waiting:
        if counts.has_room(one):
            counts.add(one)
            found.append(one.id)
    return found
