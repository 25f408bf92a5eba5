"""A traveller keeps the people they book for (常用游客), names them on a card, and takes them off again."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from wenyue.accounts import Identity, VisitorRecord, VisitorRefusal, add_visitor, remove_visitor
from wenyue.application.actors import Traveller
from wenyue.application.travelling import acting
from wenyue.cards import CardState, CardView, Denied, add_companion, cards_of, remove_companion
from wenyue.container import Services

_SHOWN_FIRST: Final = (CardState.ACTIVE, CardState.FROZEN)


class Kept(Struct, frozen=True):
    """`denied`: the visitor is kept, but not named on the card, and why."""

    visitor: VisitorRecord | VisitorRefusal
    denied: Denied | None = None


async def keep_visitor(
    services: Services, traveller: Traveller, identity: Identity, *, is_companion: bool = False
) -> Kept:
    """Keep a person; the same document again changes the name and phone kept with it.

    `is_companion`: name them on the card that has room for others, too. It counts as having tried a document. Raises LoginEnded.
    """
    denied: Denied | None = None
    async with acting(services, traveller) as own:
        visitor = await add_visitor(own.tx, services.vault, traveller.id, identity, own.now)
        cards = await cards_of(own.tx, services.vault, traveller.id) if is_companion else []
        card = companion_card(cards)
        if card is not None and isinstance(visitor, VisitorRecord):
            named = await add_companion(
                own.tx,
                services.vault,
                card_id=card.id,
                holder_id=traveller.id,
                identity=identity,
                now=own.now,
            )
            denied = named if isinstance(named, Denied) else None
    services.note_document(traveller.id)
    return Kept(visitor, denied)


async def forget_visitor(services: Services, traveller: Traveller, visitor_id: int) -> bool:
    """Take a person off the list and forget their data; False: there is none. Bookings keep their own. Raises LoginEnded."""
    async with acting(services, traveller) as own:
        return await remove_visitor(own.tx, traveller.id, visitor_id, own.now)


async def drop_companion(
    services: Services, traveller: Traveller, card_id: int, person_key: bytes
) -> Denied | None:
    """Take a named person off a card; None: done. Bookings made before stay. Raises LoginEnded."""
    async with acting(services, traveller) as own:
        said = await remove_companion(
            own.tx, card_id=card_id, holder_id=traveller.id, person_key=person_key, now=own.now
        )
    return said if isinstance(said, Denied) else None


def main_card(cards: Sequence[CardView]) -> CardView | None:
    """The card that stands first: an active one, else a frozen one."""
    for state in _SHOWN_FIRST:
        for card in cards:
            if card.state is state:
                return card
    return None


def companion_card(cards: Sequence[CardView]) -> CardView | None:
    """The card that further persons can be named on; None: there is none."""
    card = main_card(cards)
    has_room = card is not None and card.state is CardState.ACTIVE and card.rules.companions_max > 0
    return card if has_room else None
