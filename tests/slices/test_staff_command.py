"""`wenyue staff`: passwords are drawn and shown once or read from standard input, never taken from the command line."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import furnish, vault_of
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.accounts import Staff, StaffRefusal, check_staff, start_login, who
from wenyue.infra.fault import SetupError
from wenyue.kernel.clock import utc_now
from wenyue.tools import staff


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    made = make_database()
    asyncio.run(furnish(made, tmp_path))
    return use_installation(monkeypatch, made, tmp_path)


def run(*words: str, typed: str = "") -> str:
    return said_by(staff.app, *words, typed=typed)


def signs_in(urls: DbUrls, home: Path, login: str, password: str) -> Staff | StaffRefusal:
    async def check() -> Staff | StaffRefusal:
        async with await psycopg.AsyncConnection.connect(urls.app_url) as tx:
            return await check_staff(tx, vault_of(home), login, password)

    return asyncio.run(check())


def drawn(said: str) -> str:
    return next(line.split(": ")[1] for line in said.splitlines() if line.startswith("password"))


def test_staff_are_added_reset_unlocked_and_retired_by_command(urls: DbUrls, tmp_path: Path) -> None:
    first = drawn(run("add", "Zhang.San", "--role", "operator", "--venue", "lake", "--name", "张三"))
    found = signs_in(urls, tmp_path, "zhang.san", first)
    assert isinstance(found, Staff)
    assert (found.role, len(found.venue_ids), found.display_name) == ("operator", 1, "张三")
    assert "zhang.san" in run("list")
    assert "lake" in run("list")

    async def sign_in() -> str:
        async with await psycopg.AsyncConnection.connect(urls.app_url) as tx:
            return await start_login(tx, staff_id=found.id, now=utc_now())

    async def is_good(token: str) -> bool:
        async with await psycopg.AsyncConnection.connect(urls.app_url) as tx:
            return await who(tx, token, utc_now()) is not None

    token = asyncio.run(sign_in())
    said = run("reset", "zhang.san", "--password-stdin", typed="correct horse battery\n")
    assert "correct horse" not in said
    assert not asyncio.run(is_good(token))
    assert signs_in(urls, tmp_path, "zhang.san", first) is StaffRefusal.WRONG
    again = signs_in(urls, tmp_path, "zhang.san", "correct horse battery")
    assert isinstance(again, Staff)
    assert (again.role, again.venue_ids) == (found.role, found.venue_ids)
    run("unlock", "zhang.san")
    token = asyncio.run(sign_in())
    run("retire", "zhang.san")
    assert not asyncio.run(is_good(token))
    assert signs_in(urls, tmp_path, "zhang.san", "correct horse battery") is StaffRefusal.WRONG
    assert "retired" in run("list")
    with psycopg.connect(urls.owner_url) as tx:
        actions = [
            row[0]
            for row in tx.execute(
                "SELECT action FROM audit.entry WHERE actor = %s ORDER BY id", [staff.ACTOR]
            )
        ]
    assert actions == ["staff.saved", "staff.saved", "staff.unlocked", "staff.retired"]


@pytest.mark.usefixtures("urls")
def test_a_name_with_brackets_is_listed_as_it_is() -> None:
    drawn(run("add", "brackets", "--role", "gate", "--name", "[/b] [red]王"))
    assert "[/b] [red]王" in run("list")


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (("add", "x", "--role", "king"), "", "none of gate, operator, admin"),
        (("add", "x", "--role", "gate", "--venue", "nowhere"), "", "there is no venue 'nowhere'"),
        (("add", "gate", "--role", "gate"), "", "already"),
        (("add", "x", "--role", "gate", "--name", "a\nb"), "", "--name"),
        (("add", "x", "--role", "gate", "--password-stdin"), "short\n", "password: 8 to 128"),
        (("add", "x", "--role", "gate", "--password-stdin"), "", "standard input holds no password"),
        (("reset", "nobody"), "", "there is no login 'nobody'"),
        (("retire", "nobody"), "", "there is no login 'nobody'"),
        (("unlock", "nobody"), "", "there is no login 'nobody'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(
    urls: DbUrls, words: tuple[str, ...], typed: str, says: str
) -> None:
    with pytest.raises(SetupError, match=says):
        run(*words, typed=typed)
    with psycopg.connect(urls.owner_url) as tx:
        row = tx.execute("SELECT count(*) FROM accounts.staff").fetchone()
    assert row == (1,)


@pytest.mark.usefixtures("urls")
def test_live_L1_logins_and_names_are_shown_letter_by_letter() -> None:
    assert "[red]x: saved" in run("add", "[red]x", "--role", "gate", "--name", "[link=http://a]:x:[/link]")
    listed = run("list")
    assert "[red]x" in listed
    assert "[link=http://a]:x:[/link]" in listed.replace("\n", "").replace(" ", "")
    assert "[red]x: unlocked" in run("unlock", "[red]x")
    assert "[red]x: retired" in run("retire", "[red]x")


@pytest.mark.usefixtures("urls")
@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\u061c"])
def test_live_L1_what_turns_text_around_is_refused_in_logins_and_names(sign: str) -> None:
    for words in (
        ("add", f"a{sign}b", "--role", "gate"),
        ("add", "ab", "--role", "gate", "--name", f"a{sign}b"),
    ):
        with pytest.raises(SetupError, match="control characters"):
            run(*words)
    with pytest.raises(SetupError, match="control characters"):
        run("add", "gate\u200b", "--role", "gate")  # looks like `gate`
