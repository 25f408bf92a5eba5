"""A typed document at the gate and at the counter: it uses up nobody's place, and no clerk alone takes accounts away for good."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.security.test_claims import MINE, actions, booked, owner, seen
from tests.support.api_site import Person
from tests.support.card_desk import PHONE, Desk, acts, open_code, sign_in, staff_of
from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, document
from tests.support.gate_scans import NOW as GATE_NOW
from tests.support.gate_scans import at_the_gate, present
from tests.support.traveller_site import (
    CARD,
    DAILY_CARD,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.abuse import SHIPPED, Pattern
from wenyue.accounts import Identity, names, save_staff, traveller_for
from wenyue.catalogue import venue
from wenyue.changes import store
from wenyue.core.duties import Duty, Role
from wenyue.core.ids import uuid7
from wenyue.core.limits import TAKEN_ALONE_PER_DAY, TAKEN_PER_DAY
from wenyue.gate import Presented, Reason
from wenyue.gate.model import ScanAnswer
from wenyue.web.wording.gate_sentences import say_scan

pytestmark = pytest.mark.anyio


async def shown(desk: Desk, keeper: Person, presented: str, **more: Any) -> dict[str, Any]:
    """What the gate of the lake says to a card or a document."""
    body = {"scan_id": str(uuid7()), "venue": "lake", "gate": "N", "presented": presented, **more}
    answer = await desk.post("/v1/gate/scans", body, keeper)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def slot_now(desk: Desk) -> int:
    """The lake's session that the gate admits to at this hour."""
    for one in await desk.site.slots("lake", NOW.date()):
        if one["starts_at"] <= NOW.isoformat() < one["ends_at"]:
            return one["slot_id"]
    return (await desk.site.slots("lake", NOW.date()))[0]["slot_id"]


async def squat(desk: Desk) -> Person:
    """Somebody activates a card of their own with Zhang's number, which is no secret, and any name."""
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": "赵小贼", "number": DOCUMENT}
    made = await desk.post("/v1/cards/activation", {**body, "is_separate": True})
    assert made.status_code == 201, made.text
    return Person((await sign_in(desk, *DAILY_CARD)).json()["token"], made.json()["holder_id"])


async def test_security_sixth_S1_a_card_that_only_claims_the_document_uses_up_nobodys_place(
    desk: Desk,
) -> None:
    me, keeper = await owner(desk), await desk.site.staff()
    await squat(desk)
    made = await booked(desk, me, await slot_now(desk))
    assert made.status_code == 201, made.text
    refused = await shown(desk, keeper, DAILY_CARD[0])
    assert refused["reason"] == "show_document"
    told = [refused.get(one) for one in ("booking_id", "product", "starts_at", "name", "document")]
    assert [one for one in told if one] == []  # nor is the owner's visit told to whoever has such a card
    assert refused.get("others") in ([], None)
    admitted = await shown(desk, keeper, DOCUMENT)
    assert (admitted["reason"], admitted["booking_id"]) == ("admit", made.json()["id"])


async def test_security_sixth_S1_a_card_presents_what_its_own_account_booked(desk: Desk) -> None:
    keeper, thief = await desk.site.staff(), await squat(desk)
    made = await booked(desk, thief, await slot_now(desk))
    assert made.status_code == 201, made.text
    assert (await shown(desk, keeper, DAILY_CARD[0]))["booking_id"] == made.json()["id"]


async def test_security_sixth_S1_once_staff_saw_the_document_the_card_presents_what_others_booked(
    desk: Desk,
) -> None:
    friend = Person((await sign_in(desk, *CARD)).json()["token"])
    await owner(desk)
    made = await booked(desk, friend, await slot_now(desk))
    assert made.status_code == 201, made.text
    keeper, operator = await desk.site.staff(), await staff_of(desk, "op")
    assert (await shown(desk, keeper, OTHER_CARD[0]))["reason"] == "show_document"
    both = await seen(desk, operator, card_nos=[OTHER_CARD[0], CARD[0]])
    assert both.status_code == 200, both.text
    assert (await shown(desk, keeper, OTHER_CARD[0]))["reason"] == "admit"


async def test_security_sixth_S1_a_table_is_entered_with_the_card_of_whoever_booked_it(
    make_database: Callable[[], DbUrls],
) -> None:
    async with at_the_gate(make_database()) as fixtures:
        accounts = [
            await traveller_for(
                fixtures.tx, fixtures.desk.vault, Identity(name, document(ADULTS[0], GATE_NOW.date())), GATE_NOW,
                is_separate=True,
            )
            for name in ("王小明", "赵小贼")
        ]  # fmt: skip
        for number, holder_id in zip(("6000202600000019", "6000202600000027"), accounts, strict=True):
            card_id = await fixtures.card(number, holder=ADULTS[0])
            await fixtures.tx.execute(
                "UPDATE cards.card SET holder_id = %s WHERE id = %s", [holder_id, card_id]
            )
        await fixtures.book(quantity=4, documents=(), holder_id=accounts[0])
        assert (await present(fixtures, "6000202600000027")).reason is Reason.NO_BOOKING
        assert (await present(fixtures, "6000202600000019")).reason is Reason.ADMIT


@pytest.mark.parametrize(("locale", "word"), [("zh-CN", "请出示证件"), ("en", "Show the document")])
def test_security_sixth_S1_the_gate_says_what_to_show(locale: str, word: str) -> None:
    answer = ScanAnswer(
        scan_id=uuid7(), at=NOW, venue_id=1, gate="N", reason=Reason.SHOW_DOCUMENT, presented=Presented.CARD
    )
    assert say_scan(answer, locale).word == word


SECOND = {"login": "second", "password": "right horse"}


async def member(desk: Desk, login: str, *duties: Role) -> Person:
    """Somebody of the lake's staff, signed in."""
    services = desk.site.app.services
    async with services.db.connection() as tx:
        lake = await venue(tx, "lake")
    assert lake is not None
    held = frozenset(Duty(role, lake.id if role is Role.DESK else None) for role in duties)
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        await save_staff(
            tx, services.vault, login=login, password="right horse", duties=held, now=NOW, actor="test"
        )
    signed = await desk.post("/v1/gate/session", {"login": login, "password": "right horse"})
    return Person(signed.json()["token"])


async def settled(desk: Desk, who: Person, **more: Any) -> dict[str, Any]:
    """What the counter answers, which must be that it is settled."""
    done = await seen(desk, who, **more)
    assert done.status_code == 200, done.text
    return done.json()


async def refused(desk: Desk, who: Person, **more: Any) -> tuple[int, str]:
    """Why the counter settles nothing."""
    answer = await seen(desk, who, **more)
    return answer.status_code, answer.json()["outcome"]


async def victim_of(desk: Desk) -> Person:
    """Zhang, who holds CARD and whom no member of staff has seen yet."""
    return Person((await sign_in(desk, *CARD)).json()["token"])


async def test_security_sixth_S2_the_card_beside_the_document_gets_everything_back(desk: Desk) -> None:
    me, clerk = await victim_of(desk), await member(desk, "clerk", Role.DESK)
    path, _ = await open_code(desk)  # a request that is under way
    assert (await settled(desk, clerk, has_no_card=True, name="谁都行"))["claims_lost"] == 1
    assert (await sign_in(desk, *CARD)).json()["outcome"] == "card_frozen"
    assert (await acts(desk, me)) == 401
    back = await settled(desk, await member(desk, "other", Role.DESK), card_nos=[CARD[0]])
    assert back == {"accounts": 1, "claims_lost": 0, "claims_back": 1, "is_name_noted": True}
    again = await victim_of(desk)
    assert (await acts(desk, again)) == 201
    listed = (await desk.site.client.get("/v1/visitors", headers=again.headers)).json()
    assert listed["items"][0]["is_self"]
    assert (await desk.begin(str(uuid7()))).status_code == 202  # and codes are sent as before
    told = len(desk.phones.texts)
    await desk.deliver()
    assert any(re.search(r"\d{6}", text) for text in desk.phones.texts[told:]), desk.phones.texts
    assert (await desk.post(path, {"code": "123456"})).status_code == 403
    once_more = await settled(desk, clerk, card_nos=[CARD[0]])
    assert (once_more["claims_back"], once_more["claims_lost"]) == (0, 0)
    assert {"holder.claim_back", "card.thawed", "name.struck"} <= await actions(desk)


async def test_security_sixth_S2_the_false_name_speaks_no_more_once_the_card_is_shown(desk: Desk) -> None:
    clerk, other = await member(desk, "clerk", Role.DESK), await member(desk, "other", Role.DESK)
    assert (await settled(desk, clerk, has_no_card=True, name="谁都行"))["claims_lost"] == 1
    assert (await desk.post("/v1/cards/activation", MINE)).json()["outcome"] == "card_holder_known"
    await settled(desk, other, card_nos=[CARD[0]])
    services = desk.site.app.services
    person = services.vault.person_key(document(DOCUMENT, NOW.date()).key)
    async with services.db.connection() as tx:
        speaking = [one.key for one in await names.names_seen(tx, [person]) if one.seen_at is not None]
    assert speaking == [names.name_key(services.vault, person, NAME)]
    me = await victim_of(desk)
    joined = await desk.post("/v1/cards/activation", MINE, me)
    assert joined.status_code == 201, joined.text


async def test_security_sixth_S2_a_card_that_was_lost_before_stays_frozen(desk: Desk) -> None:
    me, clerk = await victim_of(desk), await member(desk, "clerk", Role.DESK)
    assert (await desk.post(f"/v1/cards/{CARD[0]}/loss", None, me)).status_code == 200
    await settled(desk, clerk, has_no_card=True)
    await settled(desk, clerk, card_nos=[CARD[0]])
    assert (await sign_in(desk, *CARD)).json()["outcome"] == "card_frozen"


async def test_security_sixth_S2_the_phone_is_told_what_to_do_and_that_it_is_back(desk: Desk) -> None:
    clerk = await member(desk, "clerk", Role.DESK)
    await desk.deliver()
    await settled(desk, clerk, has_no_card=True)
    lost = await desk.deliver()
    assert ("带证件原件和卡" in lost, "恢复" in lost, desk.phones.to[-1]) == (True, True, f"+86{PHONE}")
    await settled(desk, clerk, card_nos=[CARD[0]])
    assert "已恢复" in await desk.deliver()


async def test_security_sixth_S2_bookings_to_come_are_taken_by_two(desk: Desk) -> None:
    me, clerk = await victim_of(desk), await member(desk, "clerk", Role.DESK)
    slot_id = (await desk.site.slots("lake"))[1]["slot_id"]
    assert (await booked(desk, me, slot_id)).status_code == 201
    assert await refused(desk, clerk, has_no_card=True) == (403, "holder_second")
    own = {"login": "clerk", "password": "right horse"}
    assert await refused(desk, clerk, has_no_card=True, second=own) == (403, "holder_second_unfit")
    await member(desk, "second", Role.GATE)
    assert await refused(desk, clerk, has_no_card=True, second=SECOND) == (403, "holder_second_unfit")
    wrong = {"login": "second", "password": "wrong"}
    assert await refused(desk, clerk, has_no_card=True, second=wrong) == (403, "staff_wrong")
    assert (await acts(desk, me)) == 201  # none of it took anything
    await member(desk, "second", Role.DESK)
    assert (await settled(desk, clerk, has_no_card=True, second=SECOND))["claims_lost"] == 1
    async with desk.site.app.services.db.connection() as tx:
        rows = await tx.execute(
            "SELECT detail->>'confirmed_by' FROM audit.entry WHERE action = 'holder.claim_lost'"
        )
        assert (await rows.fetchall())[0][0].startswith("staff:")
    await settled(desk, clerk, card_nos=[CARD[0]])
    listed = await desk.site.client.get("/v1/bookings", headers=(await victim_of(desk)).headers)
    assert [one["state"] for one in listed.json()["items"]] == ["confirmed"]


async def test_security_sixth_S2_a_phone_that_answered_is_taken_by_two(desk: Desk) -> None:
    await desk.proven()
    clerk = await member(desk, "clerk", Role.DESK)
    assert await refused(desk, clerk, has_no_card=True) == (403, "holder_second")


async def test_security_sixth_S2_where_nobody_else_is_one_settles_alone(desk: Desk) -> None:
    await desk.proven()
    clerk = await member(desk, "clerk", Role.DESK)
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        await store.declare(tx, is_one=True, actor="test", now=NOW)
    assert (await settled(desk, clerk, has_no_card=True))["claims_lost"] == 1


async def test_security_sixth_S2_few_a_day_alone_and_not_many_at_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = await member(desk, "clerk", Role.DESK)
    assert (TAKEN_ALONE_PER_DAY, TAKEN_PER_DAY) <= (3, 20)
    monkeypatch.setattr("wenyue.application.taking_documents.TAKEN_ALONE_PER_DAY", 1)
    monkeypatch.setattr("wenyue.application.taking_documents.TAKEN_PER_DAY", 2)
    await settled(desk, clerk, has_no_card=True)
    await settled(
        desk, clerk, card_nos=[CARD[0]]
    )  # as theirs, by staff: an administrator takes it from now on
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": OTHER_NAME, "number": OTHER_DOCUMENT}
    assert (await desk.post("/v1/cards/activation", body)).status_code == 201
    theirs = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    assert await refused(desk, clerk, has_no_card=True, **theirs) == (403, "holder_second")
    await member(desk, "second", Role.DESK)
    assert (await settled(desk, clerk, has_no_card=True, second=SECOND, **theirs))["claims_lost"] == 1
    third = {"name": NAME, "number": ADULTS[1]}
    body = {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1], **third}
    assert (await desk.post("/v1/cards/activation", body)).status_code == 201
    assert await refused(desk, clerk, has_no_card=True, second=SECOND, **third) == (429, "holder_often")
    signs = desk.site.app.services.abuse.counts
    assert signs[Pattern.TAKEN_DOCUMENTS] == 4
    assert SHIPPED[Pattern.TAKEN_DOCUMENTS].limit <= TAKEN_PER_DAY


async def set_scope(desk: Desk, login: str, *, venue: int | None) -> None:
    """Their duties are of this venue from now on, or of every venue."""
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        await tx.execute(
            "UPDATE accounts.duty d SET venue_id = %s FROM accounts.staff s WHERE s.id = d.staff_id AND s.login = %s",
            [venue, login],
        )


async def test_security_sixth_S2_what_staff_saw_and_settled_is_overturned_by_an_administrator(
    desk: Desk,
) -> None:
    """A clerk gave the document to whoever had squatted on it: the owner's card, shown with the document, turns that around."""
    thief, clerk = await squat(desk), await member(desk, "clerk", Role.DESK)
    assert (await settled(desk, clerk, card_nos=[DAILY_CARD[0]], name="赵小贼"))["claims_lost"] == 1
    other = await member(desk, "other", Role.DESK)
    assert await refused(desk, other, card_nos=[CARD[0]]) == (409, "holder_seen")
    boss = await member(desk, "boss", Role.ADMINISTRATOR, Role.OPERATOR)
    await set_scope(desk, "boss", venue=1)
    assert await refused(desk, boss, card_nos=[CARD[0]]) == (409, "holder_seen")  # ninth F6
    await set_scope(desk, "boss", venue=None)
    back = await settled(desk, boss, card_nos=[CARD[0]])
    assert (back["claims_back"], back["claims_lost"]) == (1, 1)
    assert (await acts(desk, await victim_of(desk))) == 201
    assert (await acts(desk, thief)) == 401
    assert (await sign_in(desk, *DAILY_CARD)).json()["outcome"] == "card_frozen"
    assert await refused(desk, other, card_nos=[DAILY_CARD[0]]) == (409, "holder_seen")


async def test_security_sixth_S2_who_shows_both_cards_has_both_accounts(desk: Desk) -> None:
    """The second card was in the drawer at home when the first was settled."""
    await owner(desk)
    clerk = await member(desk, "clerk", Role.DESK)
    assert (await settled(desk, clerk, card_nos=[CARD[0]]))["claims_lost"] == 1
    both = await settled(desk, clerk, card_nos=[CARD[0], OTHER_CARD[0]])
    assert (both["accounts"], both["claims_back"], both["claims_lost"]) == (2, 1, 0)
    assert (await sign_in(desk, *OTHER_CARD)).status_code == 201


async def test_security_sixth_S2_a_card_of_nobody_is_still_refused(desk: Desk) -> None:
    clerk = await member(desk, "clerk", Role.DESK)
    await settled(desk, clerk, has_no_card=True)
    theirs = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    assert await refused(desk, clerk, card_nos=[CARD[0]], **theirs) == (404, "holder_unknown")
