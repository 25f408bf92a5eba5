"""The calendar as one card sees it."""

import json
from datetime import date, timedelta
from functools import partial

import pytest

from tests.support.database import DbUrls, both
from wenyue.booking import SlotState, availability, on_card
from wenyue.cards import parse_rules
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)
RULES = {
    "admits": "anyone",
    "party_max": 5,
    "validity": {"months": 12},
    "blackouts": [{"from_date": "2026-03-04", "to_date": "2026-03-04"}],
    "entitlements": [{"name_zh": "两次", "name_en": "Two visits", "granted": 2}],
}


async def test_a_blackout_and_an_empty_entitlement_are_named(db_urls: DbUrls) -> None:
    async with both(db_urls) as (_, tx):
        types = {"two": await dataset.card_type(tx, "two", RULES)}
        card = await dataset.card(tx, 1, type_code="two", granted=(2,))
        stranger = await dataset.card(tx, 2, type_code="two", granted=(2,))
        venue_id, product_id = await dataset.product(tx, "calendar")
        for day in (DAY, DAY + timedelta(days=1)):
            await dataset.slot(tx, venue_id, product_id, day, 2, 50)
        slots = await availability(tx, product_id, DAY, DAY + timedelta(days=1), dataset.START)
        book = dataset.rulebook(types)
        ask = partial(on_card, tx, slots, card_id=card.id, rulebook=book, now=dataset.START)
        seen = await ask(holder_id=card.holder_id)
        assert seen is not None
        assert [view.state for view in seen[0]] == [SlotState.PLENTY, SlotState.NOT_ON_CARD]
        assert [outcome.name for outcome in seen[1].values()] == ["CARD_BLACKOUT"]
        await tx.execute("UPDATE cards.entitlement SET used = 2 WHERE card_id = %s", [card.id])
        seen = await ask(holder_id=card.holder_id)
        assert seen is not None
        assert seen[1][slots[0].slot_id].name == "CARD_EXHAUSTED"
        assert await ask(holder_id=stranger.holder_id) is None
    assert parse_rules(json.dumps(RULES)) == types["two"]
