"""Collecting the facts of one scan: what was held up, the places it can mean, and what the rules need beside them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue.booking import (
    Admission,
    Party,
    PartyVisitor,
    findable,
    open_party,
    redeemable,
    sealed_parties,
)
from wenyue.cards import CardState
from wenyue.catalogue import Closure, Venue, closure_on, closures
from wenyue.gate.indexing import key_of_person
from wenyue.gate.model import (
    PERSONS_MAX,
    Candidate,
    CardStanding,
    Facts,
    Presented,
    Reason,
    ScanAnswer,
    ScanRequest,
)
from wenyue.gate.reading import Reading, read_presented
from wenyue.gate.scanned import normalise
from wenyue.gate.tokens import GateKeys
from wenyue.infra.db import Tx, fetch_dict, fetch_dicts, queries
from wenyue.kernel.clock import local_date
from wenyue.kernel.documents import Document
from wenyue.kernel.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.kernel.personal import SealBroken, Vault
from wenyue.policy import Preset, bans

_SQL: Final = queries("wenyue.gate")
_LOOKUP: Final = queries("wenyue.gate", "lookup.sql")
_EVERYWHERE: Final = (
    ""  # the policy code of a ban that counts everywhere; a no-show ban only stops new bookings
)
_STANDING: Final = {
    CardState.PRINTED: CardStanding.NOT_ACTIVE,
    CardState.SHIPPED: CardStanding.NOT_ACTIVE,
    CardState.ACTIVE: CardStanding.GOOD,
    CardState.FROZEN: CardStanding.FROZEN,
    CardState.REPLACED: CardStanding.DEAD,
    CardState.CANCELLED: CardStanding.DEAD,
    CardState.EXPIRED: CardStanding.EXPIRED,
}
Parties = dict[UUID, Party]


# Who typed what leads to nothing here: (kind, which), of the gate and of its keeper.
Guessers = Sequence[tuple[str, str]]


def _nobody(_: ScanAnswer, _guessers: Guessers) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a gate is equipped with: the vault, the voucher keys, and the reservation presets by code.

    `heard` is told of every new scan's answer, for whoever watches out for abuse; it may neither raise nor wait.
    """

    vault: Vault = field(repr=False)
    keys: GateKeys = field(repr=False)
    presets: Mapping[str, Preset] = field(repr=False)
    heard: Callable[[ScanAnswer, Guessers], None] = field(default=_nobody, repr=False)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, and what the answer shows beside the decision."""

    facts: Facts
    parties: Parties = field(repr=False)
    why: str = ""
    documents: Mapping[bytes, Document] = field(
        default_factory=dict[bytes, Document], repr=False
    )  # of a number that several persons have: whose is which


@dataclass(frozen=True, slots=True)
class _Question:
    """One scan, where and when."""

    tx: Tx
    desk: Desk
    venue_id: int
    today: date
    now: datetime


async def gather(tx: Tx, desk: Desk, request: ScanRequest, venue: Venue, now: datetime) -> Gathered:
    """Try the readings in order: the first that leads to a card or a booking counts, else what the last one says."""
    question = _Question(tx, desk, request.venue_id, local_date(now, venue.timezone), now)
    readings = read_presented(normalise(request.presented), desk.keys, question.today)
    for reading in readings[:-1]:
        found = await _look_up(question, reading)
        is_known = reading.kind is Presented.CARD or found.facts.candidates or found.facts.is_ambiguous
        if found.facts.problem is None and is_known:
            return _chosen(found, request)
    return _chosen(await _look_up(question, readings[-1]), request)


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


def _chosen(found: Gathered, request: ScanRequest) -> Gathered:
    facts = replace(found.facts, visitor_no=request.visitor_no, line_no=request.line_no)
    return replace(found, facts=facts)


async def _look_up(question: _Question, reading: Reading) -> Gathered:
    if reading.documents:
        return await _by_document(question, reading)
    if reading.problem is not None:
        return _nothing(question, reading.kind, reading.problem, reading.why)
    if reading.card_numbers:
        return await _by_card(question, reading)
    places = await redeemable(
        question.tx,
        booking_id=reading.booking_id,
        id_range=reading.id_range,
        venue_id=question.venue_id,
        on_date=question.today,
    )
    if reading.id_range is not None and len({place.booking_id for place in places}) > 1:
        return Gathered(Facts(reading.kind, question.venue_id, question.today, is_ambiguous=True), {})
    return await _with_company(question, reading.kind, places, lambda _: True)


async def _by_document(question: _Question, reading: Reading) -> Gathered:
    """Whoever booked with this number: of one person everything, of several their places, and the gate asks which."""
    vault = question.desk.vault
    documents = {vault.person_key(one.key): one for one in reading.documents}
    kind = Presented.DOCUMENT
    if len(documents) == 1 and reading.problem is None:
        return await _of_person(question, kind, next(iter(documents)))
    since, until = question.today - timedelta(days=2), question.today + timedelta(days=400)
    known = await findable.persons_near(question.tx, list(documents), since, until)
    rows = await fetch_dicts(question.tx, _SQL["persons_with_accounts"], {"person_keys": list(documents)})
    today = await findable.persons_near(question.tx, list(documents), since, question.today + timedelta(1))
    # Whoever likes books for other days under other nationalities: those who have a place about now come first.
    persons = dict.fromkeys([*today, *(bytes(row["person_key"]) for row in rows), *known])
    found: dict[bytes, list[Admission]] = {}
    for person_key in list(persons)[:PERSONS_MAX]:
        places = await _places_of(question, person_key)
        if places:
            found[person_key] = places
    if not found and reading.problem is not None:
        return _nothing(question, reading.kind, reading.problem, reading.why)
    places = list({_number_of(one): one for places in found.values() for one in places}.values())
    gathered = await _with_company(
        question, kind, places, lambda one: one.person_key is None or one.person_key in found
    )
    if len(found) < 2:
        return gathered
    facts = replace(gathered.facts, is_shared_number=True)
    return replace(gathered, facts=facts, documents={key: documents[key] for key in found})


def _number_of(place: Admission) -> tuple[UUID, int, int]:
    return place.booking_id, place.line_no, place.visitor_no


async def _of_person(question: _Question, kind: Presented, person_key: bytes) -> Gathered:
    """The person's own places, and the unnamed ones (a table, a room) that they booked or that their party has."""
    places = await _places_of(question, person_key)
    return await _with_company(question, kind, places, lambda one: one.person_key in {None, person_key})


async def _places_of(
    question: _Question, person_key: bytes, *, claimed_by: int | None = None
) -> list[Admission]:
    """The person's named places, and unnamed ones of their accounts: of `claimed_by` alone, which nobody saw the document of."""
    tx, venue_id, today = question.tx, question.venue_id, question.today
    places = await redeemable(tx, person_key=person_key, venue_id=venue_id, on_date=today)
    holders = [claimed_by] if claimed_by is not None else await _holders_of(tx, person_key)
    for holder_id in holders:
        known = {place.booking_id for place in places}
        booked = await redeemable(tx, holder_id=holder_id, venue_id=venue_id, on_date=today)
        places += [one for one in booked if one.person_key is None and one.booking_id not in known]
    return places or await _void_places_of(question, person_key)


async def _holders_of(tx: Tx, person_key: bytes) -> list[int]:
    asked = {"person_keys": [person_key], "limit": CLAIMS_PER_DOCUMENT_MAX}
    return [holder_id for (holder_id,) in await (await tx.execute(_SQL["holders_of"], asked)).fetchall()]


async def _void_places_of(question: _Question, person_key: bytes) -> list[Admission]:
    """Who has no live place: what they had near today, so that the gate says that it was cancelled."""
    wanted: dict[str, object] = {
        "term": key_of_person(question.desk.vault, person_key),
        "venue_id": question.venue_id,
        "from_day": question.today,
        "to_day": question.today,
        "today": question.today,
        "limit": PERSONS_MAX,
    }
    rows = await (await question.tx.execute(_LOOKUP["bookings_of_term"], wanted)).fetchall()
    ids: list[UUID] = [row[0] for row in rows]
    if not ids:
        return []
    places = await redeemable(
        question.tx, booking_ids=ids, venue_id=question.venue_id, on_date=question.today
    )
    return [one for one in places if one.person_key == person_key]


async def _by_card(question: _Question, reading: Reading) -> Gathered:
    """What the card pays for, and what its holder has booked otherwise.

    What others booked for whoever has the document is with it, too. But who activated the card may have typed somebody else's
    number: until staff saw the document beside a card of this account, those places are withheld.
    """
    card = await fetch_dict(question.tx, _SQL["card_by_number"], {"numbers": list(reading.card_numbers)})
    if card is None:
        return _nothing(question, reading.kind, Reason.UNKNOWN_CODE)
    card_id, holder_key = card["card_id"], None if card["holder_key"] is None else bytes(card["holder_key"])
    standing = _STANDING[CardState(card["state"])]
    if card["is_dead_number"] or standing is not CardStanding.GOOD:
        standing = CardStanding.DEAD if card["is_dead_number"] else standing
        return Gathered(Facts(reading.kind, question.venue_id, question.today, card=standing), {})
    on_card = await redeemable(
        question.tx, card_id=card_id, venue_id=question.venue_id, on_date=question.today
    )
    places = [place for place in on_card if place.card_id == card_id]
    claims = None if card["is_seen"] else card["holder_id"]
    if holder_key is not None:
        known = {_number_of(place) for place in places}
        own = await _places_of(question, holder_key, claimed_by=claims)
        places += [one for one in own if _number_of(one) not in known]

    def is_withheld(one: Admission) -> bool:
        return one.card_id != card_id and claims is not None and one.holder_id != claims

    found = await _with_company(
        question,
        reading.kind,
        places,
        lambda one: one.card_id == card_id or one.person_key in {None, holder_key},
        is_withheld,
    )
    standing = CardStanding.GOOD if _is_valid_on(card["valid_to"], question.today) else CardStanding.EXPIRED
    return replace(found, facts=replace(found.facts, card=standing))


async def _with_company(
    question: _Question,
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


async def _banned(question: _Question, here: Sequence[Admission]) -> dict[bytes, datetime]:
    """Persons banned everywhere, until when; also those whose ban ended while their session was running."""
    keys = {place.person_key for place in here if place.person_key is not None}
    if not keys:
        return {}
    since = min([question.now, *(place.starts_at for place in here)])
    found = await bans(question.tx, sorted(keys), since)
    return {key: until for key, policy_code, until in found if policy_code == _EVERYWHERE}


def _nothing(question: _Question, kind: Presented, problem: Reason, why: str = "") -> Gathered:
    return Gathered(Facts(kind, question.venue_id, question.today, problem=problem), {}, why)


def _closed(place: Admission, found: Sequence[Closure], venue_id: int) -> tuple[str, str] | None:
    closure = closure_on(found, place.product_id, place.on_date) if place.venue_id == venue_id else None
    if closure is not None:
        return closure.reason_zh, closure.reason_en
    return None if place.is_open else (place.closed_reason_zh, place.closed_reason_en)


async def _cards(question: _Question, card_ids: set[int]) -> dict[int, tuple[CardStanding, date | None]]:
    """What the cards that pay are worth by their state, and their last day."""
    if not card_ids:
        return {}
    rows = await fetch_dicts(question.tx, _SQL["cards_by_id"], {"ids": sorted(card_ids)})
    return {row["card_id"]: (_STANDING[CardState(row["state"])], row["valid_to"]) for row in rows}


def _card_of(place: Admission, cards: Mapping[int, tuple[CardStanding, date | None]]) -> CardStanding:
    """The card's standing for this visit: as in the booking, its validity is that of the visit's day, not of now."""
    if place.card_id is None:
        return CardStanding.GOOD
    standing, valid_to = cards.get(place.card_id, (CardStanding.DEAD, None))
    has_run_out = standing is CardStanding.GOOD and not _is_valid_on(valid_to, place.on_date)
    return CardStanding.EXPIRED if has_run_out else standing


def _is_valid_on(valid_to: date | None, day: date) -> bool:
    return valid_to is None or day <= valid_to
