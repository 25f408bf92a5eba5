"""Who is a companion on a card: they come, go and come back, and a card is not lent round."""

import pytest

from tests.support.cards import NOW, VAULT, activated, freeze, person, problem, tx, value
from wenyue import cards
from wenyue.cards import CardProblem, Denied
from wenyue.cards.activation import Activated
from wenyue.cards.changes import COMPANION_CHANGES_MAX
from wenyue.cards.store import save_type, shipped_types
from wenyue.platform.database.db import Tx

__all__ = ["tx"]
pytestmark = pytest.mark.anyio


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
        code="child", name={"zh-CN": "亲子卡", "en": "child"}, source="test", rules=cards.parse_rules(raw)
    )
    await save_type(tx, family)
    answer, _ = await activated(tx, "child")
    assert problem(await befriend(tx, answer, 2, born="20121122")) is CardProblem.TOO_OLD
    assert isinstance(await befriend(tx, answer, 2, born="20121123"), bytes)
