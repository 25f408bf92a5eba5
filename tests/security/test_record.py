"""The record against somebody who has the database and not the key: edits, recomputed chains, cut ends, restarts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, LiteralString

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.watched import Watched, settled, watched
from wenyue import audit
from wenyue.audit import Anchors, Entry, Link
from wenyue.audit.store import begin_link, digest_entries
from wenyue.core.personal import SealKeys
from wenyue.monitor import Monitor
from wenyue.monitoring import Book, Event, Memory
from wenyue.ops.accepting import accept_record
from wenyue.platform.config import load
from wenyue.platform.database.db import Tx
from wenyue.platform.keys import load_keys, load_seal_keys

pytestmark = pytest.mark.anyio
NOW: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
STRANGERS: Final = SealKeys({1: b"?" * 32}, 1)


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    """A record of three links, sealed under the keys of the home, and an anchor of the last."""
    load_keys(tmp_path)
    async with watched(make_database(), tmp_path) as found:
        keys = load_seal_keys(tmp_path)
        for subject in "abc":
            await add(found.tx, subject, keys)
        last = await audit.newest(found.tx, NOW)
        assert last is not None
        Anchors(tmp_path, keys).keep(last)
        yield found


async def add(tx: Tx, subject: str, keys: SealKeys) -> None:
    await audit.record(tx, [Entry(NOW, "staff:3", "test.happened", subject)])
    await settled(tx)
    async with tx.transaction():
        assert await audit.seal(tx, NOW, keys) > 0


async def recompute(tx: Tx, keys: SealKeys | None) -> None:
    """As somebody would who may write every table: each link's digest anew, under `keys`, or by the rule without a key."""
    link = Link()
    rows = await tx.execute(
        "SELECT no, upto_xid::text, (extract(epoch FROM at) * 1000000)::bigint FROM audit.seal ORDER BY no"
    )
    for no, upto, at_us in await rows.fetchall():
        number = None if keys is None else keys.current
        mac = begin_link(link.digest, (no, link.upto_xid, int(upto), at_us), keys, number)
        count, digest = await digest_entries(tx, mac, link.upto_xid, int(upto))
        await tx.execute(
            "UPDATE audit.seal SET digest = %s, entries = %s, key_no = %s WHERE no = %s",
            [digest, count, number, no],
        )
        link = Link(no, int(upto), digest)


def settings_of(fixtures: Watched, home: Path) -> dict[str, str]:
    return {"WENYUE_HOME": str(home), "WENYUE_DATABASE_URL": fixtures.urls.app_url}


async def test_security_M6_an_edit_that_is_recomputed_without_the_key_is_found(
    fixtures: Watched, tmp_path: Path
) -> None:
    keys = load_seal_keys(tmp_path)
    assert await audit.verify(fixtures.tx, keys) is None
    await fixtures.tx.execute("UPDATE audit.entry SET actor = 'nobody' WHERE subject = 'b'")
    await recompute(fixtures.tx, STRANGERS)
    assert await audit.verify(fixtures.tx, STRANGERS) is None, (
        "the recomputed chain must be one that a thief believes in"
    )
    assert await audit.verify(fixtures.tx, keys) == 1
    assert "record:broken critical" in await fixtures.says("record")


async def test_security_M6_a_chain_made_anew_by_the_rule_without_a_key_is_found(
    fixtures: Watched, tmp_path: Path
) -> None:
    keys = load_seal_keys(tmp_path)
    await fixtures.tx.execute("UPDATE audit.entry SET actor = 'nobody' WHERE subject = 'b'")
    await recompute(fixtures.tx, None)
    assert await audit.verify(fixtures.tx, keys) is None  # it looks like one from before there was a key …
    assert "record:anchors critical" in await fixtures.says("record")  # … but for what was seen of it


async def test_security_M6_an_end_that_was_cut_off_is_found(fixtures: Watched, tmp_path: Path) -> None:
    await fixtures.tx.execute("DELETE FROM audit.seal WHERE no = 3")
    await fixtures.tx.execute("DELETE FROM audit.entry WHERE subject = 'c'")
    assert await audit.verify(fixtures.tx, load_seal_keys(tmp_path)) is None
    assert "record:anchors critical" in await fixtures.says("record")


@pytest.mark.parametrize("is_by_anothers_key", [True, False])
async def test_security_M6_an_anchor_written_without_the_key_counts_as_none(
    fixtures: Watched, tmp_path: Path, *, is_by_anothers_key: bool
) -> None:
    await fixtures.tx.execute("DELETE FROM audit.seal WHERE no = 3")
    kept = Anchors(tmp_path, STRANGERS)
    now_last = await audit.newest(fixtures.tx, NOW)
    assert now_last is not None
    if is_by_anothers_key:
        kept.begin_anew(now_last, NOW, who="nobody", why="")
    else:
        [file] = kept.folder.glob("anchors-*")
        file.write_text(file.read_text().replace('"no":3', '"no":2'))
        assert Anchors(tmp_path, load_seal_keys(tmp_path)).recent() == []
        return
    assert "record:anchors critical" in await fixtures.says("record")


async def test_security_M6_links_of_before_go_on_into_keyed_ones(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    load_keys(tmp_path)
    keys = load_seal_keys(tmp_path)
    async with watched(make_database(), tmp_path) as fixtures:
        await add(fixtures.tx, "before", keys)
        await recompute(fixtures.tx, None)
        await add(fixtures.tx, "after", keys)
        assert await audit.verify(fixtures.tx, keys) is None
        await fixtures.tx.execute("UPDATE audit.entry SET actor = 'nobody' WHERE subject = 'before'")
        assert await audit.verify(fixtures.tx, keys) == 1
        await recompute(fixtures.tx, None)
        assert await audit.verify(fixtures.tx, replace(keys, keys={})) is None
        await fixtures.tx.execute("UPDATE audit.seal SET key_no = 1 WHERE no = 1")
        assert await audit.verify(fixtures.tx, keys) == 1


async def test_security_M6_the_application_adds_the_next_link_and_no_other(fixtures: Watched) -> None:
    refused: tuple[LiteralString, ...] = (
        "INSERT INTO audit.seal (no, upto_xid, entries, digest, at, key_no) VALUES (4, '9', 0, '', now(), 1)",
        "SELECT audit.add_seal(9, pg_snapshot_xmin(pg_current_snapshot()), 0, '', now(), 1)",
        "SELECT audit.add_seal(4, '9999999999', 0, '', now(), 1)",
        "SELECT audit.add_seal(4, '3', 0, '', now(), 1)",
        "SELECT audit.add_seal(4, pg_snapshot_xmin(pg_current_snapshot()), 0, '', now(), NULL)",
    )
    async with await psycopg.AsyncConnection.connect(fixtures.urls.app_url, autocommit=True) as app:
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await app.execute(statement)


async def test_security_M6_a_restart_resolves_nothing_and_a_person_does(
    fixtures: Watched, tmp_path: Path
) -> None:
    book = Book(tmp_path / "monitor")
    await fixtures.tx.execute("UPDATE audit.entry SET actor = 'nobody' WHERE subject = 'b'")

    async def rounds(count: int) -> list[tuple[str, Event]]:
        """A monitor that has just been started, for so many rounds."""
        monitor = Monitor(fixtures.scene, book, ())
        return [(one.alert.subject, one.event) for _ in range(count) for one in await monitor.round()]

    assert ("record:broken", Event.FIRED) in await rounds(1)
    await fixtures.tx.execute(
        "UPDATE audit.entry SET actor = 'staff:3' WHERE subject = 'b'"
    )  # put back unseen
    assert [one for one in await rounds(4) if one[0].startswith("record:broken")] == []
    assert "record:broken" in book.alerts()
    await fixtures.tx.execute("UPDATE audit.entry SET actor = 'nobody' WHERE subject = 'b'")
    settings = load(settings_of(fixtures, tmp_path))
    assert await accept_record(settings, who="Wang Fang", why="a clerk's mistake, ticket 7") == 3
    book.resolve("record:broken", datetime.now(UTC) + timedelta(seconds=1), who="Wang Fang", why="ticket 7")
    assert ("record:broken", Event.RESOLVED) in await rounds(3)
    assert "record:broken" not in book.alerts()
    [(actor, detail)] = await (
        await fixtures.tx.execute("SELECT actor, detail FROM audit.entry WHERE action = 'record.accepted'")
    ).fetchall()
    assert (actor, detail["why"], detail["breaks"]) == (
        "operator:Wang Fang",
        "a clerk's mistake, ticket 7",
        1,
    )
    fixtures.memory = Memory()
    assert [one for one in await fixtures.says("record") if "unsealed" not in one] == []
    await fixtures.tx.execute("UPDATE audit.entry SET actor = 'nobody else' WHERE subject = 'c'")
    fixtures.memory = Memory()
    assert "record:broken critical" in await fixtures.says(
        "record"
    )  # accepted is what was there, not what comes


async def test_security_M6_anchors_are_read_from_the_end(tmp_path: Path) -> None:
    load_keys(tmp_path)
    kept = Anchors(tmp_path, load_seal_keys(tmp_path))
    for number in range(1, 3_000, 1_000):
        await asyncio.to_thread(kept.keep, audit.Anchor(number, "00", NOW))
    with next(kept.folder.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"torn')
    assert [one.no for one in kept.recent()] == [1, 1001, 2001]
