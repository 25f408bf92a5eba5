"""The validity of cards is extended by what a suspension took, once."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from tests.support.cards import NOW, VAULT, activated, issued, tx, value
from wenyue import cards
from wenyue.cards import changes
from wenyue.platform.database.db import Tx

__all__ = ["tx"]
pytestmark = pytest.mark.anyio
EXTENSION = UUID("01939f00-0000-7000-8000-000000000003")


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
    return await changes.extend_validity(tx, **(fields | changed))  # pyright: ignore[reportArgumentType] - a table of fields


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
