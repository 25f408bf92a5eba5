"""Collecting the facts of one scan: what was held up, and the places that it can mean."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from wenyue.booking import Admission, findable, redeemable
from wenyue.cards import CardState
from wenyue.catalogue import Venue
from wenyue.core.clock import local_date
from wenyue.gate.candidates import STANDING, is_valid_on, with_company
from wenyue.gate.desk import Desk, Gathered, Question, nothing
from wenyue.gate.model import PERSONS_MAX, CardStanding, Facts, Presented, Reason, ScanRequest
from wenyue.gate.places import number_of, places_of
from wenyue.gate.queries import Reading, read_presented
from wenyue.gate.scanned import normalise
from wenyue.platform.database.db import Tx, fetch_dict, fetch_dicts, queries

_SQL: Final = queries("wenyue.gate")


async def gather(tx: Tx, desk: Desk, request: ScanRequest, venue: Venue, now: datetime) -> Gathered:
    """Try the readings in order: the first that leads to a card or a booking counts, else what the last one says."""
    question = Question(tx, desk, request.venue_id, local_date(now, venue.timezone), now)
    readings = read_presented(normalise(request.presented), desk.keys, question.today)
    for reading in readings[:-1]:
        found = await _look_up(question, reading)
        is_known = reading.kind is Presented.CARD or found.facts.candidates or found.facts.is_ambiguous
        if found.facts.problem is None and is_known:
            return _chosen(found, request)
    return _chosen(await _look_up(question, readings[-1]), request)


def _chosen(found: Gathered, request: ScanRequest) -> Gathered:
    facts = replace(found.facts, visitor_no=request.visitor_no, line_no=request.line_no)
    return replace(found, facts=facts)


async def _look_up(question: Question, reading: Reading) -> Gathered:
    if reading.documents:
        return await _by_document(question, reading)
    if reading.problem is not None:
        return nothing(question, reading.kind, reading.problem, reading.why)
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
    return await with_company(question, reading.kind, places, lambda _: True)


async def _by_document(question: Question, reading: Reading) -> Gathered:
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
        places = await places_of(question, person_key)
        if places:
            found[person_key] = places
    if not found and reading.problem is not None:
        return nothing(question, reading.kind, reading.problem, reading.why)
    places = list({number_of(one): one for places in found.values() for one in places}.values())
    gathered = await with_company(
        question, kind, places, lambda one: one.person_key is None or one.person_key in found
    )
    if len(found) < 2:
        return gathered
    facts = replace(gathered.facts, is_shared_number=True)
    return replace(gathered, facts=facts, documents={key: documents[key] for key in found})


async def _of_person(question: Question, kind: Presented, person_key: bytes) -> Gathered:
    """The person's own places, and the unnamed ones (a table, a room) that they booked or that their party has."""
    places = await places_of(question, person_key)
    return await with_company(question, kind, places, lambda one: one.person_key in {None, person_key})


async def _by_card(question: Question, reading: Reading) -> Gathered:
    """What the card pays for, and what its holder has booked otherwise.

    What others booked for whoever has the document is with it, too. But who activated the card may have typed somebody else's
    number: until staff saw the document beside a card of this account, those places are withheld.
    """
    card = await fetch_dict(question.tx, _SQL["card_by_number"], {"numbers": list(reading.card_numbers)})
    if card is None:
        return nothing(question, reading.kind, Reason.UNKNOWN_CODE)
    card_id, holder_key = card["card_id"], None if card["holder_key"] is None else bytes(card["holder_key"])
    standing = STANDING[CardState(card["state"])]
    if card["is_dead_number"] or standing is not CardStanding.GOOD:
        standing = CardStanding.DEAD if card["is_dead_number"] else standing
        return Gathered(Facts(reading.kind, question.venue_id, question.today, card=standing), {})
    on_card = await redeemable(
        question.tx, card_id=card_id, venue_id=question.venue_id, on_date=question.today
    )
    places = [place for place in on_card if place.card_id == card_id]
    claims = None if card["is_seen"] else card["holder_id"]
    if holder_key is not None:
        known = {number_of(place) for place in places}
        own = await places_of(question, holder_key, claimed_by=claims)
        places += [one for one in own if number_of(one) not in known]

    def is_withheld(one: Admission) -> bool:
        return one.card_id != card_id and claims is not None and one.holder_id != claims

    found = await with_company(
        question,
        reading.kind,
        places,
        lambda one: one.card_id == card_id or one.person_key in {None, holder_key},
        is_withheld,
    )
    standing = CardStanding.GOOD if is_valid_on(card["valid_to"], question.today) else CardStanding.EXPIRED
    return replace(found, facts=replace(found.facts, card=standing))
