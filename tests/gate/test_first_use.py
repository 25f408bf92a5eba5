"""A card whose validity starts with the first visit: the gate's admission begins it, and nothing about it keeps anyone out."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, GateFixtures
from wenyue.core.ids import uuid7
from wenyue.gate import Reason, ScanRequest, scan

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
NUMBER = "WY20260031"
FIRST_USE = {
    "admits": "anyone",
    "party_max": 5,
    "validity": {"starts": "first_use", "months": 12},
    "entitlements": [{"name_zh": "景区", "name_en": "attractions"}],
}


@pytest.mark.parametrize(
    ("rules", "validity"),
    [(FIRST_USE, (date(2026, 10, 2), date(2027, 10, 1))), ({"mistyped": 1}, (None, None))],
)
async def test_the_first_visit_begins_the_validity(
    make_database: Callable[[], DbUrls], rules: dict[str, object], validity: tuple[date | None, date | None]
) -> None:
    async with await psycopg.AsyncConnection.connect(make_database().owner_url, autocommit=True) as tx:
        fixtures = await GateFixtures.make(tx, NOW)
        card_id = await fixtures.card(NUMBER, holder=ADULTS[0])
        await tx.execute("UPDATE cards.card_type SET rules = %s", [json.dumps(rules)])
        await fixtures.book(card_id=card_id)
        request = ScanRequest(uuid7(), fixtures.here, "gate", None, NUMBER)
        async with tx.transaction():
            assert (await scan(tx, fixtures.desk, request, NOW)).reason is Reason.ADMIT
        cursor = await tx.execute("SELECT valid_from, valid_to FROM cards.card WHERE id = %s", [card_id])
        assert await cursor.fetchall() == [validity]
