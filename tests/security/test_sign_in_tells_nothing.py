"""Signing in tells nobody which cards exist or what became of them: the same words and the same work, counted."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, OTHER_CARD
from wenyue.accounts import passwords
from wenyue.cards import CardState

pytestmark = pytest.mark.anyio
WRONG_PIN = "00000001"
UNKNOWN = "".join("1" if sign == "0" else "0" if sign.isdigit() else sign for sign in CARD[0])
NOTHING_LIKE_IT = "not a card at all"


class Work:
    """What signing in costs whoever measures it: every derivation of a secret, and every statement, in order."""

    def __init__(self) -> None:
        self.derived: list[passwords.Cost] = []
        self.statements: list[str] = []


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    seen = Work()
    derive = passwords._scrypt  # pyright: ignore[reportPrivateUsage] - looked at, not replaced
    execute = psycopg.AsyncConnection.execute

    def derived(secret: str, salt: bytes, cost: passwords.Cost) -> bytes:
        seen.derived.append(cost)
        return derive(secret, salt, cost)

    async def executed(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        if "cards." in str(query) or "accounts." in str(query) or "audit." in str(query):
            seen.statements.append(str(query))
        return await execute(self, query, *rest, **more)

    monkeypatch.setattr(passwords, "_scrypt", derived)
    monkeypatch.setattr(psycopg.AsyncConnection, "execute", executed)
    return seen


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    urls = make_database()
    async with api_site(lambda: urls, tmp_path, urls.owner_url) as here:
        yield here


async def put(site: ApiSite, card_no: str, state: CardState | None) -> None:
    """The card in this state; None: its number was replaced."""
    async with await psycopg.AsyncConnection.connect(site.admin_url, autocommit=True) as tx:
        if state is not None:
            await tx.execute("UPDATE cards.card SET state = %s WHERE card_no = %s", [state, card_no])
            return
        await tx.execute(
            "INSERT INTO cards.dead_number (card_no, card_id, died_at, reason, request_id)"
            " SELECT card_no, id, now(), 'lost', gen_random_uuid() FROM cards.card WHERE card_no = %s",
            [card_no],
        )
        await tx.execute("UPDATE cards.card SET card_no = 'another' WHERE card_no = %s", [card_no])


async def guess(site: ApiSite, work: Work, card_no: str, place: int) -> tuple[object, ...]:
    """What somebody at a place of their own learns from a wrong PIN, and what it cost."""
    work.derived.clear()
    work.statements.clear()
    transport = httpx.ASGITransport(site.app, client=(f"203.0.113.{place}", 1))
    async with httpx.AsyncClient(transport=transport, base_url=site.client.base_url) as client:
        answer = await client.post("/v1/session", json={"card_no": card_no, "pin": WRONG_PIN})
    told = {name: value for name, value in answer.headers.items() if name not in {"x-request-id", "date"}}
    return answer.status_code, answer.json(), told, list(work.derived), list(work.statements)


@pytest.mark.parametrize("state", [*CardState, None])
async def test_security_L_a_wrong_pin_tells_nothing_of_the_card(
    site: ApiSite, work: Work, state: CardState | None
) -> None:
    """Active, frozen, expired, cancelled, still in the post or replaced: as a number that nobody has, and as no number at all."""
    if state is CardState.ACTIVE:
        await site.other()
    await put(site, OTHER_CARD[0], state)
    unknown = await guess(site, work, UNKNOWN, 1)
    assert unknown[0] == 403
    assert len(work.derived) == 1
    assert work.statements
    assert await guess(site, work, NOTHING_LIKE_IT, 2) == unknown
    assert await guess(site, work, OTHER_CARD[0], 3) == unknown
