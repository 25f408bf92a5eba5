"""Who may come: bans of persons and accounts, places that somebody has already, and who may go together. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from wenyue.booking.allowance import DESK_CHANNELS
from wenyue.booking.facts import Facts, account_subject
from wenyue.booking.model import BANNED_ANY_POLICY, BookingRequest, Outcome, SlotFacts, WantedLine
from wenyue.policy import PartyProblem, check_party

_PARTY: Final = {
    PartyProblem.TOO_MANY: Outcome.PARTY_SIZE,
    PartyProblem.MINOR_ALONE: Outcome.MINOR_ALONE,
    PartyProblem.TOO_MANY_MINORS: Outcome.PARTY_SIZE,
}
Problem = tuple[Outcome, int, int | None, datetime | None]  # …, line, visitor, until


def person_problems(
    request: BookingRequest, slots: Sequence[SlotFacts], scopes: Sequence[int], facts: Facts
) -> list[Problem]:
    """Everything that speaks against the persons of a request, line by line."""
    problems: list[Problem] = []
    wanted: set[tuple[bytes, object, int]] = set()
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if facts.names:
            problems += _names(request, line, number, facts)
        if facts.bans:
            problems += _bans(request, line, slot, number, facts)
        if slot.needs_visitors and len(line.visitors) != line.quantity:
            problems.append((Outcome.VISITORS_NEEDED, number, None, None))
        for index in line.visitors:
            visitor = request.visitors[index]
            key = (visitor.person_key, slot.on_date, scopes[number])
            if key in facts.places:
                problems.append((Outcome.PERSON_TWICE, number, index, None))
            elif key in wanted:
                problems.append((Outcome.PERSON_REPEATED, number, index, None))
            elif visitor.number_key is not None and request.channel not in DESK_CHANNELS:
                # (at a desk somebody looks at both documents)
                spot = (visitor.number_key, slot.on_date, scopes[number])
                if spot in facts.numbers or spot in wanted:
                    problems.append((Outcome.NUMBER_TWICE, number, index, None))
                wanted.add(spot)
            wanted.add(key)
        births = [request.visitors[index].birth for index in line.visitors]
        party = check_party(facts.book.presets[slot.policy_code], births, slot.on_date) if births else None
        if party is not None:
            problems.append((_PARTY[party], number, None, None))
    return problems


def _names(request: BookingRequest, line: WantedLine, number: int, facts: Facts) -> Iterable[Problem]:
    """Whoever proved their document is booked by others under a name they are known by; at a desk somebody looks at it."""
    if request.channel in DESK_CHANNELS:
        return
    for index in line.visitors:
        visitor = request.visitors[index]
        traveller_id, known = facts.names.get(visitor.person_key, (None, ()))
        is_own = traveller_id is not None and traveller_id == request.holder_id
        if visitor.name_key is not None and known and not is_own and visitor.name_key not in known:
            yield Outcome.NAME_DIFFERS, number, index, None


def _bans(
    request: BookingRequest, line: WantedLine, slot: SlotFacts, number: int, facts: Facts
) -> Iterable[Problem]:
    subjects: list[tuple[bytes, int | None]] = [(request.visitors[i].person_key, i) for i in line.visitors]
    if request.holder_id is not None:
        subjects.append((account_subject(request.holder_id), None))
    for subject, index in subjects:
        for until in bans_in_force(subject, slot, facts):
            yield Outcome.PERSON_BANNED, number, index, until


def bans_in_force(subject: bytes, slot: SlotFacts, facts: Facts) -> Iterable[datetime]:
    """Until when this person or account may not have a place of the slot."""
    for policy_code, until in facts.bans.get(subject, ()):
        if until > facts.now and policy_code in (BANNED_ANY_POLICY, slot.policy_code):
            yield until
