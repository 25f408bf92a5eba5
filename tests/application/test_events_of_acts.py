"""Each act appends what happened, in its own transaction; nothing that is appended is about a person."""

from uuid import uuid4

import psycopg
import pytest

from tests.support.cards import NOW, VAULT, activated, tx
from tests.support.database import DbUrls
from wenyue import cards
from wenyue.accounts import retire_staff, save_staff, staffing, traveller
from wenyue.cards.recovery import Recovery
from wenyue.core.duties import Duty, Role
from wenyue.platform.database.db import Tx

__all__ = ["tx"]
pytestmark = pytest.mark.anyio


async def test_a_cards_life_is_told_without_a_word_about_its_holder(tx: Tx) -> None:
    [[before]] = await (await tx.execute("SELECT coalesce(max(id), 0) FROM events.event")).fetchall()
    answer, card = await activated(tx)
    by = {"card_no": card.card_no, "holder_id": answer.holder_id, "now": NOW, "actor": "traveller:1"}
    proof = Recovery(uuid4(), "staff", NOW, card_ids=frozenset({card.card_id}))
    await tx.execute(
        "INSERT INTO cards.recovery (id, holder_id, phone_key, how, started_at) VALUES (%s, %s, '', 'staff', %s)",
        [proof.id, answer.holder_id, NOW],
    )
    await cards.report_loss(tx, **by)  # type: ignore[arg-type] # spelt once for three
    await cards.lift_loss(tx, **by, proof=proof)  # type: ignore[arg-type]
    await cards.report_loss(tx, **by)  # type: ignore[arg-type]
    await cards.replace(tx, VAULT, request_id=uuid4(), **by, proof=proof)  # type: ignore[arg-type]
    rows = await (
        await tx.execute(
            "SELECT kind, subject, body::text FROM events.event WHERE id > %s ORDER BY id", [before]
        )
    ).fetchall()
    assert [kind for kind, _, _ in rows] == [
        "card.issued",
        "account.opened",
        "card.activated",
        "card.frozen",
        "card.thawed",
        "card.frozen",
        "card.replaced",
    ]
    assert {subject for _, subject, _ in rows} == {f"card:{card.card_id}", f"account:{answer.holder_id}"}
    said = " ".join(body for _, _, body in rows)
    holder = await cards_holder(tx, answer.holder_id)
    assert not any(word in said for word in (card.card_no, str(card.pin.reveal()), *holder))


async def test_who_joins_and_leaves_the_staff_is_told_by_number_alone(tx: Tx) -> None:
    [[before]] = await (await tx.execute("SELECT coalesce(max(id), 0) FROM events.event")).fetchall()
    desk = frozenset({Duty(Role.DESK)})
    staff_id = await save_staff(
        tx, VAULT, login="li.si", password="a long password", duties=desk, now=NOW, actor="test"
    )
    [known] = [one for one in await staffing.staff_list(tx) if one.staff.id == staff_id]
    await staffing.set_duties(tx, known.staff, desk | {Duty(Role.AUDITOR)}, NOW, "test")
    await retire_staff(tx, staff_id, NOW, "test")
    rows = await (
        await tx.execute("SELECT kind, subject, body FROM events.event WHERE id > %s ORDER BY id", [before])
    ).fetchall()
    about, body = f"staff:{staff_id}", {"staff_id": staff_id}
    told = [(kind, about, body) for kind in ("staff.saved", "staff.duties_set", "staff.retired")]
    assert rows == told


async def cards_holder(tx: Tx, holder_id: int) -> list[str]:
    """Name, phone and document of the account, as typed."""
    known = await traveller(tx, VAULT, holder_id)
    assert known is not None
    return [known.name.reveal(), known.phone.reveal()]


def test_what_is_undone_was_never_told(db_urls: DbUrls) -> None:
    """The tests above end with a rollback: the events went with it."""
    with psycopg.connect(db_urls.owner_url) as owner:
        found = owner.execute(
            "SELECT count(*) FROM events.event WHERE at = %s AND kind LIKE 'card.%%'", [NOW]
        ).fetchone()
        assert found == (0,)
