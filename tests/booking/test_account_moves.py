"""A moved booking meets what a new one would: bans, open places, exemptions; and is not refused for what it has already."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from msgspec import structs

from tests.support.accounts import DAY, PARTY_MAX, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import Channel, Outcome, Visitor
from wenyue.policy import AccountLimits, LimitKind, Reached
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
NEXT = DAY + timedelta(days=1)
UNTIL = dataset.START + timedelta(days=30)


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        yield stage


async def ban(stage: Stage, subject: bytes, policy_code: str = "default") -> None:
    await stage.tx.execute(
        "INSERT INTO policy.ban (subject_key, policy_code, until, reason) VALUES (%s, %s, %s, 'test')",
        (subject, policy_code, UNTIL),
    )


def elders(stage: Stage, count: int) -> tuple[Visitor, ...]:
    return tuple(structs.replace(one, birth=date(1940, 1, 1)) for one in stage.people(count))


# ------------------------------------------------------------------------------------------------ bans


@pytest.mark.parametrize(
    ("who", "said"), [("person", Outcome.PERSON_BANNED), ("account", Outcome.ACCOUNT_BANNED)]
)
async def test_security_H3_who_is_banned_gets_no_other_day_by_a_move(
    stage: Stage, who: str, said: Outcome
) -> None:
    venue = await stage.venue()
    (one,), (two,) = await slots(stage, 1, venue), await slots(stage, 1, venue, NEXT)
    (person,) = stage.people(1)
    booked = await stage.booked((one, (person,)))
    await ban(stage, person.person_key if who == "person" else b"account:%d" % stage.holder)
    refused = await stage.move(booked, (0, two))
    assert (refused.outcome, refused.line, refused.at) == (said, 0, UNTIL)
    as_new = await stage.ask((two, (person,)))
    assert (as_new.outcome, as_new.at) == (said, UNTIL)


async def test_security_H3_a_ban_of_other_presets_or_of_the_past_stops_no_move(stage: Stage) -> None:
    venue = await stage.venue()
    (one,), (two,) = await slots(stage, 1, venue), await slots(stage, 1, venue, NEXT)
    (person,) = stage.people(1)
    booked = await stage.booked((one, (person,)))
    await ban(stage, person.person_key, "another-preset")
    assert (await stage.move(booked, (0, two))).outcome is Outcome.RESCHEDULED
    await ban(stage, person.person_key, "")
    assert (await stage.move(booked, (1, one))).outcome is Outcome.PERSON_BANNED
    stage.now[0] = UNTIL + timedelta(minutes=1)
    (later,) = await slots(stage, 1, venue, DAY + timedelta(days=40))
    (latest,) = await slots(stage, 1, venue, DAY + timedelta(days=41))
    free = await stage.booked((later, stage.people(1)))
    await ban(stage, b"account:%d" % stage.holder)
    assert (await stage.move(free, (0, latest))).outcome is Outcome.RESCHEDULED


# ------------------------------------------------------------------------------------------------ open places


async def test_security_H3_a_move_from_free_to_paid_sessions_counts_as_unpaid(stage: Stage) -> None:
    venue = await stage.venue(needs_visitors=False, person_rule="none", price_minor=100)
    (free,), (dear,) = await slots(stage, 1, venue), await slots(stage, 1, venue, NEXT, price_minor=100)
    (elsewhere,) = await slots(stage, 1, venue, NEXT + timedelta(days=1), price_minor=100)
    stage.limit(AccountLimits(unpaid=5))
    await stage.booked((elsewhere, 3))
    booked = await stage.booked((free, 3))
    refused = await stage.move(booked, (0, dear))
    assert (refused.outcome, refused.reached) == (Outcome.TOO_MANY_OPEN, Reached(LimitKind.UNPAID, 5, 3))
    assert (await stage.ask((dear, 3))).reached == refused.reached
    stage.limit(AccountLimits(unpaid=6))
    assert (await stage.move(booked, (0, dear), price=100)).outcome is Outcome.RESCHEDULED


@pytest.mark.parametrize(
    "limits", [AccountLimits(places=4), AccountLimits(unpaid=4), AccountLimits(unnamed=4)]
)
async def test_security_H3_a_move_that_adds_nothing_is_not_refused_for_what_there_is(
    stage: Stage, limits: AccountLimits
) -> None:
    """The limits were lowered meanwhile, or a desk booked more: going to another day makes nothing worse."""
    venue = await stage.venue(needs_visitors=False, person_rule="none", price_minor=100)
    (one,) = await slots(stage, 1, venue, DAY, price_minor=100)
    (two,) = await slots(stage, 1, venue, NEXT, price_minor=100)
    booked = await stage.booked((one, 6))
    await stage.booked((one, 20), channel=Channel.GROUP)
    stage.limit(limits)
    assert (await stage.ask((two, 1))).outcome is Outcome.TOO_MANY_OPEN
    assert (await stage.move(booked, (0, two))).outcome is Outcome.RESCHEDULED


async def test_security_H3_a_party_beyond_the_limit_may_change_its_session_but_not_grow(stage: Stage) -> None:
    venue = await stage.venue()
    one, two = await slots(stage, 2, venue)
    (other_day,) = await slots(stage, 1, venue, NEXT)
    booked = await stage.booked((one, stage.people(6)))
    single = await stage.booked((other_day, stage.people(1)))
    stage.rule(party_max=4)
    assert (await stage.move(booked, (0, two))).outcome is Outcome.RESCHEDULED
    refused = await stage.move(single, (0, one))
    assert (refused.outcome, refused.reached) == (Outcome.PARTY_SIZE, Reached(LimitKind.VISIT, 4, 6))


# ------------------------------------------------------------------------------------------------ exempt by age


async def test_security_H3_people_exempt_by_age_are_bounded_over_the_bookings_of_a_day(stage: Stage) -> None:
    stage.rule(exempt_from_age=70)
    one, two = await slots(stage, 2, await stage.venue())
    answers = [await stage.ask((slot, elders(stage, 3))) for slot in (one, two) * 10]
    assert sum(3 for answer in answers if answer.outcome.is_success) == 2 * PARTY_MAX
    assert answers[-1].reached == Reached(LimitKind.VISIT, PARTY_MAX, 2 * PARTY_MAX)
    (elsewhere,) = await slots(stage, 1, await stage.venue())
    assert (await stage.ask((elsewhere, elders(stage, 3)))).outcome is Outcome.CONFIRMED


async def test_security_H3_people_exempt_by_age_are_bounded_over_the_sessions_of_a_day(stage: Stage) -> None:
    stage.rule(exempt_from_age=70)
    departures = await slots(stage, 5, await stage.venue(person_rule="slot"))
    taken = 0
    for slot in departures * 8:
        answer = await stage.ask((slot, elders(stage, 3)))
        taken += 3 if answer.outcome.is_success else 0
    assert taken == 4 * PARTY_MAX  # three parties a day, and one that is exempt


async def test_security_H3_a_party_with_people_exempt_by_age_moves_to_an_empty_day_together(
    stage: Stage,
) -> None:
    stage.rule(exempt_from_age=70)
    venue = await stage.venue()
    one, two = await slots(stage, 2, venue)
    there = await slots(stage, 2, venue, NEXT)
    party = await stage.booked((one, elders(stage, PARTY_MAX)), (two, stage.people(PARTY_MAX)))
    moved = await stage.move(party, (0, there[0]), (1, there[1]))
    assert moved.outcome is Outcome.RESCHEDULED
    assert (await stage.ask((there[0], elders(stage, 1)))).outcome is Outcome.PARTY_SIZE


async def test_security_H3_parties_of_two_days_are_not_gathered_as_exempt_by_a_move(stage: Stage) -> None:
    stage.rule(exempt_from_age=70)
    venue = await stage.venue()
    (one,), (two,) = await slots(stage, 1, venue), await slots(stage, 1, venue, NEXT)
    there = await slots(stage, 2, venue, NEXT + timedelta(days=1))
    both = await stage.booked((one, stage.people(PARTY_MAX)), (two, stage.people(PARTY_MAX)))
    refused = await stage.move(both, (0, there[0]), (1, there[1]))
    assert (refused.outcome, refused.line) == (Outcome.PARTY_SIZE, 1)
