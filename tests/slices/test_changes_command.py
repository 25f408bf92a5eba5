"""`wenyue changes` as an operator types it."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.infra.fault import SetupError
from wenyue.tools import changes


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    return use_installation(monkeypatch, make_database(), tmp_path / "home")


def test_it_is_declared_that_one_operator_works_alone_and_put_on_record(urls: DbUrls) -> None:
    assert said_by(changes.app, "one-operator").startswith("two persons")
    assert said_by(changes.app, "one-operator", "on").startswith("one operator works alone")
    assert said_by(changes.app, "one-operator", "on").startswith("one operator works alone")
    assert said_by(changes.app, "one-operator", "off").startswith("two persons")
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
    assert "nothing was proposed" in said_by(changes.app, "list")
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
