"""Travellers, common visitors, logins and staff against a real server."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest

from tests.support.cards import NOW, VAULT, person, value
from tests.support.database import DbUrls, both
from wenyue import accounts
from wenyue.accounts import (
    Staff,
    StaffRefusal,
    VisitorRecord,
    VisitorRefusal,
)
from wenyue.accounts.store import set_locale
from wenyue.core.duties import Duty, Right, Role, duties_of_role
from wenyue.core.limits import LOGIN_TTL_S, VISITOR_ADDS_PER_DAY, VISITORS_PER_TRAVELLER_MAX
from wenyue.core.personal import KeyRing, SealBroken, Vault
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio
OTHER_VAULT = Vault(KeyRing({1: b"z" * 32}, 1, b"i" * 32))


@pytest.fixture
async def tx(db_urls: DbUrls) -> AsyncIterator[Tx]:
    """Each test in its own transaction, undone afterwards."""
    async with await psycopg.AsyncConnection.connect(db_urls.owner_url) as connection:
        yield connection
        await connection.rollback()


async def test_one_document_is_one_account(tx: Tx) -> None:
    first = await accounts.traveller_for(tx, VAULT, person(), NOW)
    again = await accounts.traveller_for(tx, VAULT, replace(person(), phone="+8613900139000"), NOW)
    other = await accounts.traveller_for(tx, VAULT, person(2), NOW)
    assert first == again != other
    found = await accounts.traveller(tx, VAULT, first)
    assert found is not None
    assert found.phone.reveal() == person().phone  # what is on record stays: it proves who somebody is
    assert found.name.reveal() == "张小三"
    assert found.label == f"张*三 {person().document.number[:2]}****{person().document.number[6:10]}********"
    assert found.birth == date(1949, 12, 30)
    assert await accounts.traveller(tx, VAULT, other + 1000) is None
    count = await value(
        tx,
        "SELECT count(*) FROM audit.entry WHERE xid = pg_current_xact_id() AND action = %s",
        "traveller.created",
    )
    assert count == 2  # one each


async def test_a_traveller_keeps_a_language(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(), NOW)
    assert await set_locale(tx, owner, "en")
    assert not await set_locale(tx, owner, "xx'; --")
    found = await accounts.traveller(tx, VAULT, owner)
    assert found is not None
    assert found.locale == "en"


async def test_what_identifies_a_person_is_neither_stored_nor_printed_in_the_clear(tx: Tx) -> None:
    traveller_id = await accounts.traveller_for(tx, VAULT, person(), NOW)
    stored = await value(tx, "SELECT sealed FROM accounts.traveller WHERE id = %s", traveller_id)
    assert isinstance(stored, bytes)
    number = person().document.number
    assert number.encode() not in stored
    assert "张小三".encode() not in stored
    found = await accounts.traveller(tx, VAULT, traveller_id)
    assert number not in repr(found)
    assert "张小三" not in repr(found)
    assert number not in repr(person())
    with pytest.raises(SealBroken):
        await accounts.traveller(tx, OTHER_VAULT, traveller_id)


async def test_common_visitors_are_listed_with_what_a_booking_form_needs(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(1), NOW)
    added = await accounts.add_visitor(tx, VAULT, owner, person(2, "李四光"), NOW)
    assert isinstance(added, VisitorRecord)
    listed = await accounts.visitors(tx, VAULT, owner)
    assert [visitor.is_self for visitor in listed] == [True, False]
    assert listed[1] == added
    assert added.label.startswith("李*光 11****")
    assert added.person_key == VAULT.person_key(person(2).document.key)
    assert added.birth is not None
    assert "李四光" not in repr(added)


async def test_the_same_document_again_changes_the_visitor(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(1), NOW)
    first = await accounts.add_visitor(tx, VAULT, owner, person(2, "李四"), NOW)
    again = await accounts.add_visitor(tx, VAULT, owner, person(2, "李四光"), NOW)
    assert isinstance(first, VisitorRecord)
    assert isinstance(again, VisitorRecord)
    assert again.id == first.id
    assert [visitor.name.reveal() for visitor in await accounts.visitors(tx, VAULT, owner)] == [
        "张小三",
        "李四光",
    ]
    oneself = await accounts.add_visitor(tx, VAULT, owner, person(1), NOW)
    assert isinstance(oneself, VisitorRecord)
    assert [visitor.is_self for visitor in await accounts.visitors(tx, VAULT, owner)] == [True, False]


async def test_a_removed_visitor_is_forgotten_and_can_come_back(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(1), NOW)
    stranger = await accounts.traveller_for(tx, VAULT, person(9), NOW)
    added = await accounts.add_visitor(tx, VAULT, owner, person(2), NOW)
    assert isinstance(added, VisitorRecord)
    assert not await accounts.remove_visitor(tx, stranger, added.id, NOW)
    assert await accounts.remove_visitor(tx, owner, added.id, NOW)
    assert not await accounts.remove_visitor(tx, owner, added.id, NOW)
    assert await value(tx, "SELECT sealed FROM accounts.visitor WHERE id = %s", added.id) == b""
    [oneself] = await accounts.visitors(tx, VAULT, owner)
    assert not await accounts.remove_visitor(tx, owner, oneself.id, NOW)
    assert isinstance(await accounts.add_visitor(tx, VAULT, owner, person(2), NOW), VisitorRecord)


async def test_the_list_of_visitors_is_bounded(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(0), NOW)
    for number in range(1, VISITORS_PER_TRAVELLER_MAX + 1):
        assert isinstance(await accounts.add_visitor(tx, VAULT, owner, person(number), NOW), VisitorRecord)
    assert await accounts.add_visitor(tx, VAULT, owner, person(99), NOW) is VisitorRefusal.TOO_MANY
    assert isinstance(await accounts.add_visitor(tx, VAULT, owner, person(1, "改名"), NOW), VisitorRecord)
    assert len(await accounts.visitors(tx, VAULT, owner)) == VISITORS_PER_TRAVELLER_MAX + 1


async def test_live_M1_documents_cannot_be_guessed_by_adding_visitors(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(0), NOW)
    for number in range(1, VISITOR_ADDS_PER_DAY + 1):
        added = await accounts.add_visitor(tx, VAULT, owner, person(number), NOW)
        assert isinstance(added, VisitorRecord), number
        assert await accounts.remove_visitor(tx, owner, added.id, NOW)
    later = NOW + timedelta(hours=23)
    for guess in (person(0), person(1), person(99)):  # right or wrong: the same answer
        assert await accounts.add_visitor(tx, VAULT, owner, guess, later) is VisitorRefusal.TOO_OFTEN
    tomorrow = NOW + timedelta(days=1)
    assert isinstance(await accounts.add_visitor(tx, VAULT, owner, person(99), tomorrow), VisitorRecord)


async def test_live_M1_refused_tries_count_and_ones_own_name_stays(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(0), NOW)
    for number in range(1, VISITORS_PER_TRAVELLER_MAX + 1):
        assert isinstance(await accounts.add_visitor(tx, VAULT, owner, person(number), NOW), VisitorRecord)
    own = await accounts.add_visitor(tx, VAULT, owner, person(0, "随便谁"), NOW)
    assert isinstance(own, VisitorRecord)
    assert own.name.reveal() != "随便谁"
    for number in range(VISITOR_ADDS_PER_DAY - VISITORS_PER_TRAVELLER_MAX - 1):
        full = await accounts.add_visitor(tx, VAULT, owner, person(100 + number), NOW)
        assert full is VisitorRefusal.TOO_MANY
    assert await accounts.add_visitor(tx, VAULT, owner, person(0), NOW) is VisitorRefusal.TOO_OFTEN


async def test_a_token_says_who_until_it_ends(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(), NOW)
    token = await accounts.start_login(tx, traveller_id=owner, now=NOW)
    login = await accounts.who(tx, token, NOW)
    assert login is not None
    assert (login.traveller_id, login.staff, login.actor) == (owner, None, f"traveller:{owner}")
    last = NOW + timedelta(seconds=LOGIN_TTL_S)
    assert await accounts.who(tx, token, last - timedelta(seconds=1)) is not None
    assert await accounts.who(tx, token, last) is None
    await accounts.end_login(tx, token, NOW)
    assert await accounts.who(tx, token, NOW) is None


async def test_only_the_hash_of_a_token_is_stored(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(), NOW)
    token = await accounts.start_login(tx, traveller_id=owner, now=NOW)
    stored = await value(tx, "SELECT token_hash FROM accounts.login WHERE traveller_id = %s", owner)
    assert stored == hashlib.sha256(token.encode()).digest()


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 43, "x" * 44, "\ud800" * 43, "'; --" + "x" * 38, "\x00" * 43]
)
async def test_a_made_up_token_is_nobody(tx: Tx, token: str) -> None:
    assert await accounts.who(tx, token, NOW) is None


async def test_signing_out_everywhere(tx: Tx) -> None:
    owner = await accounts.traveller_for(tx, VAULT, person(), NOW)
    tokens = [await accounts.start_login(tx, traveller_id=owner, now=NOW) for _ in range(3)]
    assert await accounts.end_logins(tx, owner, NOW) == 3
    assert [await accounts.who(tx, token, NOW) for token in tokens] == [None] * 3


async def staff(tx: Tx, **changes: object) -> int:
    fields: dict[str, object] = {
        "login": "Gate1",
        "password": "right horse",
        "duties": duties_of_role("gate", [3]),
    }
    return await accounts.save_staff(tx, VAULT, now=NOW, actor="system:test", **(fields | changes))  # pyright: ignore[reportArgumentType] - a table of fields


async def test_staff_sign_in_with_role_and_venues(tx: Tx) -> None:
    staff_id = await staff(tx)
    found = await accounts.check_staff(tx, VAULT, " gate1 ", "right horse")
    assert found == Staff(staff_id, "gate1", "", frozenset({Duty(Role.GATE, 3)}))
    assert isinstance(found, Staff)
    assert found.may(Right.GATE_SCAN, 3)
    assert not found.may(Right.GATE_SCAN, 4)
    token = await accounts.start_login(tx, staff_id=staff_id, now=NOW)
    login = await accounts.who(tx, token, NOW)
    assert login is not None
    assert (login.traveller_id, login.staff, login.actor) == (None, found, f"staff:{staff_id}")


async def test_unknown_and_passwordless_staff_are_wrong(tx: Tx) -> None:
    await staff(tx, login="robot", password=None)
    assert await accounts.check_staff(tx, VAULT, "nobody", "x" * 10_000) is StaffRefusal.WRONG
    for guess in ("", "-", "None"):
        assert await accounts.check_staff(tx, VAULT, "robot", guess) is StaffRefusal.WRONG


async def test_who_leaves_or_gets_a_new_password_is_signed_out(tx: Tx) -> None:
    staff_id = await staff(tx)
    token = await accounts.start_login(tx, staff_id=staff_id, now=NOW)
    assert await staff(tx, password="another horse") == staff_id
    assert await accounts.who(tx, token, NOW) is None
    token = await accounts.start_login(tx, staff_id=staff_id, now=NOW)
    await accounts.retire_staff(tx, staff_id, NOW, "staff:1")
    assert await accounts.who(tx, token, NOW) is None
    assert await accounts.check_staff(tx, VAULT, "gate1", "another horse") is StaffRefusal.WRONG


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login": " "}, "login"),
        ({"password": "short"}, "password"),
        ({"duties": duties_of_role("gate", range(1, 402))}, "duties"),
    ],
)
async def test_staff_fields_are_checked(tx: Tx, change: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        await staff(tx, **change)


async def test_a_secret_is_hashed_with_its_own_salt() -> None:
    one, two = await accounts.hash_secret("12345678", VAULT), await accounts.hash_secret("12345678", VAULT)
    assert one != two
    assert "12345678" not in one
    assert await accounts.verify_secret("12345678", one, VAULT)
    assert not await accounts.verify_secret("12345679", one, VAULT)
    for broken in ("", "-", "scrypt$99$00$00", "scrypt$x$00$00", "scrypt$13$zz$00", "scrypt$13$00$00"):
        assert not await accounts.verify_secret("12345678", broken, VAULT)


async def test_security_M7_a_staff_password_in_an_older_way_is_stored_anew_at_sign_in(
    db_urls: DbUrls,
) -> None:
    """Older cost, not keyed, not bound: one sign-in with the application's rights, and it is as `staff reset` would store it."""
    async with both(db_urls) as (db, owner):
        await staff(owner, login="renewed", password="correct horse")
        stored = "SELECT password_hash FROM accounts.staff WHERE login = 'renewed'"
        [(fresh,)] = await (await owner.execute(stored)).fetchall()
        plain = await accounts.hash_secret("correct horse", VAULT)
        salt = bytes(16)
        digest = hashlib.scrypt(b"correct horse", salt=salt, n=1 << 10, r=8, p=1, dklen=32)
        for old in (plain, f"scrypt$10${salt.hex()}${digest.hex()}"):
            await owner.execute("UPDATE accounts.staff SET password_hash = %s WHERE login = 'renewed'", [old])
            async with db.transaction() as tx:
                wrong = await accounts.check_staff(tx, VAULT, "renewed", "wrong horse")
            assert wrong is StaffRefusal.WRONG
            assert await (await owner.execute(stored)).fetchall() == [(old,)]
            async with db.transaction() as tx:
                assert isinstance(await accounts.check_staff(tx, VAULT, "renewed", "correct horse"), Staff)
            [(now_stored,)] = await (await owner.execute(stored)).fetchall()
            assert now_stored.split("$")[:5] == fresh.split("$")[:5]
            async with db.transaction() as tx:
                assert isinstance(await accounts.check_staff(tx, VAULT, "renewed", "correct horse"), Staff)
            assert await (await owner.execute(stored)).fetchall() == [(now_stored,)]
        renewals = await owner.execute(
            "SELECT actor FROM audit.entry WHERE action = 'staff.password_renewed'"
        )
        assert await renewals.fetchall() == [("system:database",)] * 2


async def test_security_M7_renewing_a_password_takes_over_nobodys_login(db_urls: DbUrls) -> None:
    """What speaks as the application may read hashes and renew them: it gets in neither with one of its own nor with a copy."""
    renew = "SELECT accounts.renew_password(s.id, s.password_hash, %s) FROM accounts.staff AS s WHERE s.login = 'boss'"
    async with both(db_urls) as (db, owner):
        await staff(owner, login="boss", duties=duties_of_role("admin"))
        await staff(owner, login="keeper", password="my own horse")
        [(copied,)] = await (
            await owner.execute("SELECT password_hash FROM accounts.staff WHERE login = 'keeper'")
        ).fetchall()
        my_pin = await accounts.hash_secret("87654321", VAULT)
        for forged in (
            my_pin,
            my_pin.replace("scrypt", "scrypt-of"),
            "scrypt-of$0$10$8$1$" + "0" * 32 + "$" + "0" * 64,
        ):
            with suppress(psycopg.errors.InvalidParameterValue):
                async with db.transaction() as tx:
                    await tx.execute(renew, [forged])
            async with db.transaction() as tx:
                assert await accounts.check_staff(tx, VAULT, "boss", "87654321") is StaffRefusal.WRONG
        async with db.transaction() as tx:
            await tx.execute(renew, [copied])
            assert await accounts.check_staff(tx, VAULT, "boss", "my own horse") is StaffRefusal.WRONG
            assert isinstance(await accounts.check_staff(tx, VAULT, "keeper", "my own horse"), Staff)
        async with db.transaction() as tx:
            stale = "SELECT accounts.renew_password(id, 'not what is stored', %s) FROM accounts.staff WHERE login = 'keeper'"
            assert await (await tx.execute(stale, [copied])).fetchall() == [(False,)]
