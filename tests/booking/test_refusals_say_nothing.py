"""A booking that is refused for whatever reason but its people says nothing of them: nobody is asked about without a booking."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta

import pytest
from msgspec import structs

from tests.support.accounts import DAY, PARTY_MAX, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import Answer, BookingRequest, Outcome, Visitor
from wenyue.core.ids import uuid7
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
NEXT = DAY + timedelta(days=1)
UNTIL = dataset.START + timedelta(days=30)
CHILD = date(2024, 1, 1)
Wrong = Callable[[Stage, int, Visitor], Awaitable[BookingRequest]]
Known = Callable[[Stage, int, Visitor], Awaitable[None]]


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        yield stage


# ------------------------------------------------------------ what there is to know of a person


async def _is_booked(stage: Stage, slot_id: int, who: Visitor) -> None:
    await stage.booked((slot_id, (structs.replace(who, number_key=None),)), holder_id=None)


async def _number_is_booked(stage: Stage, slot_id: int, who: Visitor) -> None:
    await stage.booked((slot_id, stage.people(1, who.number_key)), holder_id=None)


async def _is_banned(stage: Stage, _slot_id: int, who: Visitor) -> None:
    await stage.tx.execute(
        "INSERT INTO policy.ban (subject_key, policy_code, until, reason) VALUES (%s, '', %s, 'test')",
        (who.person_key, UNTIL),
    )


async def _has_another_name(stage: Stage, _slot_id: int, who: Visitor) -> None:
    await stage.tx.execute(
        "INSERT INTO accounts.known_name (person_key, name_key, added_at, seen_at) VALUES (%s, %s, %s, %s)",
        (who.person_key, b"n" * 32, dataset.START, dataset.START),
    )


KNOWN: dict[str, tuple[Known, Outcome]] = {
    "booked": (_is_booked, Outcome.PERSON_TWICE),
    "number booked": (_number_is_booked, Outcome.NUMBER_TWICE),
    "banned": (_is_banned, Outcome.PERSON_BANNED),
    "another name": (_has_another_name, Outcome.NAME_DIFFERS),
}

# ------------------------------------------------------------ what somebody who only asks gets wrong


async def _price(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    right = stage.request((slot_id, (who,)))
    return structs.replace(right, lines=(structs.replace(right.lines[0], price_minor=12_345),))


async def _full_beside(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    full = await dataset.slot(stage.tx, *await stage.venue(), DAY, 2, 1)
    return stage.request((slot_id, (who,)), (full, stage.people(2)))


async def _party(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    return stage.request((slot_id, (who, *stage.people(PARTY_MAX))))


async def _nobody_named_beside(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    named = await dataset.slot(stage.tx, *await stage.venue(), DAY, 2, 9)
    return stage.request((slot_id, (who,)), (named, 1))


async def _named_twice(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    (twice,) = stage.people(1)
    return stage.request((slot_id, (who, twice, twice)))


async def _child_alone_beside(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    stage.rule(minor_age_max=14, minors_per_adult=2)
    other = await dataset.slot(stage.tx, *await stage.venue(), DAY, 2, 9)
    (child,) = stage.people(1)
    return stage.request((slot_id, (who,)), (other, (structs.replace(child, birth=CHILD),)))


async def _holds(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    for _ in range(5):
        (free,) = await slots(stage, 1, await stage.venue())
        await stage.booked((free, stage.people(1)), is_hold=True)
    return stage.request((slot_id, (who,)), is_hold=True)


async def _no_card_beside(stage: Stage, slot_id: int, who: Visitor) -> BookingRequest:
    asked = stage.request((slot_id, (who,)), (await slots_of_another(stage), stage.people(1)))
    on_card = structs.replace(asked.lines[1], is_on_card=True)
    return structs.replace(asked, lines=(asked.lines[0], on_card), card_id=10**9)


async def slots_of_another(stage: Stage) -> int:
    (slot_id,) = await slots(stage, 1, await stage.venue())
    return slot_id


WRONG: dict[str, tuple[Wrong, Outcome]] = {
    "price": (_price, Outcome.PRICE_CHANGED),
    "full": (_full_beside, Outcome.SOLD_OUT),
    "party": (_party, Outcome.PARTY_SIZE),
    "unnamed": (_nobody_named_beside, Outcome.VISITORS_NEEDED),
    "repeated": (_named_twice, Outcome.PERSON_REPEATED),
    "minor": (_child_alone_beside, Outcome.MINOR_ALONE),
    "holds": (_holds, Outcome.TOO_MANY_OPEN),
    "card": (_no_card_beside, Outcome.CARD_UNKNOWN),
}


def _told(answer: Answer) -> tuple[object, ...]:
    return answer.outcome, answer.line, answer.visitor, answer.at


def _somebody() -> Visitor:
    return Visitor(uuid7().bytes, None, uuid7().bytes, b"typed" * 6 + b"ab")


@pytest.mark.parametrize("known", list(KNOWN))
@pytest.mark.parametrize("wrong", list(WRONG))
async def test_security_fourth_F5_a_booking_that_is_refused_anyway_says_nothing_of_its_people(
    stage: Stage, wrong: str, known: str
) -> None:
    ask, outcome = WRONG[wrong]
    know, said = KNOWN[known]
    (slot_id,) = await slots(stage, 1, await stage.venue())
    victim, nobody = _somebody(), _somebody()
    await know(stage, slot_id, victim)
    request = await ask(stage, slot_id, victim)
    of_victim = await stage.engine.book(request)
    people = tuple(nobody if one == victim else one for one in request.visitors)
    of_nobody = await stage.engine.book(structs.replace(request, visitors=people, id=uuid7()))
    assert of_victim.outcome is outcome
    assert _told(of_victim) == _told(of_nobody)
    (honest,) = [await stage.ask((slot_id, (victim,)))]
    assert (honest.outcome, honest.visitor) == (said, 0)


@pytest.mark.parametrize("known", ["booked", "number booked", "banned"])
@pytest.mark.parametrize("wrong", ["price", "full", "party", "terms"])
async def test_security_fourth_F5_a_move_that_is_refused_anyway_says_nothing_of_its_people(
    stage: Stage, wrong: str, known: str
) -> None:
    venue = await stage.venue()
    (here,) = await slots(stage, 1, venue)
    there = await dataset.slot(stage.tx, *venue, NEXT, 2, 1 if wrong == "full" else 500)
    if wrong == "party":
        await stage.booked((there, stage.people(PARTY_MAX)))
    if wrong == "terms":
        stage.rule(cancel=())
    told: list[tuple[object, ...]] = []
    for is_victim in (True, False):
        victim, second = _somebody(), stage.people(1 if wrong == "full" else 0)
        booked = await stage.booked((here, (victim, *second)))
        if is_victim and wrong != "full":
            await KNOWN[known][0](stage, there, victim)
        elif is_victim:
            beside = await dataset.slot(stage.tx, *venue, NEXT, 4, 500)
            await KNOWN[known][0](stage, beside, victim)
        answer = await stage.move(booked, (0, there), price=77 if wrong == "price" else None)
        told.append(_told(answer))
    outcome = {
        "price": Outcome.PRICE_CHANGED,
        "full": Outcome.SOLD_OUT,
        "party": Outcome.PARTY_SIZE,
        "terms": Outcome.TERMS_FORBID,
    }[wrong]
    assert told == [(outcome, 0, None, None)] * 2
