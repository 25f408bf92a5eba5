"""Who may come: bans of persons and accounts, places that somebody has already, and who may go together. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from wenyue.booking.decisions.allowance import DESK_CHANNELS
from wenyue.booking.decisions.facts import Facts, account_subject
from wenyue.booking.model import BANNED_ANY_POLICY, BookingRequest, Outcome, SlotFacts, WantedLine
from wenyue.policy import PartyProblem, check_party

_PARTY: Final = {
    PartyProblem.TOO_MANY: Outcome.PARTY_SIZE,
    PartyProblem.MINOR_ALONE: Outcome.MINOR_ALONE,
    PartyProblem.TOO_MANY_MINORS: Outcome.PARTY_SIZE,
}
PersonProblem = tuple[Outcome, int, int | None, datetime | None]  # …, line, visitor, until


def party_problems(
    request: BookingRequest, slots: Sequence[SlotFacts], scopes: Sequence[int], facts: Facts
) -> list[PersonProblem]:
    """What speaks against the party as it is written: who is missing, named twice, or may not go together. Line by line.

    And against the account: it may not book there.
    """
    problems: list[PersonProblem] = []
    wanted: set[tuple[bytes, object, int]] = set()
    is_several = len(request.lines) != 1 or len(request.lines[0].visitors) > 1
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if slot.needs_visitors and len(line.visitors) != line.quantity:
            problems.append((Outcome.VISITORS_NEEDED, number, None, None))
        if is_several:
            for index in line.visitors:
                key = (request.visitors[index].person_key, slot.on_date, scopes[number])
                if key in wanted:
                    problems.append((Outcome.PERSON_REPEATED, number, index, None))
                wanted.add(key)
        births = [request.visitors[index].birth for index in line.visitors]
        party = check_party(facts.book.presets[slot.policy_code], births, slot.on_date) if births else None
        if party is not None:
            problems.append((_PARTY[party], number, None, None))
        if facts.bans and request.holder_id is not None:
            bans = bans_in_force(account_subject(request.holder_id), slot, facts)
            problems += [(Outcome.ACCOUNT_BANNED, number, None, until) for until in bans]
    return problems


def person_problems(
    request: BookingRequest, slots: Sequence[SlotFacts], scopes: Sequence[int], facts: Facts
) -> list[PersonProblem]:
    """What is known of the people and speaks against them, line by line; nobody is named twice in the request."""
    problems: list[PersonProblem] = []
    is_desk = request.channel in DESK_CHANNELS  # there somebody looks at both documents
    wanted: set[tuple[bytes, object, int]] = set()
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if facts.names and not is_desk:
            problems += _names(request, line, number, facts)
        if facts.bans:
            problems += _bans(request, line, slot, number, facts)
        for index in line.visitors:
            visitor = request.visitors[index]
            if (visitor.person_key, slot.on_date, scopes[number]) in facts.places:
                problems.append((Outcome.PERSON_TWICE, number, index, None))
            elif visitor.number_key is not None and not is_desk:
                spot = (visitor.number_key, slot.on_date, scopes[number])
                if spot in facts.numbers or spot in wanted:
                    problems.append((Outcome.NUMBER_TWICE, number, index, None))
                wanted.add(spot)
    return problems


def _names(request: BookingRequest, line: WantedLine, number: int, facts: Facts) -> Iterable[PersonProblem]:
    """Whose document staff saw is booked by others under a name they are known by."""
    for index in line.visitors:
        visitor = request.visitors[index]
        accounts, known = facts.names.get(visitor.person_key, ((), ()))
        is_own = request.holder_id is not None and request.holder_id in accounts
        if visitor.name_key is not None and known and not is_own and visitor.name_key not in known:
            yield Outcome.NAME_DIFFERS, number, index, None


def _bans(
    request: BookingRequest, line: WantedLine, slot: SlotFacts, number: int, facts: Facts
) -> Iterable[PersonProblem]:
    for index in line.visitors:
        for until in bans_in_force(request.visitors[index].person_key, slot, facts):
            yield Outcome.PERSON_BANNED, number, index, until


def bans_in_force(subject: bytes, slot: SlotFacts, facts: Facts) -> Iterable[datetime]:
    """Until when this person or account may not have a place of the slot."""
    for policy_code, until in facts.bans.get(subject, ()):
        if until > facts.now and policy_code in (BANNED_ANY_POLICY, slot.policy_code):
            yield until
