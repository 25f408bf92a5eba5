"""What one row of a list of cards says: number, type, holder, validity, state, companions, what is left. Pure.

Nothing of the installation is known here but its card types: what a row means for a card that is there already is
`cards.import_rules`' matter.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from wenyue.core.card_numbers import clean_card_no
from wenyue.core.documents import Document, mask_document, mask_name, mask_phone
from wenyue.imports.cells import Cells
from wenyue.imports.keys import is_ruined, loose_key
from wenyue.imports.people import read_people, said_document
from wenyue.imports.reading import fold_name, shown
from wenyue.imports.refusals import Reason
from wenyue.imports.usual_words import CARD_STATES, UNLIMITED
from wenyue.imports.values import whole_of
from wenyue.locale import DEFAULT, Message, Texts, text_in

COMPANIONS_MAX: Final = 50
_ENTITLEMENTS_MAX: Final = 100


class State(StrEnum):
    """How a card stands; the names of `cards.CardState`."""

    PRINTED = "printed"
    SHIPPED = "shipped"  # not activated
    ACTIVE = "active"
    FROZEN = "frozen"  # reported lost
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


HELD: Final = frozenset({State.ACTIVE, State.FROZEN, State.EXPIRED})  # they have a holder


@dataclass(frozen=True, slots=True)
class Allowance:
    """One of a type's entitlements: what it is called, and how many entries a new card has; None: as many as one likes."""

    names: Texts
    granted: int | None


@dataclass(frozen=True, slots=True)
class KnownType:
    """A card type of this installation, as far as rows speak of it."""

    code: str
    names: Texts
    allowances: tuple[Allowance, ...]
    companions_max: int


@dataclass(frozen=True, slots=True)
class CardPerson:
    """A holder or a companion."""

    name: str = field(repr=False)
    document: Document


@dataclass(frozen=True, slots=True)
class CardRow:
    """A row that is in order. None, and '' of a phone: the file does not say.

    `remaining`: number of the entitlement → entries left, for those that count entries. `loose`: what numbers that a person
    could take for this one have in common.
    """

    number: int
    card_no: str
    loose: str
    type_code: str
    state: State
    holder: CardPerson | None
    phone: str = field(repr=False)
    valid_from: date | None
    valid_to: date | None
    issued: date | None
    companions: tuple[CardPerson, ...] | None
    remaining: Mapping[int, int] | None


class CardReader:
    """Rows of a file into cards. `types`: of this installation; `today`: documents are judged by it."""

    def __init__(self, types: Sequence[KnownType], today: date) -> None:
        self._types = {one.code: one for one in types}
        self._today = today
        named: dict[str, set[str]] = {}
        for one in types:
            for name in (one.code, *one.names.values()):
                named.setdefault(fold_name(name), set()).add(one.code)
        self._words = {name: next(iter(codes)) for name, codes in named.items() if len(codes) == 1}

    @property
    def codes(self) -> frozenset[str]:
        """The types that there are."""
        return frozenset(self._types)

    def knows_type(self, word: str) -> bool:
        """Whether a word is the code or the name of one."""
        return word in self._types or fold_name(word) in self._words

    def number_of(self, cells: Cells) -> str:
        """The card's number alone. Raises RowRefused."""
        found = clean_card_no(cells.key("card_no"))
        if not found:
            raise cells.refuse(
                Reason.BAD_CHARACTER,
                "card_no",
                Message("a card's number has 1 to 32 letters, digits or Chinese characters"),
            )
        return found

    def read(self, cells: Cells) -> CardRow:
        """The row. Raises RowRefused."""
        number = self.number_of(cells)
        card_type = self._type(cells)
        state = State(cells.word("state", CARD_STATES, State.ACTIVE))
        holder = self._holder(cells, state)
        first, last = cells.day("valid_from"), cells.day("valid_to")
        if first is not None and last is not None and last < first:
            raise cells.refuse(
                Reason.BAD_DATE, "valid_to", Message("the last day is before the first: {first}", first=first)
            )
        return CardRow(
            number=cells.row.number,
            card_no=number,
            loose=loose_key(number),
            type_code=card_type.code,
            state=state,
            holder=holder,
            phone=cells.phone("phone"),
            valid_from=first,
            valid_to=last,
            issued=self._issued(cells),
            companions=self._companions(cells, card_type, holder),
            remaining=_remaining(cells, card_type),
        )

    def _type(self, cells: Cells) -> KnownType:
        code = cells.word("type", self._words)
        if not code:
            raise cells.refuse(
                Reason.MISSING,
                "type",
                Message('which type of card? A column says it, or the map: [defaults] type = "…"'),
            )
        found = self._types.get(code) or self._types.get(self._words.get(fold_name(code), ""))
        if found is None:
            raise cells.refuse(
                Reason.UNKNOWN_WORD,
                "type",
                Message(
                    "there is no card type {code} here; there are: {codes}",
                    code=shown(code),
                    codes=", ".join(sorted(self._types)),
                ),
            )
        return found

    def _holder(self, cells: Cells, state: State) -> CardPerson | None:
        name = cells.person("name")
        document = said_document(cells, self._today)
        if name and document is not None:
            return CardPerson(name, document)
        if state in HELD or name or document is not None:
            raise cells.refuse(
                Reason.MISSING,
                "document" if name else "name",
                Message("a card in use has a holder: name and number of a document"),
            )
        return None

    def _issued(self, cells: Cells) -> date | None:
        found = cells.day("issued")
        if found is not None and found > self._today:
            raise cells.refuse(Reason.BAD_DATE, "issued", Message("this day has not come yet"))
        return found

    def _companions(
        self, cells: Cells, card_type: KnownType, holder: CardPerson | None
    ) -> tuple[CardPerson, ...] | None:
        if not cells.raw("companions"):
            return None
        people = {
            document.key: CardPerson(name, document)
            for name, document in read_people(cells, "companions", COMPANIONS_MAX, self._today)
        }
        if holder is not None:
            people.pop(holder.document.key, None)  # some systems list the holder among them
        if len(people) > card_type.companions_max:
            raise cells.refuse(
                Reason.TOO_LARGE,
                "companions",
                Message("a card of this type has at most {most} companions", most=card_type.companions_max),
            )
        return tuple(people.values())


def _remaining(cells: Cells, card_type: KnownType) -> dict[int, int] | None:
    """`6` where a type has one entitlement that counts, else `名称:6; 名称:2`, by names or numbers from 1."""
    raw = cells.raw("remaining")
    if not raw:
        return None
    parts = [part.strip() for part in re.split(r"[;；\n]+", raw) if part.strip()]
    if len(parts) > _ENTITLEMENTS_MAX:
        raise cells.refuse(Reason.TOO_LONG, "remaining", Message("too many entitlements"))
    counted = [no for no, one in enumerate(card_type.allowances) if one.granted is not None]
    found: dict[int, int] = {}
    for part in parts:
        name, colon, left = part.replace("：", ":").rpartition(":")
        no = _numbered(cells, card_type, name) if colon else _only(cells, card_type, counted)
        granted = card_type.allowances[no].granted
        if fold_name(left) in UNLIMITED and granted is None:
            continue
        entries = None if is_ruined(left) else whole_of(left)
        if entries is None or entries < 0:
            raise cells.refuse(
                Reason.NOT_A_NUMBER, "remaining", Message("how many entries are left? A whole number")
            )
        if granted is None or entries > granted:
            raise cells.refuse(
                Reason.TOO_LARGE,
                "remaining",
                Message("the type grants {granted}", granted=granted)
                if granted is not None
                else Message("this entitlement does not count entries: leave it out"),
            )
        found[no] = entries
    return found


def _only(cells: Cells, card_type: KnownType, counted: Sequence[int]) -> int:
    """The entitlement that a bare number speaks of."""
    if len(card_type.allowances) == 1:
        return 0
    if len(counted) == 1:
        return counted[0]
    raise cells.refuse(
        Reason.UNKNOWN_WORD,
        "remaining",
        Message(
            "of which entitlement? Write name:number; the type has: {names}",
            names="; ".join(text_in(one.names, DEFAULT) for one in card_type.allowances),
        ),
    )


def _numbered(cells: Cells, card_type: KnownType, name: str) -> int:
    folded = fold_name(name)
    by_name = [
        no
        for no, one in enumerate(card_type.allowances)
        if folded in {fold_name(known) for known in one.names.values()}
    ]
    if len(by_name) == 1:
        return by_name[0]
    if (
        folded.isascii()
        and folded.isdigit()
        and len(folded) < 4
        and 1 <= int(folded) <= len(card_type.allowances)
    ):
        return int(folded) - 1
    raise cells.refuse(
        Reason.UNKNOWN_WORD,
        "remaining",
        Message(
            "{name} is no entitlement of the type; it has: {names}",
            name=repr(shown(name)),
            names="; ".join(text_in(one.names, DEFAULT) for one in card_type.allowances),
        ),
    )


def preview(cells: Cells, row: CardRow) -> list[tuple[str, str, str]]:
    """(field, what stands in the file, what it becomes) of what a row says; of persons masks."""
    holder, companions = row.holder, row.companions or ()
    after = {
        "card_no": row.card_no,
        "type": row.type_code,
        "state": row.state.value,
        "name": mask_name(holder.name) if holder else "",
        "document": mask_document(holder.document.number) if holder else "",
        "phone": mask_phone(row.phone),
        "valid_from": row.valid_from.isoformat() if row.valid_from else "",
        "valid_to": row.valid_to.isoformat() if row.valid_to else "",
        "issued": row.issued.isoformat() if row.issued else "",
        "companions": "; ".join(mask_name(one.name) for one in companions),
        "remaining": "; ".join(f"{no + 1}:{left}" for no, left in (row.remaining or {}).items()),
    }
    return [(name, cells.masked(name), now) for name, now in after.items() if now]
