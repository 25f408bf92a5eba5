"""What an old data key sealed is sealed again beside everything that runs; only then is the key retired."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

from tests.support.database import DbUrls
from tests.support.traveller_site import seed
from wenyue.core.clock import utc_now
from wenyue.core.ids import uuid7
from wenyue.core.personal import SealBroken, Vault
from wenyue.ops.resealing import PAGE_ROWS, refuse_while_used, reseal, reseal_subscribers
from wenyue.ops.rotating import KeyStore, Kind, add, use, without
from wenyue.ops.same_keys import claim_keys
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys
from wenyue.web.status.subscribers import Subscribers

BOOKINGS: Final = 2 * PAGE_ROWS + 100
SEALED: Final = (
    ("booking.booking", "party", b"party"),
    ("accounts.traveller", "sealed", b"traveller"),
    ("accounts.visitor", "sealed", b"visitor"),
    ("cards.companion", "sealed", b"companion"),
    ("notifications.message", "sealed", b"message"),
    ("waiting_room.room", "sealed_seed", b"room seed"),
    ("booking.booking", "cancel_reason", b"reason"),
)
_CANCELLED: Final = "UPDATE booking.booking SET cancel_reason = %s WHERE id = (SELECT min(id::text)::uuid FROM booking.booking)"
_BOOKING: Final = """INSERT INTO booking.booking (id, body_hash, state, channel, created_at, changed_at, total_minor, party)
VALUES (%s, '', 2, 1, now(), now(), 0, %s)"""
_COMPANIONS: Final = """INSERT INTO cards.companion (card_id, person_key, sealed)
SELECT (SELECT min(id) FROM cards.card), '\\x01'::bytea, %s::bytea
UNION ALL SELECT (SELECT max(id) FROM cards.card), '\\x02'::bytea, ''::bytea"""
_ROOM: Final = """INSERT INTO waiting_room.room (code, title, venue_id, from_day, to_day, onward, release_at, poll_s,
    epoch_s, rate_max, commitment, sealed_seed, created_at)
VALUES ('r', '{"en": "r"}', 1, '2026-01-01', '2026-01-01', '/', now(), 3, 5, 1, sha256('x'::bytea), %s, now())"""
_REASON: Final = """INSERT INTO audit.entry (at, actor, action, subject, detail)
VALUES (now(), 'test', 'booking.cancelled', 'x', jsonb_build_object('reason', %s::text))"""


def _send(_to: Sequence[str], _subject: str, _text: str) -> None:
    """No mail leaves."""


def fill(tx: psycopg.Connection, vault: Vault) -> None:
    """Something in every place where sealed values lie."""
    with tx.cursor() as cursor:
        cursor.executemany(
            _BOOKING, [(uuid7(), vault.seal(b"party", purpose=b"party")) for _ in range(BOOKINGS)]
        )
    tx.execute(_CANCELLED, [vault.seal(b"reason", purpose=b"reason")])
    holder = "INSERT INTO accounts.traveller (person_key, sealed) VALUES (%s, %s) RETURNING id"
    [[holder_id]] = tx.execute(holder, [b"1", vault.seal(b"traveller", purpose=b"traveller")]).fetchall()
    visitor = "INSERT INTO accounts.visitor (traveller_id, person_key, sealed) VALUES (%s, %s, %s)"
    tx.execute(visitor, [holder_id, b"1", vault.seal(b"visitor", purpose=b"visitor")])
    tx.execute(_COMPANIONS, [vault.seal(b"companion", purpose=b"companion")])
    message = "INSERT INTO notifications.message (booking_id, kind, channel, sealed, created_at) VALUES (%s, 1, 'sms', %s, now())"
    tx.execute(message, [uuid7(), vault.seal(b"message", purpose=b"message")])
    tx.execute(_ROOM, [vault.seal(b"room seed", purpose=b"room seed")])


def numbers(tx: psycopg.Connection) -> set[int]:
    """The key numbers that anything is sealed under."""
    found: set[int] = set()
    for table, column, _ in SEALED:
        schema, _, name = table.partition(".")
        statement = sql.SQL("SELECT DISTINCT get_byte({c}, 0) FROM {t} WHERE length({c}) > 0").format(
            c=sql.Identifier(column), t=sql.Identifier(schema, name)
        )
        found |= {row[0] for row in tx.execute(statement).fetchall()}
    return found


@pytest.mark.anyio
async def test_security_resealing_resumes_and_a_key_is_retired_only_then(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    urls, said = make_database(), list[str]()
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as seeding:
        await seed(seeding, utc_now(), Vault(load_keys(tmp_path)))
    claim_keys(tmp_path, urls.owner_url, is_accepted=True, say=print)
    old, store = Vault(load_keys(tmp_path)), KeyStore(tmp_path, print)
    subscribers = Subscribers(tmp_path / "status", old, _send, "http://x", utc_now)
    with closing(subscribers._open()) as file, file:  # pyright: ignore[reportPrivateUsage] - its own structure
        row = ("m", old.seal(b"a@example.org", purpose=b"status-subscriber"), "en", "2026-01-01")
        file.execute("INSERT INTO subscriber (mark, sealed, lang, asked_at) VALUES (?, ?, ?, ?)", row)
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        fill(tx, old)
        tx.execute(_REASON, [old.seal("原因".encode(), purpose=b"reason").hex()])
        store.put(use(add(store.content(), Kind.DATA)[0], Kind.DATA)[0])
        vault = Vault(load_keys(tmp_path))
        half = reseal(tx, vault, 2, said.append, pages_max=2)
        assert (half.seen, half.done) == (2 * PAGE_ROWS, 2 * PAGE_ROWS)
        with pytest.raises(SetupError, match=r"booking\.booking, .* still has values sealed with data key 1"):
            refuse_while_used(tx, tmp_path, 1, forget_reasons=True)
        rest = reseal(tx, vault, 2, said.append)
        assert (rest.seen, rest.done, rest.broken) == (BOOKINGS + 6, 106, 0)
        assert numbers(tx) == {2}
        with pytest.raises(SetupError, match=r"subscribers\.db still has"):
            refuse_while_used(tx, tmp_path, 1, forget_reasons=True)
        assert reseal_subscribers(tmp_path, vault, 2).done == 1
        with pytest.raises(SetupError, match="1 reasons in the audit record"):
            refuse_while_used(tx, tmp_path, 1, forget_reasons=False)
        refuse_while_used(tx, tmp_path, 1, forget_reasons=True)
        assert reseal(tx, vault, 2, said.append).done == 0
        store.put(without(store.content(), 1))
        alone = Vault(load_keys(tmp_path))
        parties = tx.execute("SELECT party FROM booking.booking").fetchall()
        assert {alone.open_sealed(party, purpose=b"party") for (party,) in parties} == {b"party"}
        with pytest.raises(SealBroken):
            alone.open_sealed(old.seal(b"x", purpose=b"p"), purpose=b"p")
    with closing(sqlite3.connect(tmp_path / "status" / "subscribers.db")) as file:
        [[sealed]] = file.execute("SELECT sealed FROM subscriber").fetchall()
        assert alone.open_sealed(sealed, purpose=b"status-subscriber") == b"a@example.org"


def test_the_commands_reseal_and_retire(make_database: Callable[[], DbUrls], tmp_path: Path) -> None:
    urls = make_database()
    claim_keys(tmp_path, urls.owner_url, is_accepted=True, say=print)
    old, store = Vault(load_keys(tmp_path)), KeyStore(tmp_path, print)
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        tx.execute(_BOOKING, [uuid7(), old.seal(b"party", purpose=b"party")])
    store.put(use(add(store.content(), Kind.DATA)[0], Kind.DATA)[0])
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    }
    own = {
        "WENYUE_HOME": str(tmp_path),
        "WENYUE_DATABASE_URL": urls.app_url,
        "WENYUE_OWNER_DATABASE_URL": urls.owner_url,
    }
    said: list[tuple[int, str]] = []
    for words in (["retire", "1"], ["reseal"], ["retire", "1", "--forget-reasons"]):
        command = [sys.executable, "-m", "wenyue.cli", "keys", *words]
        ran = subprocess.run(
            command, env=clean | own, capture_output=True, text=True, timeout=120, check=False
        )
        said.append((ran.returncode, ran.stdout + ran.stderr))
    assert [status for status, _ in said] == [1, 0, 0], said
    assert "wenyue keys reseal" in said[0][1]
    assert sorted(load_keys(tmp_path).sealing) == [2]
    with psycopg.connect(urls.owner_url) as tx:
        told = tx.execute("SELECT action FROM audit.entry WHERE action ^@ 'keys.' ORDER BY id").fetchall()
    assert told == [("keys.resealed",), ("keys.retired",)]
