"""Which of all venues a card is good for, as a mask of the directory: computed once for a card type, giving way in between."""

import asyncio
from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from typing import Final

from wenyue import cards
from wenyue.booking.decisions.facts import Rulebook
from wenyue.booking.model import Outcome
from wenyue.booking.slots.card_eligibility import refused_on_card
from wenyue.catalogue.directory import Directory, Entry, Offer
from wenyue.platform.database.db import Tx

_AT_ONCE: Final = 500  # venues judged without giving way: about a millisecond
_KEPT_MAX: Final = 64


class CardPlaces:
    """What one process has computed lately."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], tuple[cards.CardRules, int]] = {}

    async def mask(
        self, directory: Directory, book: Rulebook, card: cards.CardFacts, day: date | None
    ) -> int:
        """The venues with a product that the card would still pay for, as far as places and days decide; `day` None: some day.

        Nothing on a day outside of its validity, or for a card that is not active.
        """
        if card.state is not cards.CardState.ACTIVE or (day is not None and not _is_valid(card, day)):
            return 0
        rules = book.card_types[card.type_code]
        usable = tuple(
            no for no, one in card.entitlements.items() if one.granted is None or one.used < one.granted
        )
        key = (directory.version, card.type_code, usable, day if rules.blackouts else None)
        kept = self._kept.get(key)
        if kept is not None and kept[0] is rules:
            return kept[1]
        marks = bytearray(len(directory.entries))
        for at, entry in enumerate(directory.entries):
            if at % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            calendar = None if day is None else book.calendar
            wants = _wants(entry, directory.offers_of.get(entry.id, []), day or date.min)
            marks[at] = any(cards.may_cover(rules, want, calendar, usable) for want in wants)
        found = int.from_bytes(marks, "little") & directory.active
        if len(self._kept) >= _KEPT_MAX:
            self._kept.clear()
        self._kept[key] = (rules, found)
        return found

    @staticmethod
    async def refusals(
        tx: Tx, slot_ids: Collection[int], card: cards.CardFacts, book: Rulebook, now: datetime
    ) -> dict[int, Outcome] | None:
        """Why the card would not pay for its holder, by slot id; slots that it would pay for are absent; None: nobody's card."""
        if card.holder_id is None:
            return None
        return await refused_on_card(
            tx, slot_ids, card_id=card.id, holder_id=card.holder_id, rulebook=book, now=now
        )


def _is_valid(card: cards.CardFacts, day: date) -> bool:
    return (card.valid_from is None or day >= card.valid_from) and (
        card.valid_to is None or day <= card.valid_to
    )


def _wants(entry: Entry, offers: list[Offer], day: date) -> Iterator[cards.WantedUse]:
    noon = datetime.combine(day, time(12))
    for kind, is_first_gate in {(one.kind, one.is_first_gate) for one in offers}:
        yield cards.WantedUse(
            venue_id=entry.id,
            venue_code=entry.code,
            venue_kind=entry.kind,
            venue_tags=entry.tags,
            product_kind=kind,
            is_first_gate=is_first_gate,
            on_date=day,
            starts_at=noon,
            quantity=1,
        )
