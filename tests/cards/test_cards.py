"""Card types, locking and spending, activation and sign-in against a real server."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import anyio
import psycopg
import pytest

from tests.support.cards import (
    NOW,
    VAULT,
    activated,
    activation_of,
    card_state,
    issued,
    person,
    problem,
    tx,
    value,
)
from tests.support.database import DbUrls
from wenyue import accounts, cards
from wenyue.cards import CardProblem, CardState, Denied
from wenyue.cards.activation import Activated
from wenyue.cards.parse import RulesError
from wenyue.cards.store import load_types, save_type, shipped_types
from wenyue.platform.database.db import Tx

__all__ = ["tx"]
pytestmark = pytest.mark.anyio


# --- types


async def test_types_are_saved_once_and_read_back_as_they_are(tx: Tx) -> None:
    assert await cards.save_types(tx) == 0
    assert await load_types(tx) == {code: one.rules for code, one in shipped_types().items()}


async def test_a_changed_type_gets_a_new_revision(tx: Tx) -> None:
    demo = shipped_types()["demo"]
    assert await save_type(tx, demo) == 0
    rules = cards.parse_rules({**json.loads(await rules_text(tx, "demo")), "party_max": 6})
    changed = type(demo)(code="demo", name=demo.name, source=demo.source, rules=rules)
    assert await save_type(tx, changed) == 1
    assert (await load_types(tx))["demo"].party_max == 6
    assert await value(tx, "SELECT revision FROM cards.card_type WHERE code = 'demo'") == 2


async def test_a_broken_stored_type_is_named(tx: Tx) -> None:
    await tx.execute("UPDATE cards.card_type SET rules = '{}' WHERE code = 'demo'")
    with pytest.raises(RulesError, match="entitlements"):
        await load_types(tx)


async def rules_text(tx: Tx, code: str) -> str:
    text = await value(tx, "SELECT rules::text FROM cards.card_type WHERE code = %s", code)
    assert isinstance(text, str)
    return text


# --- locking and spending


async def facts_of(tx: Tx, *ids: int) -> dict[int, cards.CardFacts]:
    rows = [
        await (await tx.execute(statement, {"ids": list(ids)})).fetchall()
        for statement in (cards.LOCK_CARDS, cards.ENTITLEMENTS_OF, cards.COMPANIONS_OF)
    ]
    return cards.facts_from_rows(*rows)


async def test_the_facts_of_a_card(tx: Tx) -> None:
    answer, _ = await activated(tx)
    friend = await cards.add_companion(
        tx, VAULT, card_id=answer.card_id, holder_id=answer.holder_id, identity=person(2), now=NOW
    )
    assert isinstance(friend, bytes)
    facts = (await facts_of(tx, answer.card_id, 999_999))[answer.card_id]
    assert (facts.type_code, facts.state, facts.holder_id) == ("demo", CardState.ACTIVE, answer.holder_id)
    assert (facts.valid_from, facts.valid_to) == (date(2026, 11, 22), date(2027, 11, 21))
    assert facts.holder_key == VAULT.person_key(person(1).document.key)
    assert facts.companions == {friend}
    assert {no: pot.granted for no, pot in facts.entitlements.items()} == {0: None, 1: 10, 2: 12, 3: 20}
    assert facts.uses == []


async def test_spending_and_giving_back(tx: Tx) -> None:
    one, _ = await activated(tx)
    two, _ = await activated(tx, number=2)
    await cards.spend(
        tx, {(one.card_id, 0): 3, (one.card_id, 1): 2, (two.card_id, 1): 1, (two.card_id, 2): 0}
    )
    await cards.spend(tx, {(one.card_id, 1): -1})
    await cards.spend(tx, {})
    facts = await facts_of(tx, one.card_id, two.card_id)
    assert [pot.used for _, pot in sorted(facts[one.card_id].entitlements.items())] == [3, 1, 0, 0]
    assert [pot.used for _, pot in sorted(facts[two.card_id].entitlements.items())] == [0, 1, 0, 0]


@pytest.mark.parametrize("n", [11, -1])
async def test_the_database_refuses_to_overdraw(tx: Tx, n: int) -> None:
    answer, _ = await activated(tx)
    with pytest.raises(psycopg.errors.CheckViolation):
        await cards.spend(tx, {(answer.card_id, 1): n})


# --- issue


async def test_an_issued_card_has_a_drawn_number_and_pin(tx: Tx) -> None:
    card = await issued(tx)
    stored = await value(tx, "SELECT pin_hash FROM cards.card WHERE id = %s", card.card_id)
    assert isinstance(stored, str)
    assert card.pin.reveal() not in stored
    assert card.pin.reveal() not in repr(card)
    assert await card_state(tx, card.card_id) == CardState.SHIPPED


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"type_code": "nothing"}, "type_code"),
        ({"card_no": "1" * 33}, "card_no"),
        ({"pin": "ab"}, "pin"),
        ({"card_no": "WY-0001"}, "card_no"),
    ],
)
async def test_issuing_names_the_wrong_field(tx: Tx, fields: dict[str, str], field: str) -> None:
    await issued(tx, card_no="WY0001")
    with pytest.raises(ValueError, match=f"^{field}: "):
        await issued(tx, **fields)


async def test_a_type_with_a_sales_window_is_issued_inside_it(tx: Tx) -> None:
    base = shipped_types()["jjj-annual"]
    raw = json.loads(await rules_text(tx, "jjj-annual"))
    windowed = cards.parse_rules({**raw, "sold_from_md": "12-01", "sold_to_md": "03-31"})
    changed = type(base)(code=base.code, name=base.name, source=base.source, rules=windowed)
    await save_type(tx, changed)
    with pytest.raises(ValueError, match="sold from 12-01 to 03-31"):
        await issued(tx, "jjj-annual")
    in_december = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)  # past midnight in Shanghai
    assert await cards.issue(tx, VAULT, type_code="jjj-annual", now=in_december, actor="staff:1")


# --- activation


async def test_activation_makes_the_card_and_the_account_the_persons(tx: Tx) -> None:
    answer, _ = await activated(tx)
    [card] = await cards.cards_of(tx, VAULT, answer.holder_id)
    assert (card.id, card.state, card.is_expired(NOW.date())) == (answer.card_id, CardState.ACTIVE, False)
    assert [pool.left for pool in card.entitlements] == [None, 10, 12, 20]
    assert card.name["zh-CN"] == "演示旅游卡"
    [oneself] = await accounts.visitors(tx, VAULT, answer.holder_id)
    assert oneself.is_self
    written = "SELECT action FROM audit.entry WHERE xid = pg_current_xact_id() ORDER BY id"
    actions = await (await tx.execute(written)).fetchall()
    assert [action for (action,) in actions] == ["card.issued", "traveller.created", "card.activated"]


async def test_activating_again_is_the_same_activation(tx: Tx) -> None:
    answer, card = await activated(tx)
    await cards.spend(tx, {(answer.card_id, 1): 2})
    later = NOW + timedelta(days=3)
    again = await cards.activate(tx, VAULT, activation_of(card, person(1)), later)
    assert again == replace(answer, is_replay=True)
    assert (await facts_of(tx, answer.card_id))[answer.card_id].entitlements[1].used == 2
    other = await cards.activate(tx, VAULT, activation_of(card, person(2)), later)
    assert problem(other) is CardProblem.ACTIVE_ELSEWHERE


async def test_one_person_can_have_two_cards(tx: Tx) -> None:
    one, _ = await activated(tx)
    second = activation_of(await issued(tx, "yichang-annual"), person(1))
    stranger = await cards.activate(tx, VAULT, second, NOW)
    assert problem(stranger) is CardProblem.HOLDER_CLAIMED  # a document number is no secret: sign in first
    two = await cards.activate(tx, VAULT, replace(second, signed_in_as=one.holder_id), NOW)
    assert isinstance(two, Activated)
    assert one.holder_id == two.holder_id
    assert {card.type_code for card in await cards.cards_of(tx, VAULT, one.holder_id)} == {
        "demo",
        "yichang-annual",
    }


async def test_a_document_number_opens_no_account(tx: Tx) -> None:
    """Knowing somebody's document and owning any fresh card must not lead into their account."""
    answer, _ = await activated(tx)
    card = await issued(tx, "kunshan-electronic")
    request = activation_of(card, person(1, "张冒名"))
    posed = await cards.activate(tx, VAULT, request, NOW)
    assert isinstance(posed, Activated)
    assert (posed.holder_id != answer.holder_id, posed.is_further) == (True, False)
    stranger, _ = await activated(tx, number=2)
    card = await issued(tx, "kunshan-electronic")
    posing = replace(activation_of(card, person(1)), signed_in_as=stranger.holder_id)
    assert problem(await cards.activate(tx, VAULT, posing, NOW)) is CardProblem.HOLDER_CLAIMED
    misnamed = replace(activation_of(card, person(1, "张改名")), signed_in_as=answer.holder_id)
    assert problem(await cards.activate(tx, VAULT, misnamed, NOW)) is CardProblem.HOLDER_KNOWN
    signed_in = replace(activation_of(card, person(1)), signed_in_as=answer.holder_id)
    second = await cards.activate(tx, VAULT, signed_in, NOW)
    assert isinstance(second, Activated)
    assert second.holder_id == answer.holder_id
    at_the_counter = replace(activation_of(await issued(tx), person(1)), actor="staff:3")
    assert isinstance(await cards.activate(tx, VAULT, at_the_counter, NOW), Activated)


async def test_security_L_unknown_mistyped_and_dead_numbers_get_one_answer(tx: Tx) -> None:
    card = await issued(tx, card_no="4000000000000002", pin="12345678")
    spaced = replace(activation_of(card, person(1)), card_no=" ４０００-0000 0000 0002", pin=" 1234 5678")
    other = "4000000000000010"
    await tx.execute(
        "INSERT INTO cards.dead_number VALUES (%s, %s, now(), 'lost', gen_random_uuid())",
        ["5000000000000001", card.card_id],
    )
    numbers = ["4000000000000003", "12", "", other[:15] + _check(other[:15]), "5000000000000001"]
    for number in numbers:
        answer = await cards.activate(tx, VAULT, replace(spaced, card_no=number), NOW)
        assert answer == Denied(CardProblem.PIN_WRONG), number
        assert await cards.sign_in(tx, VAULT, number, "12345678") == Denied(CardProblem.PIN_WRONG), number
    assert isinstance(await cards.activate(tx, VAULT, spaced, NOW), Activated)


def _check(serial: str) -> str:
    from wenyue.cards.codes import check_digit

    return check_digit(serial)


async def test_a_card_that_was_not_shipped_is_not_activated(tx: Tx) -> None:
    card = await cards.issue(tx, VAULT, type_code="demo", now=NOW, actor="staff:1", is_shipped=False)
    answer = await cards.activate(tx, VAULT, activation_of(card, person(1)), NOW)
    assert problem(answer) is CardProblem.NOT_SHIPPED


async def test_deadline_and_age_are_checked_and_leave_no_trace(tx: Tx) -> None:
    before = await value(tx, "SELECT count(*) FROM accounts.traveller")
    late = await issued(tx, "yichang-annual")
    answer = await cards.activate(tx, VAULT, activation_of(late, person(1)), NOW + timedelta(days=200))
    assert answer == Denied(CardProblem.DEADLINE_PASSED, on_date=date(2027, 5, 22))
    senior = await issued(tx, "jjj-senior")
    young = await cards.activate(tx, VAULT, activation_of(senior, person(1, born="20000101")), NOW)
    assert problem(young) is CardProblem.TOO_YOUNG
    assert await value(tx, "SELECT count(*) FROM accounts.traveller") == before
    assert await card_state(tx, senior.card_id) == CardState.SHIPPED
    old = await cards.activate(tx, VAULT, activation_of(senior, person(1, born="19491231")), NOW)
    assert isinstance(old, Activated)


async def test_a_card_that_starts_with_the_first_visit(tx: Tx) -> None:
    answer, _ = await activated(tx, "shanghai-disney-2020")
    assert (answer.valid_from, answer.valid_to) == (None, None)
    assert await cards.begin_validity(tx, answer.card_id, date(2026, 12, 24), NOW)
    assert not await cards.begin_validity(tx, answer.card_id, date(2026, 12, 25), NOW)
    facts = (await facts_of(tx, answer.card_id))[answer.card_id]
    assert (facts.valid_from, facts.valid_to) == (date(2026, 12, 24), date(2027, 12, 23))
    plain, _ = await activated(tx, number=2)
    assert not await cards.begin_validity(tx, plain.card_id, date(2026, 12, 24), NOW)


# --- signing in


async def test_number_and_pin_sign_the_holder_in(tx: Tx) -> None:
    answer, card = await activated(tx)
    assert await cards.sign_in(tx, VAULT, card.card_no, card.pin.reveal()) == answer.holder_id
    fresh = await issued(tx)
    assert (
        problem(await cards.sign_in(tx, VAULT, fresh.card_no, fresh.pin.reveal()))
        is CardProblem.NOT_ACTIVATED
    )
    assert problem(await cards.sign_in(tx, VAULT, "", "")) is CardProblem.PIN_WRONG


async def test_signing_in_writes_nothing_and_waits_for_no_booking(db_urls: DbUrls) -> None:
    """A booking batch holds the card's row; its holder signs in meanwhile."""
    async with (
        await psycopg.AsyncConnection.connect(db_urls.owner_url) as desk,
        await psycopg.AsyncConnection.connect(db_urls.owner_url) as batch,
    ):
        await cards.save_types(desk)
        answer, card = await activated(desk, number=7)
        await desk.commit()
        await facts_of(batch, answer.card_id)
        await desk.execute("SET lock_timeout = '2s'")
        assert await cards.sign_in(desk, VAULT, card.card_no, card.pin.reveal()) == answer.holder_id
        await batch.rollback()


async def test_two_people_cannot_activate_one_card(db_urls: DbUrls) -> None:
    async with await psycopg.AsyncConnection.connect(db_urls.owner_url) as desk:
        await cards.save_types(desk)
        card = await issued(desk)
        await desk.commit()
    answers: list[object] = []

    async def try_it(number: int) -> None:
        async with await psycopg.AsyncConnection.connect(db_urls.owner_url) as connection:
            answers.append(await cards.activate(connection, VAULT, activation_of(card, person(number)), NOW))

    async with anyio.create_task_group() as group:
        for number in range(20, 26):
            group.start_soon(try_it, number)
    assert sum(isinstance(answer, Activated) for answer in answers) == 1
    assert [problem(answer) for answer in answers].count(CardProblem.ACTIVE_ELSEWHERE) == 5
