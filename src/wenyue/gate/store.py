"""Scanning, taking a scan back, and the list of the last ones. Every function runs in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from wenyue.audit import Entry, record
from wenyue.booking import Admission, redeem
from wenyue.cards import begin_validity
from wenyue.catalogue import Venue, venues_by_id
from wenyue.core.documents import mask_document, mask_name
from wenyue.core.personal import Vault
from wenyue.events import append, kinds
from wenyue.gate.candidates import open_parties, visitor_of
from wenyue.gate.counting import count_in_vain
from wenyue.gate.desk import Desk, Gathered, Parties
from wenyue.gate.directions import directions
from wenyue.gate.elsewhere import is_in_vain, told
from wenyue.gate.gathering import gather
from wenyue.gate.model import (
    PARTY_MAX,
    RECENT_MAX,
    WHY_SHARED_NUMBER,
    Choice,
    Reason,
    ScanAnswer,
    ScanIdReused,
    ScanRequest,
    VenueUnknown,
    Verdict,
    Visit,
)
from wenyue.gate.queries import is_of_code_or_card
from wenyue.gate.rules import decide
from wenyue.gate.scanned import normalise
from wenyue.gate.undoing import actor_of
from wenyue.locale import paired, unpaired
from wenyue.platform.database.db import Tx, fetch_dict, fetch_dicts, queries

_SQL: Final = queries("wenyue.gate")
_TRIES: Final = 3  # a booking that changes under the scan is looked at again
_PAIRED: Final = ("venue", "product", "label", "closed")  # in a stored answer, for the release before


async def scan(tx: Tx, desk: Desk, request: ScanRequest, now: datetime) -> ScanAnswer:
    """Decide one presentation and write it down; an admission is redeemed in the same transaction.

    Idempotent by `scan_id`: the same scan (text, place, venue and gate; who sends it may have changed meanwhile) gets the same
    answer (`is_replay`; UNDONE once it was taken back), never a second redemption, and another one under its id none
    (ScanIdReused). Of two gates that scan one place at once exactly one gets ADMIT. Raises ScanIdReused, VenueUnknown.
    """
    await tx.execute(_SQL["lock_scan"], {"id": request.scan_id})
    presented = desk.vault.person_key(f"scan|{normalise(request.presented)}")
    earlier = await fetch_dict(tx, _SQL["earlier_scan"], {"id": request.scan_id})
    if earlier is not None:
        if not _is_same(request, presented, earlier):
            raise ScanIdReused
        return await _replay(tx, desk.vault, earlier["answer"], earlier["undone_at"])
    venue = (await venues_by_id(tx, [request.venue_id])).get(request.venue_id)
    if venue is None:
        raise VenueUnknown
    gathered, verdict = await _admit(tx, desk, request, venue, now)
    others = directions(verdict, gathered.facts.candidates, gathered.facts, now)
    is_few, guessers = True, list[tuple[str, str]]()
    is_well_formed = is_of_code_or_card(normalise(request.presented))
    if is_in_vain(verdict, gathered.facts, is_well_formed=is_well_formed):
        guessers.append(("gate", f"{request.venue_id}:{request.gate}"))
    if guessers and request.staff_id is not None:
        guessers.append(("staff", str(request.staff_id)))
        is_few = await count_in_vain(tx, request.staff_id, request.venue_id, presented, now)
    shown = told(request, gathered.facts, verdict, others, is_few=is_few)
    verdict = replace(shown.verdict, others=shown.others)
    answer = _answer(request, gathered, verdict, venue.timezone, now)
    answer = msgspec.structs.replace(answer, is_elsewhere=shown.is_elsewhere)
    await tx.execute(
        _SQL["add_scan"],
        {
            "id": request.scan_id,
            "venue_id": request.venue_id,
            "gate": request.gate,
            "staff_id": request.staff_id,
            "at": now,
            "presented": presented,
            "verdict": verdict.reason.value,
            "booking_id": answer.booking_id,
            "line_no": answer.line_no,
            "visitor_no": answer.visitor_no,
            "asked": _place_asked(request),
            "answer": msgspec.json.encode(paired(msgspec.to_builtins(answer), *_PAIRED)).decode(),
        },
    )
    if verdict.is_admitted:
        await record(tx, [_entry(request.staff_id, "gate.admitted", answer, now)])
        await append(tx, _redeemed(answer, request), now)
    desk.heard(answer, guessers)
    return _named(answer, gathered.parties)


def _is_same(request: ScanRequest, presented: bytes, earlier: Mapping[str, Any]) -> bool:
    """Whether the scan that was answered before asked for all that this one asks for.

    By whom is not compared: a shift may end while a scan waits for its answer.
    """
    before = (earlier["venue_id"], earlier["gate"], bytes(earlier["presented"]))
    if before != (request.venue_id, request.gate, presented):
        return False
    return earlier["asked"] is None or earlier["asked"] == _place_asked(request)


def _place_asked(request: ScanRequest) -> str:
    """The place that the keeper picked: 'line.visitor', either part empty when it was left open."""
    numbers = (request.line_no, request.visitor_no)
    return ".".join("" if number is None else str(number) for number in numbers)


async def scan_party(
    tx: Tx, desk: Desk, request: ScanRequest, places: Sequence[tuple[int, int]], now: datetime
) -> list[ScanAnswer]:
    """Scan several places (line, visitor) of one presentation in the given order, adults before their minors.

    Each is a scan of its own, whose id follows from the request's: sending the same again changes nothing.
    """
    answers: list[ScanAnswer] = []
    for line_no, visitor_no in places[:PARTY_MAX]:
        scan_id = uuid5(request.scan_id, f"{line_no}.{visitor_no}")
        one = replace(request, scan_id=scan_id, line_no=line_no, visitor_no=visitor_no)
        answers.append(await scan(tx, desk, one, now))
    return answers


async def recent(tx: Tx, vault: Vault, *, venue_id: int, gate: str, limit: int) -> list[ScanAnswer]:
    """The last scans of one gate, newest first, at most `limit` (≤ RECENT_MAX)."""
    bounded: dict[str, object] = {"venue_id": venue_id, "gate": gate, "limit": max(1, min(limit, RECENT_MAX))}
    rows = await fetch_dicts(tx, _SQL["recent"], bounded)
    answers = [_as_it_stands(row["answer"], row["undone_at"]) for row in rows]
    ids = {answer.booking_id for answer in answers if answer.booking_id is not None}
    parties = await open_parties(tx, vault, ids) if ids else {}
    return [_named(answer, parties) for answer in answers]


async def _admit(
    tx: Tx, desk: Desk, request: ScanRequest, venue: Venue, now: datetime
) -> tuple[Gathered, Verdict]:
    """The verdict that holds: an admission only counts once it is redeemed."""
    gathered = await gather(tx, desk, request, venue, now)
    for _ in range(_TRIES):
        verdict = decide(gathered.facts, now)
        place = verdict.place
        if not verdict.is_admitted or place is None:
            return gathered, verdict
        done = await redeem(
            tx,
            request.scan_id,
            booking_id=place.booking_id,
            line_no=place.line_no,
            visitor_no=place.visitor_no,
            gate=request.gate,
            now=now,
        )
        if done is not None and done.is_new:
            if place.card_id is not None:
                await begin_validity(tx, place.card_id, place.on_date, now)
            return gathered, verdict
        if done is not None:
            return gathered, Verdict(Reason.ALREADY_USED, place, done.at, done.gate, done.scan_id)
        gathered = await gather(tx, desk, request, venue, now)
    return gathered, Verdict(Reason.NEEDS_MANUAL)


def _answer(
    request: ScanRequest, gathered: Gathered, verdict: Verdict, timezone: str, now: datetime
) -> ScanAnswer:
    answer = ScanAnswer(
        scan_id=request.scan_id,
        at=now,
        venue_id=request.venue_id,
        gate=request.gate,
        reason=verdict.reason,
        presented=gathered.facts.presented,
        why=WHY_SHARED_NUMBER
        if verdict.reason is Reason.CHOOSE_VISITOR and gathered.facts.is_shared_number
        else gathered.why,
        timezone=timezone,
    )
    others = tuple(
        Visit(
            one.venue_id,
            one.venue,
            one.product,
            one.on_date,
            one.starts_at,
            one.timezone,
        )
        for one in verdict.others
    )
    answer = msgspec.structs.replace(answer, others=others)
    place = verdict.place
    if place is None:
        return answer
    closed = next((one.closed for one in gathered.facts.candidates if one.place == place), None) or {}
    is_choice = verdict.reason is Reason.CHOOSE_VISITOR
    return msgspec.structs.replace(
        answer,
        booking_id=place.booking_id,
        line_no=None if is_choice else place.line_no,
        visitor_no=None if is_choice else place.visitor_no,
        quantity=0 if is_choice else place.quantity,
        venue=place.venue,
        product=place.product,
        label=place.label,
        timezone=place.timezone,
        on_date=place.on_date,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        when=verdict.at,
        used_gate=verdict.gate,
        used_scan_id=verdict.scan_id,
        closed=closed,
        choices=tuple(
            Choice(
                one.booking_id,
                one.line_no,
                one.visitor_no,
                one.quantity,
                one.product,
                is_waiting=one in verdict.waiting,
                **_whose(gathered, one),
            )
            for one in (*verdict.choices, *verdict.waiting)
        ),
    )


def _whose(gathered: Gathered, place: Admission) -> dict[str, str]:
    """Which document the place's person holds, when several persons have its number."""
    document = gathered.documents.get(place.person_key) if place.person_key is not None else None
    return {"kind": document.kind.value, "nationality": document.nationality or ""} if document else {}


def _as_it_stands(stored: str, undone_at: datetime | None) -> ScanAnswer:
    """What was answered then; of a scan that was taken back since, that it was: nobody is let in by it."""
    answer = msgspec.convert(unpaired(msgspec.json.decode(stored), *_PAIRED), ScanAnswer)
    if undone_at is None:
        return answer
    return msgspec.structs.replace(answer, reason=Reason.UNDONE, undone_at=undone_at)


async def _replay(tx: Tx, vault: Vault, stored: str, undone_at: datetime | None) -> ScanAnswer:
    answer = msgspec.structs.replace(_as_it_stands(stored, undone_at), is_replay=True)
    ids = {choice.booking_id for choice in answer.choices}
    if answer.booking_id is not None:
        ids.add(answer.booking_id)
    return _named(answer, await open_parties(tx, vault, ids))


def _named(answer: ScanAnswer, parties: Parties) -> ScanAnswer:
    """With masked names and documents, so that the gate keeper can compare them with the person."""
    choices = tuple(
        msgspec.structs.replace(choice, **_label(parties, choice.booking_id, choice.visitor_no))
        for choice in answer.choices
    )
    if answer.booking_id is None or answer.visitor_no is None:
        return msgspec.structs.replace(answer, choices=choices)
    label = _label(parties, answer.booking_id, answer.visitor_no)
    return msgspec.structs.replace(answer, choices=choices, **label)


def _label(parties: Parties, booking_id: UUID, visitor_no: int) -> dict[str, str]:
    visitor = visitor_of(parties, booking_id, visitor_no)
    if visitor is None:
        party = parties.get(booking_id)
        return {"name": mask_name(party.contact_name) if party else "", "document": ""}
    return {"name": mask_name(visitor.name), "document": mask_document(visitor.number)}


def _entry(staff_id: int | None, action: str, answer: ScanAnswer, now: datetime) -> Entry:
    detail: dict[str, object] = {
        "scan": str(answer.scan_id),
        "gate": answer.gate,
        "line": answer.line_no,
        "visitor": answer.visitor_no,
    }
    return Entry(now, actor_of(staff_id), action, str(answer.booking_id), detail)


def _redeemed(answer: ScanAnswer, request: ScanRequest) -> list[kinds.BookingRedeemed]:
    if answer.booking_id is None or answer.line_no is None or answer.visitor_no is None:
        return []
    place = (answer.line_no, answer.visitor_no, request.venue_id, answer.scan_id)
    return [kinds.BookingRedeemed(answer.booking_id, *place)]
