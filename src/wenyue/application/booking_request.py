"""The whole of what a traveller books, and what the engine is asked for it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from wenyue.application.actors import Traveller
from wenyue.application.people import Person
from wenyue.booking import BookingRequest, Channel, Party, WantedLine, seal_party
from wenyue.container import Services
from wenyue.core.limits import HOLD_TTL_S

_encode: Final = msgspec.json.Encoder().encode


class Details(msgspec.Struct, frozen=True):
    """The whole of what is booked. `lines` name their people by index; `card_id` pays for the lines that a card pays for."""

    lines: tuple[WantedLine, ...]
    people: tuple[Person, ...] = ()
    card_id: int | None = None
    contact_name: str = ""
    contact_phone: str = ""  # E.164
    is_hold: bool = False
    hold_ttl_s: int = HOLD_TTL_S


def unpriced_line(lines: Sequence[WantedLine]) -> int | None:
    """The first line that money pays for without a price: nobody is charged a price that they were not shown."""
    for number, line in enumerate(lines):
        if line.price_minor is None and not line.is_on_card:
            return number
    return None


def booking_request(
    services: Services, traveller: Traveller, booking_id: UUID, details: Details
) -> BookingRequest:
    """What the engine is asked; the hash and the sealed party are made here, the same for whichever face asks."""
    people, vault = details.people, services.vault
    # One person for whom a card pays is its holder, or was named on it: their name was compared then.
    is_compared = (
        len(people) > 1
        or services.engine.rulebook.has_open_cards
        or not all(line.is_on_card for line in details.lines)
    )
    party = Party(tuple([person.sealed for person in people]), details.contact_name, details.contact_phone)
    return BookingRequest(
        id=booking_id,
        body_hash=services.vault.fingerprint(_encode((traveller.id, details))),
        channel=Channel.ONLINE,
        holder_id=traveller.id,
        card_id=details.card_id,
        lines=details.lines,
        visitors=tuple([person.named(vault) if is_compared else person.visitor for person in people]),
        party=seal_party(vault, party),
        is_hold=details.is_hold or any(line.price_minor for line in details.lines if not line.is_on_card),
        hold_ttl_s=details.hold_ttl_s,
        actor=traveller.name,
        login=traveller.login,
    )
