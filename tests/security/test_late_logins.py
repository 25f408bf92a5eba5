"""No login begins after what should shut it out: the check and the login are one transaction, under a lock both sides take."""

import ast
import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from tests.support.api_site import PASSWORD, Person
from tests.support.card_desk import Desk, acts, sign_in
from tests.support.locks import until_it_waits
from tests.support.traveller_site import CARD, DOCUMENT, NAME, NOW, Traveller
from wenyue import application, web
from wenyue.accounts import (
    Attempt,
    Caller,
    Identity,
    Staff,
    check_staff,
    end_logins,
    retire_staff,
    save_staff,
)
from wenyue.cards import Replaced, prove_by_staff, recovery, replace, report_loss
from wenyue.core.documents import Document, parse_document
from wenyue.core.duties import FormerRole, duties_of_role
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio
Begin = Callable[[Desk, tuple[str, str]], Coroutine[Any, Any, bool]]
BeginStaff = Callable[[Desk], Coroutine[Any, Any, bool]]
LIVE: LiteralString = (
    "SELECT count(*) FROM accounts.login WHERE ended_at IS NULL AND coalesce(traveller_id, -staff_id) = %s"
)


async def owner_of(desk: Desk) -> psycopg.AsyncConnection[Any]:
    """A connection of the owner, which holds rows until it commits."""
    return await psycopg.AsyncConnection.connect(desk.urls.owner_url)


async def live_logins(tx: Tx, who: int) -> int:
    """How many logins of a traveller (or, negative, of a member of staff) have not ended."""
    [(count,)] = await (await tx.execute(LIVE, [who])).fetchall()
    return count


async def send(one: Traveller, action: str, typed: dict[str, str]) -> None:
    """Send the form, whatever is answered."""
    await one.client.post(action, data=dict(one.form(action).fields) | typed)


async def by_api(desk: Desk, card: tuple[str, str]) -> bool:
    """Sign in by number and PIN; whether it was let in."""
    return (await sign_in(desk, *card)).status_code == 201


async def by_page(desk: Desk, card: tuple[str, str]) -> bool:
    """The same on the page."""
    one = Traveller(desk.site.app)
    await one.get("/signin")
    await send(one, "/signin", {"card_no": card[0], "pin": card[1]})
    return "wy_login" in one.client.cookies


async def by_activation(desk: Desk, card: tuple[str, str]) -> bool:
    """The same card activated again on the page, which signs in."""
    one = Traveller(desk.site.app)
    await one.get("/activate")
    typed = {"card_no": card[0], "pin": card[1], "name": NAME, "number": DOCUMENT, "kind": "resident_id"}
    await send(one, "/activate", typed)
    return "wy_login" in one.client.cookies


@dataclass(slots=True)
class Shutting:
    """What shuts a holder's logins out, in the owner's transaction, which holds the card until it ends."""

    desk: Desk
    tx: Tx
    holder_id: int
    card: tuple[str, str] = CARD  # the number and PIN that sign in until then

    async def loss(self) -> None:
        """The card is reported lost."""
        await report_loss(self.tx, card_no=CARD[0], holder_id=self.holder_id, now=NOW, actor="test")

    async def proof(self, request_id: UUID) -> recovery.Recovery:
        """Staff have seen the document: every card is frozen."""
        document = parse_document(None, DOCUMENT, today=NOW.date())
        assert isinstance(document, Document)
        staff = Staff(1, "late", "", duties_of_role("admin"))
        vault, who = self.desk.site.app.services.vault, Identity(NAME, document)
        await prove_by_staff(
            self.tx, vault, request_id=request_id, identity=who, card_no=CARD[0], now=NOW, staff=staff
        )
        found = await recovery.recovery_of(self.tx, self.holder_id, NOW, request_id=request_id)
        assert found is not None
        return found

    async def freeze(self) -> None:
        """By a proof."""
        await self.proof(uuid7())

    async def replacement(self) -> None:
        """Another number and PIN."""
        await self.replace(await self.proof(uuid7()), uuid7())

    async def replace(self, proof: recovery.Recovery, request_id: UUID) -> None:
        """The number of this request, with a fresh PIN each time."""
        vault = self.desk.site.app.services.vault
        made = await replace(
            self.tx,
            vault,
            request_id=request_id,
            card_no=CARD[0],
            holder_id=self.holder_id,
            now=NOW,
            actor="test",
            proof=proof,
        )
        assert isinstance(made, Replaced)
        self.card = (made.card_no, made.pin.reveal())

    async def new_pin(self) -> None:
        """The answer of a replacement is asked for again: another PIN of the same number."""
        request_id = uuid7()
        proof = await self.proof(uuid7())
        await self.replace(proof, request_id)
        await self.tx.commit()
        good = self.card
        await self.replace(proof, request_id)
        self.card = good


@pytest.mark.parametrize("begin", [by_api, by_page, by_activation])
@pytest.mark.parametrize("event", [Shutting.loss, Shutting.freeze, Shutting.replacement, Shutting.new_pin])
async def test_security_second_H1_a_sign_in_that_checked_before_an_event_is_refused_after_it(
    desk: Desk, begin: Begin, event: Callable[[Shutting], Awaitable[None]]
) -> None:
    holder_id = (await sign_in(desk, *CARD)).json()["holder_id"]
    async with await owner_of(desk) as tx:
        shutting = Shutting(desk, tx, holder_id)
        await event(shutting)
        good = CARD if event is not Shutting.new_pin else shutting.card
        trying = asyncio.create_task(begin(desk, good))
        await until_it_waits(tx, trying)  # its PIN was right: it waits for the card
        await end_logins(tx, holder_id, NOW)
        await tx.commit()
        assert not await trying
        assert await live_logins(tx, holder_id) == 0


@pytest.mark.parametrize("begin", [by_api, by_page, by_activation])
async def test_security_second_H1_a_login_that_began_before_a_loss_is_ended_by_it(
    desk: Desk, begin: Begin
) -> None:
    signed = (await sign_in(desk, *CARD)).json()
    holder = Person(signed["token"], signed["holder_id"])
    async with await owner_of(desk) as tries, await owner_of(desk) as table:
        await table.execute("LOCK TABLE cards.card IN ACCESS EXCLUSIVE MODE")
        trying = asyncio.create_task(begin(desk, CARD))
        await until_it_waits(table, trying)  # it was counted beforehand, and its PIN is not read yet
        await tries.execute("LOCK TABLE accounts.tries IN EXCLUSIVE MODE")
        await table.rollback()
        await until_it_waits(tries, trying)  # its PIN was right; the count of tries is taken back next
        assert (await desk.post(f"/v1/cards/{CARD[0]}/loss", None, holder)).status_code == 200
        await tries.rollback()
        await trying
        assert await live_logins(tries, holder.holder_id) == 1  # that of who reported the loss
        assert await acts(desk, holder) == 201


async def by_staff_api(desk: Desk) -> bool:
    """Staff sign in over JSON."""
    body = {"login": "late", "password": PASSWORD}
    return (await desk.post("/v1/gate/session", body)).status_code == 200


async def by_staff_page(desk: Desk, face: str) -> bool:
    """Staff sign in on a page."""
    one = Traveller(desk.site.app)
    await one.get(f"/{face}/signin")
    await send(one, f"/{face}/signin", {"login": "late", "password": PASSWORD})
    return "wy_staff" in one.client.cookies


async def by_gate(desk: Desk) -> bool:
    """At the gate."""
    return await by_staff_page(desk, "gate")


async def by_console(desk: Desk) -> bool:
    """At the console."""
    return await by_staff_page(desk, "console")


async def keep(desk: Desk, tx: Tx, *, password: str = PASSWORD, role: FormerRole = "operator") -> int:
    """The member of staff `late`, added or changed."""
    vault = desk.site.app.services.vault
    return await save_staff(
        tx, vault, login="late", password=password, duties=duties_of_role(role), now=NOW, actor="test"
    )


@pytest.mark.parametrize("begin", [by_staff_api, by_gate, by_console])
@pytest.mark.parametrize("event", ["reset", "retired", "role"])
async def test_security_second_H1_staff_who_are_shut_out_while_they_sign_in_have_no_login(
    desk: Desk, begin: BeginStaff, event: str
) -> None:
    async with await owner_of(desk) as tx:
        staff_id = await keep(desk, tx)
        await tx.commit()
        assert await begin(desk)
        if event == "retired":
            await retire_staff(tx, staff_id, NOW, "test")
        elif event == "reset":
            await keep(desk, tx, password="another horse")
        else:  # the same password: they come in, as what they are now
            await keep(desk, tx, role="gate")
        trying = asyncio.create_task(begin(desk))
        await until_it_waits(tx, trying)
        await tx.commit()
        assert await trying is (event == "role")
        assert await live_logins(tx, -staff_id) == (1 if event == "role" else 0)


async def test_security_second_H1_a_password_is_not_reset_between_its_check_and_the_login(desk: Desk) -> None:
    async with await owner_of(desk) as tx, await owner_of(desk) as tries:
        staff_id = await keep(desk, tx)
        await tx.commit()
        guard, services = desk.site.app.services.guard, desk.site.app.services
        async with guard.attempt("staff", "late", Caller("192.0.2.1"), NOW) as tried:
            staff = await check_staff(tried.tx, services.vault, "late", PASSWORD)
            assert isinstance(staff, Staff)
            tried.is_right = True
            resetting = asyncio.create_task(keep(desk, tx, password="another horse"))
            await until_it_waits(tried.tx, resetting)
            await tried.start_login(NOW, staff_id=staff_id)
        await resetting
        await tx.commit()
        assert await live_logins(tries, -staff_id) == 0


async def test_security_second_H1_a_login_begins_on_a_right_try_alone(desk: Desk) -> None:
    async with desk.site.app.services.db.transaction() as tx:
        with pytest.raises(LookupError):
            await Attempt(tx, 1).start_login(NOW, traveller_id=1)


def test_security_second_H1_nobody_begins_a_login_but_in_the_transaction_of_its_check() -> None:
    nodes = [
        (path.name, node)
        for part in (web, application)
        for path in Path(str(part.__file__)).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    bare = [
        (name, node.lineno)
        for name, node in nodes
        if isinstance(node, ast.Name | ast.alias)
        and (node.id if isinstance(node, ast.Name) else node.name) == "start_login"
    ]
    assert bare == []
    begun = [
        ast.unparse(node.value)
        for _, node in nodes
        if isinstance(node, ast.Attribute) and node.attr == "start_login"
    ]
    assert set(begun) == {"tried"}  # the try that was right, whose transaction is still open
