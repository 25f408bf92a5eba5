"""`wenyue staff`: passwords are drawn and shown once or read from standard input, never taken from the command line."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support.api_site import furnish, vault_of
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.accounts import Staff, StaffRefusal, check_staff, start_login, who
from wenyue.core.clock import utc_now
from wenyue.core.duties import Role
from wenyue.ops import staff
from wenyue.platform.fault import SetupError


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
    assert found.display_name == "张三"
    assert [(one.role, one.venue_id is not None) for one in found.duties] == [(Role.OPERATOR, True)]
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
    assert again.duties == found.duties
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


def entries(urls: DbUrls, action: str) -> list[tuple[str, list[str]]]:
    with psycopg.connect(urls.owner_url) as tx:
        found = tx.execute("SELECT actor, detail FROM audit.entry WHERE action = %s ORDER BY id", [action])
        return [(actor, detail["duties"]) for actor, detail in found.fetchall()]


def open_logins(urls: DbUrls) -> int:
    with psycopg.connect(urls.owner_url) as tx:
        [(found,)] = tx.execute(
            "SELECT count(*) FROM accounts.login WHERE staff_id IS NOT NULL AND ended_at IS NULL"
        ).fetchall()
        return found


def count(urls: DbUrls, what: str) -> int:
    with psycopg.connect(urls.owner_url) as tx:
        [(found,)] = tx.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*what.split(".")))
        ).fetchall()
        return found


def test_duties_are_given_and_taken_by_command_and_written_down(urls: DbUrls) -> None:
    drawn(run("add", "wang", "--duty", "desk@venue:lake", "--duty", "approver"))
    listed = run("list")
    assert "approver" in listed
    assert "desk@venue:lake" in listed
    assert "gate@venue" not in listed
    run("grant", "wang", "gate@venue:lake/北门", "desk@venue:lake")
    assert "gate@venue:lake/北门" in run("list")
    assert open_logins(urls) == 0
    with psycopg.connect(urls.owner_url) as tx:
        tx.execute(
            "INSERT INTO accounts.login (token_hash, staff_id, expires_at)"
            " SELECT '\\x00', id, now() + interval '1 hour' FROM accounts.staff WHERE login = 'wang'"
        )
    run("grant", "wang", "desk")
    assert open_logins(urls) == 1
    run("withdraw", "wang", "approver", "auditor", "desk")
    assert open_logins(urls) == 0
    assert "approver" not in run("list")
    lake = entries(urls, "staff.saved")[-1][1][1].rpartition(":")[2]
    assert entries(urls, "staff.duties_set") == [
        (staff.ACTOR, ["approver", f"desk@venue:{lake}", f"gate@venue:{lake}/北门"]),
        (staff.ACTOR, ["approver", "desk", f"desk@venue:{lake}", f"gate@venue:{lake}/北门"]),
        (staff.ACTOR, [f"desk@venue:{lake}", f"gate@venue:{lake}/北门"]),
    ]
    run("grant", "wang", f"desk@venue:{lake}")  # held already: nothing is written down
    assert len(entries(urls, "staff.duties_set")) == 3


def test_the_last_administrator_stays(urls: DbUrls) -> None:
    for login in ("boss", "deputy", "lake-boss"):
        scope = "@venue:lake" if login == "lake-boss" else ""
        drawn(run("add", login, "--duty", f"administrator{scope}"))
    run("retire", "boss")
    held = count(urls, "accounts.duty"), count(urls, "audit.entry")
    for words in (("retire", "deputy"), ("withdraw", "deputy", "administrator")):
        with pytest.raises(SetupError, match="last administrator"):
            run(*words)
    assert (count(urls, "accounts.duty"), count(urls, "audit.entry")) == held
    run("retire", "lake-boss")  # of one venue: the destination keeps its own
    run("add", "boss", "--duty", "administrator")
    run("withdraw", "deputy", "administrator")
    assert "none" in run("list")


PASSWORD = "correct horse battery"


def test_nobody_gives_what_they_do_not_administer(urls: DbUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --as a command is held to the duties of that login, and the record names it."""
    monkeypatch.setenv("WENYUE_SECOND_FACTOR", "asked")
    for login, duty in (
        ("boss", "administrator"),
        ("lake-boss", "administrator@venue:lake"),
        ("op", "operator"),
        ("keeper", "gate@venue:temple"),
    ):
        run("add", login, "--duty", duty, "--password-stdin", typed=f"{PASSWORD}\n")
    run("add", "away", "--duty", "auditor", "--password-stdin", typed=f"{PASSWORD}\n")
    run("withdraw", "away", "auditor")
    before = count(urls, "accounts.duty"), count(urls, "accounts.staff"), count(urls, "audit.entry")
    for by, words in (
        ("lake-boss", ("retire", "away")),
        ("lake-boss", ("unlock", "away")),
        ("lake-boss", ("grant", "away", "gate@venue:lake")),
        ("op", ("grant", "keeper", "gate@venue:lake")),
        ("lake-boss", ("grant", "keeper", "desk@venue:lake")),
        ("lake-boss", ("grant", "keeper", "gate@venue:temple")),
        ("lake-boss", ("grant", "keeper", "gate")),
        ("lake-boss", ("grant", "lake-boss", "administrator")),
        ("lake-boss", ("withdraw", "keeper", "gate@venue:temple")),
        ("lake-boss", ("retire", "keeper")),
        ("lake-boss", ("unlock", "boss")),
        ("keeper", ("grant", "keeper", "gate@venue:temple")),
        ("keeper", ("retire", "boss")),
    ):
        with pytest.raises(SetupError, match="you can't"):
            run(*words, "--as", by, typed=f"{PASSWORD}\n")
    with pytest.raises(SetupError, match="password is wrong"):
        run("grant", "keeper", "gate@venue:lake", "--as", "boss", typed="guess\n")
    with pytest.raises(SetupError, match="you can't"):
        run("reset", "boss", "--as", "op", "--password-stdin", typed=f"another password\n{PASSWORD}\n")
    after = count(urls, "accounts.duty"), count(urls, "accounts.staff"), count(urls, "audit.entry")
    assert after == before
    run(
        "add",
        "clerk",
        "--duty",
        "gate@venue:lake",
        "--as",
        "lake-boss",
        "--password-stdin",
        typed=f"{PASSWORD}\n{PASSWORD}\n",
    )
    run("grant", "clerk", "desk@venue:lake", "--as", "lake-boss", typed=f"{PASSWORD}\n")
    run("grant", "keeper", "auditor", "--as", "boss", typed=f"{PASSWORD}\n")
    assert "desk@venue:lake" in run("list")
    assert [actor.partition(":")[0] for actor, _ in entries(urls, "staff.duties_set")] == [
        "operator",
        "staff",
        "staff",
    ]


def test_whoever_changes_something_by_command_has_a_second_factor(urls: DbUrls) -> None:
    """As in the console: a password alone is not enough for `--as`, where the installation asks for two."""
    run("add", "boss", "--duty", "administrator", "--password-stdin", typed=f"{PASSWORD}\n")
    before = count(urls, "accounts.duty"), count(urls, "audit.entry")
    with pytest.raises(SetupError, match="second step"):
        run("add", "other", "--duty", "auditor", "--as", "boss", typed=f"{PASSWORD}\n")
    assert (count(urls, "accounts.duty"), count(urls, "audit.entry")) == before


@pytest.mark.usefixtures("urls")
def test_a_name_with_brackets_is_listed_as_it_is() -> None:
    drawn(run("add", "brackets", "--role", "gate", "--name", "[/b] [red]王"))
    assert "[/b] [red]王" in run("list")


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (("add", "x", "--role", "king"), "", "isn't one of gate, operator, admin"),
        (("add", "x", "--role", "gate", "--venue", "nowhere"), "", "venue 'nowhere' not found"),
        (("add", "gate", "--role", "gate"), "", "already"),
        (("add", "x", "--role", "gate", "--name", "a\nb"), "", "--name"),
        (("add", "x", "--role", "gate", "--name", "王" * 65), "", "display_name: at most 64"),
        (("add", "x", "--role", "gate", "--password-stdin"), "short\n", "password: 8 to 128"),
        (("add", "x", "--role", "gate", "--password-stdin"), "", "standard input has no password"),
        (("reset", "nobody"), "", "login 'nobody' not found"),
        (("retire", "nobody"), "", "login 'nobody' not found"),
        (("grant", "nobody", "desk"), "", "login 'nobody' not found"),
        (("grant", "gate", "king"), "", "the role must be one of"),
        (("grant", "gate", "desk@venue:nowhere"), "", "venue 'nowhere' not found"),
        (("grant", "gate", "desk@venue:999999"), "", "venue not found"),
        (("grant", "gate", "desk@lake"), "", "the scope must be"),
        (("grant", "gate", "operator@venue:lake/北门"), "", "only desk and gate stand at a post"),
        (("grant", "gate", f"gate@venue:lake/{'门' * 41}"), "", "at most 40"),
        (("add", "x"), "", "give at least one duty"),
        (("unlock", "nobody"), "", "login 'nobody' not found"),
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
