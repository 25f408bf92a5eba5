"""People and cards for tests: valid documents, issued cards, activation requests."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue import cards
from wenyue.accounts import Identity
from wenyue.cards import ActivationRequest, CardProblem, CardState, Denied
from wenyue.cards.activation import Activated, Issued
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue.core.personal import KeyRing, Vault
from wenyue.platform.database.db import Tx

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
VAULT = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@asynccontextmanager
async def undone(urls: DbUrls) -> AsyncGenerator[Tx]:
    """A transaction with the shipped types, undone when the block ends."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as connection:
        await cards.save_types(connection)
        yield connection
        await connection.rollback()


@pytest.fixture
async def tx(db_urls: DbUrls) -> AsyncIterator[Tx]:
    """A transaction of the test's own on the module's database; undone."""
    async with undone(db_urls) as connection:
        yield connection


def person(number: int = 1, name: str = "张小三", *, born: str = "19491230") -> Identity:
    """The n-th person (0 to 999) of a birthday, with a valid resident ID."""
    body = f"110105{born}{number:03}"
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]
    document = parse_document(DocumentKind.RESIDENT_ID, body + check, today=NOW.date())
    assert isinstance(document, Document)
    return Identity(name, document, "+8613800138000")


async def issued(tx: Tx, type_code: str = "demo", **fields: Any) -> Issued:
    """A card that can be activated."""
    given: dict[str, Any] = {"type_code": type_code, "now": NOW, "actor": "system:test"}
    return await cards.issue(tx, VAULT, **(given | fields))


def activation_of(card: Issued, identity: Identity) -> ActivationRequest:
    """What this person types to activate this card."""
    return ActivationRequest(card.card_no, card.pin.reveal(), identity)


async def activated(tx: Tx, type_code: str = "demo", number: int = 1) -> tuple[Activated, Issued]:
    """A card of the n-th person, and the card as it was issued."""
    card = await issued(tx, type_code)
    answer = await cards.activate(tx, VAULT, activation_of(card, person(number)), NOW)
    assert isinstance(answer, Activated)
    return answer, card


async def freeze(tx: Tx, card: Issued, holder_id: int | None) -> CardState | Denied:
    """The holder, or staff when None, reports the loss of this card."""
    return await cards.report_loss(
        tx, card_no=card.card_no, holder_id=holder_id, now=NOW, actor="traveller:1"
    )


def problem(answer: object) -> CardProblem | None:
    """Why it was denied, or None when it was not."""
    return answer.problem if isinstance(answer, Denied) else None


async def value(tx: Tx, statement: str, *params: object) -> object:
    """The first value of the first row."""
    row = await (await tx.execute(statement.encode(), params)).fetchone()
    assert row is not None
    return row[0]


async def card_state(tx: Tx, card_id: int) -> CardState:
    """The state that is stored."""
    state = await value(tx, "SELECT state FROM cards.card WHERE id = %s", card_id)
    assert isinstance(state, int)
    return CardState(state)
