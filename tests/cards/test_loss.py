"""挂失, 解挂 and 补卡: a lost card and its replacement, against a real server."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.support.cards import (
    NOW,
    VAULT,
    activated,
    activation_of,
    card_state,
    freeze,
    issued,
    person,
    problem,
    tx,
    value,
)
from wenyue import cards
from wenyue.cards import CardProblem, CardState, Denied
from wenyue.cards.activation import Issued
from wenyue.cards.loss import Replaced
from wenyue.cards.recovery import Recovery
from wenyue.platform.database.db import Tx

__all__ = ["tx"]
pytestmark = pytest.mark.anyio
REQUEST = UUID("01939f00-0000-7000-8000-000000000001")
OTHER_REQUEST = UUID("01939f00-0000-7000-8000-000000000002")
PROOF = UUID("01939f00-0000-7000-8000-000000000004")


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
