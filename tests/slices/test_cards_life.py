"""挂失, 解挂, 补卡, companions and the extension of validity against a real server."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

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
    undone,
    value,
)
from tests.support.database import DbUrls
from wenyue import cards
from wenyue.cards import CardProblem, CardState, Denied, changes
from wenyue.cards.activation import Activated, Issued
from wenyue.cards.changes import COMPANION_CHANGES_MAX
from wenyue.cards.loss import Replaced
from wenyue.cards.recovery import Recovery
from wenyue.cards.store import save_type, shipped_types
from wenyue.infra.db import Tx

pytestmark = pytest.mark.anyio
REQUEST = UUID("01939f00-0000-7000-8000-000000000001")
OTHER_REQUEST = UUID("01939f00-0000-7000-8000-000000000002")
PROOF = UUID("01939f00-0000-7000-8000-000000000004")
EXTENSION = UUID("01939f00-0000-7000-8000-000000000003")


@pytest.fixture
async def tx(db_urls: DbUrls) -> AsyncIterator[Tx]:
    async with undone(db_urls) as connection:
        yield connection


async def freeze(tx: Tx, card: Issued, holder_id: int | None) -> CardState | Denied:
    return await cards.report_loss(
        tx, card_no=card.card_no, holder_id=holder_id, now=NOW, actor="traveller:1"
    )


async def proof(tx: Tx) -> Recovery:
    """That staff have seen the holder's document, when every card there is was lost."""
    row = (
        "INSERT INTO cards.recovery (id, holder_id, phone_key, how, started_at)"
        " SELECT %s, min(holder_id), '', 'staff', %s FROM cards.card ON CONFLICT (id) DO NOTHING"
    )
    await tx.execute(row, [PROOF, NOW])
    rows = await (await tx.execute("SELECT id FROM cards.card WHERE holder_id IS NOT NULL")).fetchall()
    return Recovery(PROOF, "staff", NOW, card_ids=frozenset(id_ for (id_,) in rows))


async def thaw(tx: Tx, card: Issued, holder_id: int, found: Recovery | None) -> CardState | Denied:
    return await cards.lift_loss(
        tx, card_no=card.card_no, holder_id=holder_id, proof=found, now=NOW, actor="traveller:1"
    )


async def swap(
    tx: Tx, card_no: str, holder_id: int | None, request_id: UUID = REQUEST, *, on: Recovery | None = None
) -> Replaced | Denied:
    return await cards.replace(
        tx,
        VAULT,
        request_id=request_id,
        card_no=card_no,
        holder_id=holder_id,
        now=NOW,
        actor="traveller:1",
        proof=on or await proof(tx),
    )


# --- loss


async def test_a_lost_card_is_frozen_and_thawed(tx: Tx) -> None:
    answer, card = await activated(tx)
    for _ in range(2):
        assert await freeze(tx, card, answer.holder_id) is CardState.FROZEN
        assert await card_state(tx, answer.card_id) is CardState.FROZEN
    for found in (None, replace(await proof(tx), card_ids=frozenset())):
        assert problem(await thaw(tx, card, answer.holder_id, found)) is CardProblem.PROOF_NEEDED
    for _ in range(2):
        assert await thaw(tx, card, answer.holder_id, await proof(tx)) is CardState.ACTIVE
        assert await card_state(tx, answer.card_id) is CardState.ACTIVE
    written = (
        "SELECT action FROM audit.entry WHERE xid = pg_current_xact_id() AND action IN (%s, %s) ORDER BY id"
    )
    actions = await (await tx.execute(written, ["card.frozen", "card.thawed"])).fetchall()
    assert [action for (action,) in actions] == ["card.frozen", "card.thawed"]


async def test_whoever_finds_a_frozen_card_cannot_sign_in_or_activate(tx: Tx) -> None:
    answer, card = await activated(tx)
    await freeze(tx, card, answer.holder_id)
    assert problem(await cards.sign_in(tx, VAULT, card.card_no, card.pin.reveal())) is CardProblem.FROZEN
    finder = await cards.activate(tx, VAULT, activation_of(card, person(2)), NOW)
    assert problem(finder) is CardProblem.ACTIVE_ELSEWHERE
    holder = await cards.activate(tx, VAULT, activation_of(card, person(1)), NOW)
    assert problem(holder) is CardProblem.FROZEN


async def test_only_the_holder_or_staff_report_a_loss(tx: Tx) -> None:
    answer, card = await activated(tx)
    other, _ = await activated(tx, number=2)
    assert problem(await freeze(tx, card, other.holder_id)) is CardProblem.NUMBER_UNKNOWN
    assert problem(await thaw(tx, card, other.holder_id, await proof(tx))) is CardProblem.NUMBER_UNKNOWN
    assert problem(await swap(tx, card.card_no, other.holder_id)) is CardProblem.NUMBER_UNKNOWN
    assert await card_state(tx, answer.card_id) is CardState.ACTIVE
    assert await freeze(tx, card, None) is CardState.FROZEN
    fresh = await issued(tx)
    assert problem(await freeze(tx, fresh, None)) is CardProblem.NOT_ACTIVATED


# --- replacement


async def test_a_replacement_keeps_the_card_and_kills_its_number(tx: Tx) -> None:
    answer, card = await activated(tx, "kunshan-electronic")
    await cards.spend(tx, {(answer.card_id, 0): 2})
    await freeze(tx, card, answer.holder_id)
    new = await swap(tx, card.card_no, answer.holder_id)
    assert isinstance(new, Replaced)
    assert (new.card_id, new.fee_minor, new.is_replay) == (answer.card_id, 2500, False)
    assert new.card_no != card.card_no
    assert await card_state(tx, answer.card_id) is CardState.ACTIVE
    [view] = await cards.cards_of(tx, VAULT, answer.holder_id)
    assert (view.card_no, view.entitlements[0].used, view.valid_to) == (new.card_no, 2, answer.valid_to)
    assert await cards.sign_in(tx, VAULT, new.card_no, new.pin.reveal()) == answer.holder_id
    # The old number is dead for everything, and for ever.
    assert problem(await cards.sign_in(tx, VAULT, card.card_no, card.pin.reveal())) is CardProblem.PIN_WRONG
    again = await cards.activate(tx, VAULT, activation_of(card, person(1)), NOW)
    assert problem(again) is CardProblem.PIN_WRONG
    assert problem(await freeze(tx, card, answer.holder_id)) is CardProblem.NUMBER_DEAD
    with pytest.raises(ValueError, match="is taken"):
        await issued(tx, card_no=card.card_no)


async def test_only_a_card_reported_lost_is_replaced(tx: Tx) -> None:
    answer, card = await activated(tx)
    assert problem(await swap(tx, card.card_no, answer.holder_id)) is CardProblem.NOT_FROZEN
    assert problem(await swap(tx, "", answer.holder_id)) is CardProblem.NUMBER_UNKNOWN


async def test_the_same_replacement_request_replaces_once(tx: Tx) -> None:
    answer, card = await activated(tx)
    await freeze(tx, card, answer.holder_id)
    first = await swap(tx, card.card_no, answer.holder_id)
    again = await swap(tx, card.card_no, answer.holder_id)
    assert isinstance(first, Replaced)
    assert isinstance(again, Replaced)
    assert (again.card_no, again.is_replay) == (first.card_no, True)
    assert await cards.sign_in(tx, VAULT, again.card_no, again.pin.reveal()) == answer.holder_id
    assert problem(await cards.sign_in(tx, VAULT, first.card_no, first.pin.reveal())) is CardProblem.PIN_WRONG
    assert problem(await swap(tx, card.card_no, answer.holder_id + 1)) is CardProblem.NUMBER_UNKNOWN
    elsewhere = Recovery(OTHER_REQUEST, "code", NOW, card_ids=frozenset({answer.card_id}))
    assert problem(await swap(tx, card.card_no, answer.holder_id, on=elsewhere)) is CardProblem.PROOF_NEEDED
    other = await swap(tx, card.card_no, answer.holder_id, OTHER_REQUEST)
    assert problem(other) is CardProblem.NUMBER_DEAD
    assert await value(tx, "SELECT count(*) FROM cards.dead_number WHERE card_id = %s", answer.card_id) == 1


async def test_an_old_replacement_request_does_not_touch_a_newer_number(tx: Tx) -> None:
    answer, card = await activated(tx)
    await freeze(tx, card, answer.holder_id)
    first = await swap(tx, card.card_no, answer.holder_id)
    assert isinstance(first, Replaced)
    await cards.report_loss(tx, card_no=first.card_no, holder_id=None, now=NOW, actor="staff:1")
    later = NOW + timedelta(days=1)
    second = await cards.replace(
        tx,
        VAULT,
        request_id=OTHER_REQUEST,
        card_no=first.card_no,
        holder_id=None,
        now=later,
        actor="staff:1",
        proof=await proof(tx),
    )
    assert isinstance(second, Replaced)
    assert problem(await swap(tx, card.card_no, answer.holder_id)) is CardProblem.NUMBER_DEAD
    assert await cards.sign_in(tx, VAULT, second.card_no, second.pin.reveal()) == answer.holder_id


# --- companions


async def befriend(tx: Tx, answer: Activated, number: int, **person_fields: str) -> bytes | Denied:
    return await cards.add_companion(
        tx,
        VAULT,
        card_id=answer.card_id,
        holder_id=answer.holder_id,
        identity=person(number, **person_fields),
        now=NOW,
    )


async def part(tx: Tx, answer: Activated, person_key: bytes) -> bool | Denied:
    return await cards.remove_companion(
        tx, card_id=answer.card_id, holder_id=answer.holder_id, person_key=person_key, now=NOW
    )


async def test_companions_come_go_and_come_back(tx: Tx) -> None:
    answer, _ = await activated(tx)
    keys = [await befriend(tx, answer, number) for number in (2, 3, 4, 5)]
    assert problem(await befriend(tx, answer, 6)) is CardProblem.COMPANIONS_FULL
    assert await befriend(tx, answer, 2) == keys[0]
    [view] = await cards.cards_of(tx, VAULT, answer.holder_id)
    assert {one.person_key for one in view.companions} == set(keys)
    assert all(one.label.startswith("张*三 11*") and one.birth for one in view.companions)
    assert isinstance(keys[0], bytes)
    assert await part(tx, answer, keys[0]) is True
    assert await part(tx, answer, keys[0]) is False
    [view] = await cards.cards_of(tx, VAULT, answer.holder_id)
    assert keys[0] not in {one.person_key for one in view.companions}
    sealed = "SELECT sealed FROM cards.companion WHERE card_id = %s AND person_key = %s"
    assert await value(tx, sealed, answer.card_id, keys[0]) == b""
    assert await befriend(tx, answer, 2) == keys[0]


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


async def test_a_card_is_not_lent_round(tx: Tx) -> None:
    answer, _ = await activated(tx)
    seats = 4
    for number in range(2, 2 + seats + COMPANION_CHANGES_MAX):
        key = await befriend(tx, answer, number)
        assert isinstance(key, bytes)
        assert await part(tx, answer, key)
    assert problem(await befriend(tx, answer, 99)) is CardProblem.COMPANION_CHANGES
    assert isinstance(await befriend(tx, answer, 2), bytes)


async def test_who_cannot_be_a_companion(tx: Tx) -> None:
    answer, card = await activated(tx)
    assert problem(await befriend(tx, answer, 1)) is CardProblem.COMPANION_IS_HOLDER
    single, _ = await activated(tx, "yichang-annual", 3)
    assert problem(await befriend(tx, single, 2)) is CardProblem.COMPANIONS_FULL
    stranger, _ = await activated(tx, number=9)
    theirs = await cards.add_companion(
        tx, VAULT, card_id=answer.card_id, holder_id=stranger.holder_id, identity=person(2), now=NOW
    )
    assert problem(theirs) is CardProblem.NUMBER_UNKNOWN
    await freeze(tx, card, None)
    assert problem(await befriend(tx, answer, 2)) is CardProblem.FROZEN
    frozen = await cards.remove_companion(
        tx, card_id=answer.card_id, holder_id=answer.holder_id, person_key=b"x" * 16, now=NOW
    )
    assert problem(frozen) is CardProblem.FROZEN


async def test_a_parent_and_child_card_takes_children(tx: Tx) -> None:
    demo = shipped_types()["demo"]
    raw = {
        "person_type": "parent_child",
        "admits": "named",
        "party_max": 2,
        "companions_max": 1,
        "companion_age_max": 13,
        "validity": {"months": 12},
        "entitlements": [{"name_zh": "次", "name_en": "visits"}],
    }
    family = type(demo)(
        code="child", name_zh="亲子卡", name_en="child", source="test", rules=cards.parse_rules(raw)
    )
    await save_type(tx, family)
    answer, _ = await activated(tx, "child")
    assert problem(await befriend(tx, answer, 2, born="20121122")) is CardProblem.TOO_OLD
    assert isinstance(await befriend(tx, answer, 2, born="20121123"), bytes)


# --- extension


async def extend(tx: Tx, **changed: object) -> int:
    fields: dict[str, object] = {
        "extension_id": EXTENSION,
        "type_code": "kunshan-electronic",
        "from_date": date(2026, 12, 1),
        "to_date": date(2026, 12, 31),
        "days": 31,
        "reason": "闭园",
        "now": NOW,
        "actor": "staff:1",
    }
    return await cards.extend_validity(tx, **(fields | changed))  # pyright: ignore[reportArgumentType] - a table of fields


async def test_a_suspension_lengthens_the_cards_it_touched_once(
    tx: Tx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "EXTENSION_STEP_MAX", 2)
    touched = [(await activated(tx, "kunshan-electronic", number))[0] for number in range(1, 6)]
    other_type, _ = await activated(tx, "demo", 7)
    waiting = await issued(tx, "kunshan-electronic")
    before = touched[0].valid_to
    assert before is not None
    steps = [await extend(tx) for _ in range(5)]
    assert steps == [2, 2, 1, 0, 0]
    for answer in touched:
        end = await value(tx, "SELECT valid_to FROM cards.card WHERE id = %s", answer.card_id)
        assert end == before + timedelta(days=31)
    assert (
        await value(tx, "SELECT valid_to FROM cards.card WHERE id = %s", other_type.card_id)
        == other_type.valid_to
    )
    assert await value(tx, "SELECT extended_days FROM cards.card WHERE id = %s", waiting.card_id) == 0
    assert await value(tx, "SELECT cards FROM cards.extension WHERE id = %s", EXTENSION) == 5
    [view] = await cards.cards_of(tx, VAULT, touched[0].holder_id)
    assert view.extended_days == 31
    assert not view.is_expired(before + timedelta(days=31))
    assert view.is_expired(before + timedelta(days=32))


async def test_a_card_that_was_not_valid_then_is_not_lengthened(tx: Tx) -> None:
    await activated(tx, "kunshan-electronic")
    assert await extend(tx, from_date=date(2026, 1, 1), to_date=date(2026, 11, 21)) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [({"days": 0}, "days"), ({"to_date": date(2026, 11, 30)}, "to_date"), ({"type_code": "x"}, "type_code")],
)
async def test_extending_names_the_wrong_field(tx: Tx, change: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        await extend(tx, **change)
