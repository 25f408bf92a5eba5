"""The record is read a page at a time, by whoever may, and that it was read is in it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import furnish
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.audit import Entry, queries
from wenyue.audit import record as keep
from wenyue.core.clock import local_date, utc_now
from wenyue.ops import record, slots, staff
from wenyue.platform.fault import SetupError


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    made = make_database()
    asyncio.run(furnish(made, tmp_path))
    return use_installation(monkeypatch, made, tmp_path)


def run(*words: str) -> str:
    return said_by(record.app, "list", *words)


def actions(urls: DbUrls) -> list[str]:
    with psycopg.connect(urls.owner_url) as tx:
        return [row[0] for row in tx.execute("SELECT action FROM audit.entry ORDER BY xid, id").fetchall()]


def test_the_record_is_looked_through_and_the_look_is_in_it(urls: DbUrls) -> None:
    day = (utc_now() + timedelta(days=600)).date().isoformat()
    said_by(slots.app, "close", "lake", "--from", day, "--reason", "大雾")
    said_by(staff.app, "add", "wang", "--duty", "gate@venue:lake")
    assert "staff.saved" in run()
    assert "slots.closed" in run("--venue", "lake")
    assert "staff.saved" not in run("--venue", "lake")
    assert "slots.closed" in run("--what", "slots")
    assert "nothing found" in run("--what", "slo")
    assert "slots.closed" in run(
        "--who", "operator:command", "--day", local_date(utc_now(), "Asia/Shanghai").isoformat()
    )
    assert "nothing found" in run("--who", "WANG")
    assert "nothing found" in run("--day", "2020-01-01")
    assert actions(urls).count("record.read") == 8
    before = actions(urls)
    for words, says in (
        (("--who", "nobody"), "login not found"),
        (("--who", "nobody\0"), "login not found"),
        (("--who", "system:\0"), "login not found"),
        (("--venue", "lake\0"), "venue not found"),
        (("--what", "a b"), "an action"),
        (("--venue", "nowhere"), "venue not found"),
        (("--day", "tomorrow"), "a date"),
        (("--before", "x"), "the previous page"),
    ):
        with pytest.raises(SetupError, match=says):
            run(*words)
    assert actions(urls) == before


@pytest.mark.anyio
async def test_pages_follow_each_other_and_each_is_bounded(
    db_urls: DbUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SHOWN_MAX", 3)
    monkeypatch.setattr(queries, "LOOKED_AT_MAX", 10)
    now = utc_now()
    async with await psycopg.AsyncConnection.connect(db_urls.owner_url) as tx:
        many = [
            Entry(now, "system:test", "a.rare" if no % 20 == 0 else "a.usual", f"thing:{no}")
            for no in range(60)
        ]
        await keep(tx, many)
        seen: list[str] = []
        wanted, pages = queries.Wanted(action="a.rare"), 0
        while True:
            page = await queries.page(tx, wanted)
            seen += [one.subject for one in page.entries]
            pages += 1
            assert len(page.entries) <= 3
            if page.before is None:
                break
            wanted = queries.Wanted(action="a.rare", before=page.before)
        assert seen == ["thing:40", "thing:20", "thing:0"]
        assert pages == 7  # ten are looked at in each, whatever was found
        usual: list[str] = []
        wanted = queries.Wanted(actor="system:test", action="a")
        while True:
            page = await queries.page(tx, wanted)
            usual += [one.subject for one in page.entries]
            if page.before is None:
                break
            wanted = queries.Wanted(actor="system:test", action="a", before=page.before)
        assert usual == [f"thing:{no}" for no in reversed(range(60))]
