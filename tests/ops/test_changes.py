"""`wenyue changes` as an operator types it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import furnish
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.ops import changes, slots, staff
from wenyue.platform.fault import SetupError


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    return use_installation(monkeypatch, make_database(), tmp_path / "home")


def test_it_is_declared_that_one_operator_works_alone_and_put_on_record(urls: DbUrls) -> None:
    assert said_by(changes.app, "one-operator").startswith("two people")
    assert said_by(changes.app, "one-operator", "on").startswith("a single operator")
    assert said_by(changes.app, "one-operator", "on").startswith("a single operator")
    assert said_by(changes.app, "one-operator", "off").startswith("two people")
    with psycopg.connect(urls.owner_url) as tx:
        found = tx.execute(
            "SELECT actor, detail FROM audit.entry WHERE action = 'changes.declared' ORDER BY id"
        )
        assert found.fetchall() == [
            ("operator:command", {"is_one_operator": True}),
            ("operator:command", {"is_one_operator": False}),
        ]


@pytest.mark.usefixtures("urls")
def test_another_word_is_refused() -> None:
    with pytest.raises(SetupError, match="on, off or show"):
        said_by(changes.app, "one-operator", "yes")


def test_proposals_are_listed_with_who_made_them(urls: DbUrls) -> None:
    assert "no changes proposed" in said_by(changes.app, "list")
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        [(ann,)] = tx.execute(
            "INSERT INTO accounts.staff (login, password_hash, role) VALUES ('ann', '-', 'operator') RETURNING id"
        ).fetchall()
        for by, state, decided in (
            (f"staff:{ann}", "waiting", None),
            ("staff:999", "declined", "2026-11-30"),
        ):
            tx.execute(
                """INSERT INTO changes.change (id, kind, effect, request, was, sessions, places, money_minor, places_max,
                       money_minor_max, reason, digest, proposed_by, proposed_at, expires_at, state, decided_at)
                   VALUES (gen_random_uuid(), 'prices.set', 'loosens', '{}', '{}', 0, 0, 0, 0, 0, '平安夜', '', %s,
                           '2026-11-30 08:00Z', '2026-12-01 08:00Z', %s, %s)""",
                [by, state, decided],
            )
    said = said_by(changes.app, "list")
    first, second = [line for line in said.splitlines() if "prices.set" in line]
    assert "ann" in first
    assert "waits" in first
    assert "staff:999" in second
    assert "declined" in second


def test_two_persons_decide_by_command_on_what_was_shown(
    urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_SECOND_FACTOR", "off")  # test_staff_command.py has the second factor of `--as`
    asyncio.run(furnish(urls, tmp_path / "home"))
    password = "correct horse battery"
    for login, duty in (("ann", "operator"), ("bo", "approver")):
        said_by(staff.app, "add", login, "--duty", duty, "--password-stdin", typed=f"{password}\n")
    typed = f"{password}\n"
    price = (
        "price",
        "lake",
        "main",
        "58.50",
        "--from",
        "2027-12-24",
        "--to",
        "2027-12-25",
        "--why",
        "平安夜",
    )
    said = said_by(slots.app, *price, "--as", "ann", typed=typed)
    change = said.split("/console/changes/")[1].split()[0]
    assert change in said_by(changes.app, "list")

    shown = said_by(changes.app, "show", change)
    for word in ("Set prices", "¥58.50", "平安夜", "ann", "waits"):
        assert word in shown, word
    word = shown.split()[-1]
    for id_, digest, login, problem in (
        (change, word, "ann", "Someone else must decide"),
        (change, "0" * 12, "bo", "differs from what you saw"),
        (change, "", "bo", "--shown"),
        (change, " " * 12, "bo", "--shown"),
        ("5", word, "bo", "ID '5'"),
        ("00000000-0000-0000-0000-000000000000", word, "bo", "Change not found"),
    ):
        with pytest.raises(SetupError, match=problem):
            said_by(changes.app, "approve", id_, "--shown", digest, "--as", login, typed=typed)
    with pytest.raises(SetupError, match="--as"):
        said_by(changes.app, "approve", change, "--shown", word, "--as", "")
    approved = said_by(
        changes.app, "approve", change, "--shown", word, "--says", "可以", "--as", "bo", typed=typed
    )
    assert approved.startswith("approved")
    with pytest.raises(SetupError, match="already decided"):
        said_by(changes.app, "decline", change, "--as", "bo", typed=typed)

    said_by(
        slots.app, "close", "lake", "--from", "2027-12-26", "--reason", "大雾", "--as", "ann", typed=typed
    )
    [closed] = [line for line in said_by(changes.app, "list").splitlines() if "slots.close" in line]
    assert "awaiting review" in said_by(changes.app, "show", closed.split()[0])
    assert said_by(changes.app, "review", closed.split()[0], "--as", "bo", typed=typed).startswith("reviewed")
    with pytest.raises(SetupError, match="need a review"):
        said_by(changes.app, "review", closed.split()[0], "--as", "bo", typed=typed)

    said = said_by(slots.app, *price[:3], "60", *price[4:], "--as", "ann", typed=typed)
    again = said.split("/console/changes/")[1].split()[0]
    declined = said_by(changes.app, "decline", again, "--says", "不可以", "--as", "bo", typed=typed)
    assert declined.startswith("declined")
    with psycopg.connect(urls.owner_url) as tx:
        found = tx.execute("SELECT state, decision FROM changes.change ORDER BY proposed_at, id").fetchall()
        assert found == [("applied", "可以"), ("applied", ""), ("declined", "不可以")]
        bos = tx.execute(
            "SELECT action FROM audit.entry WHERE actor = (SELECT 'staff:' || id FROM accounts.staff WHERE login = 'bo')"
            " ORDER BY id"
        )
        assert bos.fetchall() == [("change.applied",), ("change.reviewed",), ("change.declined",)]


def test_whoever_works_alone_is_told_what_becomes_of_it_and_of_nobody_else(
    urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_SECOND_FACTOR", "off")
    asyncio.run(furnish(urls, tmp_path / "home"))
    typed = "correct horse battery\n"
    said_by(staff.app, "add", "ann", "--duty", "operator", "--password-stdin", typed=typed)
    said_by(changes.app, "one-operator", "on")

    def asked(*words: str) -> str:
        return said_by(slots.app, *words, "--from", "2027-12-24", "--as", "ann", typed=typed)

    price = asked("price", "lake", "main", "58.50", "--why", "平安夜")
    assert price.startswith("it takes effect at ")
    assert "second person" not in price
    assert asked("close", "lake", "--reason", "大雾").startswith("done")
