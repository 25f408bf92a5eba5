"""A document that its person has proved is booked by others under that person's name only."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.accounts import Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.accounts import (
    Identity,
    VisitorRecord,
    VisitorRefusal,
    add_visitor,
    claims,
    traveller_for,
)
from wenyue.accounts.model import NameKnown
from wenyue.accounts.names import (
    know_name,
    name_key,
    name_known,
    note_names,
    note_seen,
    strike_names,
)
from wenyue.booking import Channel, Outcome, Visitor
from wenyue.core.documents import Document, parse_document, plain_name
from wenyue.core.limits import KNOWN_NAMES_MAX, VISITOR_ADDS_PER_DAY
from wenyue.core.personal import KeyRing, Vault

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
NUMBER, NAME = "11010519491231002X", "阿依古丽·买买提"
VAULT = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with account_stage(make_database()) as stage:
        stage.now[0] = NOW
        yield stage


def identity(name: str = NAME, number: str = NUMBER) -> Identity:
    document = parse_document(None, number, today=NOW.date())
    assert isinstance(document, Document)
    return Identity(name, document)


def visitor(name: str, number: str = NUMBER) -> Visitor:
    key = VAULT.person_key(identity(name, number).document.key)
    return Visitor(key, None, None, name_key(VAULT, key, name))


async def proved(stage: Stage) -> int:
    """The account of somebody whose document staff have seen."""
    owner = await traveller_for(stage.tx, VAULT, identity(), NOW)
    key = VAULT.person_key(identity().document.key)
    assert await note_seen(stage.tx, VAULT, key, NAME, NOW, staff_id=None)
    await claims.settle(stage.tx, key, own=[owner], others=(), now=NOW, actor="test")
    return owner


async def one_more(stage: Stage) -> int:
    """A session of another venue."""
    [slot] = await slots(stage, 1, await stage.venue())
    return slot


@pytest.mark.parametrize(
    "other", ["阿依古丽 买买提", "阿依古丽•买买提", "阿依古丽．买买提", " 阿依古丽・买买提 "]
)
def test_names_are_one_name_however_they_are_written(other: str) -> None:
    assert plain_name(other) == plain_name(NAME)


def test_romanised_names_are_compared_without_width_case_and_hyphens() -> None:
    assert {plain_name(one) for one in ("LI XIAO-MING", "ＬＩ　Xiaoming", "li xiao ming")} == {"lixiaoming"}
    assert plain_name("Müller") == plain_name("MÜLLER") != plain_name("Muller")


async def test_a_typed_name_is_not_said_to_be_seen_when_there_are_enough_seen_ones(stage: Stage) -> None:
    await proved(stage)
    key = VAULT.person_key(identity().document.key)
    for number in range(KNOWN_NAMES_MAX - 1):
        assert await note_seen(stage.tx, VAULT, key, f"别名{'一' * (number + 1)}", NOW, staff_id=None)
    await know_name(stage.tx, VAULT, key, "又一个", NOW)
    assert not await note_seen(stage.tx, VAULT, key, "又一个", NOW, staff_id=None)
    assert await note_seen(stage.tx, VAULT, key, NAME, NOW, staff_id=None)
    refused = await add_visitor(stage.tx, VAULT, stage.holder, identity("又一个"), NOW)
    assert refused is VisitorRefusal.NAME_DIFFERS


async def test_security_second_H3_a_known_document_is_not_kept_under_another_name(stage: Stage) -> None:
    owner = await proved(stage)
    wrong = await add_visitor(stage.tx, VAULT, stage.holder, identity("随便谁"), NOW)
    right = await add_visitor(stage.tx, VAULT, stage.holder, identity("阿依古丽 买买提"), NOW)
    own = await add_visitor(stage.tx, VAULT, owner, identity("随便谁"), NOW)
    assert wrong is VisitorRefusal.NAME_DIFFERS
    assert isinstance(right, VisitorRecord)
    assert isinstance(own, VisitorRecord)
    assert own.name.reveal() == NAME


async def test_security_second_H3_names_are_guessed_no_oftener_than_documents(stage: Stage) -> None:
    await proved(stage)
    names = ["随便谁", *["李四"] * (VISITOR_ADDS_PER_DAY - 1), NAME]
    said = [await add_visitor(stage.tx, VAULT, stage.holder, identity(name), NOW) for name in names]
    assert said == [VisitorRefusal.NAME_DIFFERS] * VISITOR_ADDS_PER_DAY + [VisitorRefusal.TOO_OFTEN]


async def test_security_second_H3_a_booking_under_another_name_is_refused_before_anything_is_told(
    stage: Stage,
) -> None:
    """A visitor who was kept before the person had an account, or who stands in a request: the engine compares."""
    venue = await stage.venue()
    first, second = await slots(stage, 2, venue)
    before = await stage.ask((first, (visitor("随便谁"),)))
    assert before.outcome is Outcome.CONFIRMED  # nobody has proved the document yet
    await traveller_for(stage.tx, VAULT, identity("我自己"), NOW)
    typed = await stage.ask((await one_more(stage), (visitor("随便谁"),)))
    assert typed.outcome is Outcome.CONFIRMED  # an account that typed it speaks for nobody
    owner = await proved(stage)
    wrong = await stage.ask((second, (*stage.people(1), visitor("随便谁"))))
    assert (wrong.outcome, wrong.line, wrong.visitor) == (Outcome.NAME_DIFFERS, 0, 1)
    right = await stage.ask((second, (visitor("阿依古丽 买买提"),)))
    assert right.outcome is Outcome.PERSON_TWICE
    other_venue = await stage.venue()
    [third] = await slots(stage, 1, other_venue)
    assert (await stage.ask((third, (visitor("我自己"),)), holder_id=owner)).outcome is Outcome.CONFIRMED
    [fourth] = await slots(stage, 1, await stage.venue())
    desk = await stage.ask((fourth, (visitor("随便谁"),)), channel=Channel.WINDOW)
    assert desk.outcome is Outcome.CONFIRMED


async def test_security_second_H3_another_spelling_is_added_and_then_good(stage: Stage) -> None:
    await proved(stage)
    key = VAULT.person_key(identity().document.key)
    assert await note_seen(stage.tx, VAULT, key, "AYGUL MAMAT", NOW, staff_id=None)
    added = await add_visitor(stage.tx, VAULT, stage.holder, identity("Aygul Mamat"), NOW)
    assert isinstance(added, VisitorRecord)
    more = [
        await note_seen(stage.tx, VAULT, key, f"NAME {n}", NOW, staff_id=None) for n in range(KNOWN_NAMES_MAX)
    ]
    assert more == [True] * (KNOWN_NAMES_MAX - 2) + [False] * 2
    assert await note_seen(stage.tx, VAULT, key, "aygul mamat", NOW, staff_id=None)


async def test_security_second_H3_accounts_of_an_older_version_get_their_names_noted(stage: Stage) -> None:
    await traveller_for(stage.tx, VAULT, identity(), NOW)
    await stage.tx.execute("DELETE FROM accounts.known_name")
    assert await note_names(stage.tx, VAULT, 0, NOW) is None
    noted = await stage.tx.execute("SELECT count(*), count(seen_at) FROM accounts.known_name")
    assert await noted.fetchone() == (1, 0)


FALSE = ("假甲", "假乙", "假丙", "假丁", "假戊", "假己")
BAD, HONEST, SECOND = 101, 102, 103  # members of staff


async def seen(stage: Stage, name: str, staff_id: int | None) -> bool:
    """Noted a minute after what was noted before."""
    stage.now[0] += timedelta(minutes=1)
    key = VAULT.person_key(identity().document.key)
    return await note_seen(stage.tx, VAULT, key, name, stage.now[0], staff_id=staff_id)


async def speaks(stage: Stage, *names: str) -> list[bool]:
    """Which of these names others may give for the person."""
    key = VAULT.person_key(identity().document.key)
    known = [await name_known(stage.tx, VAULT, key, name, None) for name in names]
    return [one is NameKnown.SAME for one in known]


async def test_security_fifth_10_one_member_of_staff_fills_nobodys_names(stage: Stage) -> None:
    assert [await seen(stage, name, BAD) for name in FALSE] == [True] * 2 + [False] * 4
    assert await seen(stage, NAME, HONEST)
    added = await add_visitor(stage.tx, VAULT, stage.holder, identity(), NOW)
    assert isinstance(added, VisitorRecord)


async def test_security_fifth_10_a_name_that_two_saw_takes_the_place_of_the_oldest_that_one_saw(
    stage: Stage,
) -> None:
    for number, name in enumerate(FALSE):
        assert await seen(stage, name, 200 + number // 2)
    assert not await seen(stage, NAME, HONEST)
    assert not await seen(stage, NAME, HONEST)  # who saw it once is one
    assert await speaks(stage, NAME, FALSE[0]) == [False, True]
    assert await seen(stage, NAME, SECOND)
    assert await speaks(stage, NAME, *FALSE) == [True, False] + [True] * 5
    assert not await seen(stage, FALSE[0], 200)


async def test_security_fifth_10_the_proved_holder_takes_a_place_too_and_staff_who_agree_outrank_them(
    stage: Stage,
) -> None:
    for number, name in enumerate(FALSE):
        assert await seen(stage, name, 200 + number // 2)
    assert await seen(stage, NAME, None)
    assert await speaks(stage, NAME, FALSE[0]) == [True, False]
    for name in ("别一一", "别二二", "别三三", "别四四", "别五五"):
        assert await seen(stage, name, None)
    assert not await seen(stage, "别六六", None)  # six of their own
    assert not await seen(stage, "真名", HONEST)
    assert await seen(stage, "真名", SECOND)
    assert await speaks(stage, "真名", NAME) == [True, False]


async def test_security_fifth_10_a_member_of_staff_notes_so_many_names_in_a_day(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wenyue.accounts.rules.NAMES_SEEN_PER_DAY", 1)
    assert await seen(stage, NAME, BAD)
    other = VAULT.person_key("another person")
    later = NOW + timedelta(days=2)
    noted = [
        await note_seen(stage.tx, VAULT, other, NAME, at, staff_id=who)
        for at, who in ((NOW, BAD), (NOW, HONEST), (later, BAD))
    ]
    assert noted == [False, True, True]
    assert await note_seen(stage.tx, VAULT, VAULT.person_key("third"), NAME, later, staff_id=HONEST)


async def test_security_fifth_10_a_struck_name_needs_another_member_of_staff(stage: Stage) -> None:
    key = VAULT.person_key(identity().document.key)
    assert await seen(stage, NAME, HONEST)
    assert await seen(stage, FALSE[0], BAD)
    code = name_key(VAULT, key, FALSE[0]).hex()[:12]
    assert len(await strike_names(stage.tx, [key], code, NOW)) == 1
    assert await strike_names(stage.tx, [key], code, NOW) == []
    assert not await seen(stage, FALSE[0], BAD)
    assert await speaks(stage, NAME, FALSE[0]) == [True, False]
    assert await seen(stage, FALSE[1], BAD)
    assert not await seen(stage, FALSE[2], BAD)  # what was struck counts in their share
    assert await seen(stage, FALSE[0], SECOND)
