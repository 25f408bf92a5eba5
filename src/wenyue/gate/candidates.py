"""Places as candidates: what the rules need to know beside each of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from wenyue.booking import Admission, PartyVisitor, open_party, sealed_parties
from wenyue.cards import CardState
from wenyue.catalogue import Closure, closure_on, closures
from wenyue.core.personal import SealBroken, Vault
from wenyue.gate.desk import Gathered, Parties, Question
from wenyue.gate.model import Candidate, CardStanding, Facts, Presented
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, fetch_dicts, queries
from wenyue.policy import bans

_SQL: Final = queries("wenyue.gate")
_EVERYWHERE: Final = (
    ""  # the policy code of a ban that counts everywhere; a no-show ban only stops new bookings
)
STANDING: Final = {
    CardState.PRINTED: CardStanding.NOT_ACTIVE,
    CardState.SHIPPED: CardStanding.NOT_ACTIVE,
    CardState.ACTIVE: CardStanding.GOOD,
    CardState.FROZEN: CardStanding.FROZEN,
    CardState.REPLACED: CardStanding.DEAD,
    CardState.CANCELLED: CardStanding.DEAD,
    CardState.EXPIRED: CardStanding.EXPIRED,
}


async def open_parties(tx: Tx, vault: Vault, booking_ids: Iterable[UUID]) -> Parties:
    """Who is in these bookings; a party that cannot be opened is left out: admission does not depend on names."""
    parties: Parties = {}
    for booking_id, sealed in (await sealed_parties(tx, sorted(set(booking_ids)))).items():
        try:
            parties[booking_id] = open_party(vault, sealed)
        except SealBroken:
            continue
    return parties


def visitor_of(parties: Parties, booking_id: UUID, visitor_no: int) -> PartyVisitor | None:
    """The person behind a place's visitor number."""
    party = parties.get(booking_id)
    if party is None or visitor_no >= len(party.visitors):
        return None
    return party.visitors[visitor_no]


async def with_company(
    question: Question,
    kind: Presented,
    places: list[Admission],
    is_presented: Callable[[Admission], bool],
    is_withheld: Callable[[Admission], bool] = lambda _: False,
) -> Gathered:
    """The places as candidates. Those that what was presented does not stand for are only company."""
    facts = Facts(kind, question.venue_id, question.today)
    if not places:
        return Gathered(facts, {})
    tx, desk = question.tx, question.desk
    parties = await open_parties(tx, desk.vault, {place.booking_id for place in places})
    cards = await _cards(question, {place.card_id for place in places if place.card_id is not None})
    here = [place for place in places if place.venue_id == question.venue_id]
    days = [place.on_date for place in here] or [question.today]
    closed = (await closures(tx, [question.venue_id], min(days), max(days))).get(question.venue_id, [])
    candidates: list[Candidate] = []
    for place in places:
        preset = desk.presets.get(place.policy_code)
        visitor = visitor_of(parties, place.booking_id, place.visitor_no)
        candidates.append(
            Candidate(
                place,
                entry_early_s=preset.entry_early_s if preset else 0,
                entry_late_s=preset.entry_late_s if preset else 0,
                birth=visitor.birth if visitor and place.person_key else None,
                minor_age_max=preset.minor_age_max if preset else None,
                card=_card_of(place, cards),
                closed=_closed(place, closed, question.venue_id),
                is_presented=is_presented(place) and not is_withheld(place),
                is_withheld=is_presented(place) and is_withheld(place),
            )
        )
    banned = await _banned(question, here)
    return Gathered(replace(facts, candidates=tuple(candidates), banned=banned), parties)


async def _banned(question: Question, here: Sequence[Admission]) -> dict[bytes, datetime]:
    """Persons banned everywhere, until when; also those whose ban ended while their session was running."""
    keys = {place.person_key for place in here if place.person_key is not None}
    if not keys:
        return {}
    since = min([question.now, *(place.starts_at for place in here)])
    found = await bans(question.tx, sorted(keys), since)
    return {key: until for key, policy_code, until in found if policy_code == _EVERYWHERE}


def _closed(place: Admission, found: Sequence[Closure], venue_id: int) -> Texts | None:
    closure = closure_on(found, place.product_id, place.on_date) if place.venue_id == venue_id else None
    if closure is not None:
        return closure.reason
    return None if place.is_open else place.closed_reason


async def _cards(question: Question, card_ids: set[int]) -> dict[int, tuple[CardStanding, date | None]]:
    """What the cards that pay are worth by their state, and their last day."""
    if not card_ids:
        return {}
    rows = await fetch_dicts(question.tx, _SQL["cards_by_id"], {"ids": sorted(card_ids)})
    return {row["card_id"]: (STANDING[CardState(row["state"])], row["valid_to"]) for row in rows}


def _card_of(place: Admission, cards: Mapping[int, tuple[CardStanding, date | None]]) -> CardStanding:
    """The card's standing for this visit: as in the booking, its validity is that of the visit's day, not of now."""
    if place.card_id is None:
        return CardStanding.GOOD
    standing, valid_to = cards.get(place.card_id, (CardStanding.DEAD, None))
    has_run_out = standing is CardStanding.GOOD and not is_valid_on(valid_to, place.on_date)
    return CardStanding.EXPIRED if has_run_out else standing


def is_valid_on(valid_to: date | None, day: date) -> bool:
    """Whether a card that ends then is good on this day."""
    return valid_to is None or day <= valid_to
