"""`wenyue bans` as an operator types it."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.booking import account_subject
from wenyue.core.clock import utc_now
from wenyue.core.documents import Document, parse_document
from wenyue.core.personal import Vault
from wenyue.ops import bans
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys

NUMBER = "11010519491231002X"


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    return use_installation(monkeypatch, make_database(), tmp_path / "home")


def run(*words: str, typed: str = "") -> str:
    return said_by(bans.app, *words, typed=typed)


def person_key(home: Path) -> bytes:
    document = parse_document(None, NUMBER, today=utc_now().date())
    assert isinstance(document, Document)
    return Vault(load_keys(home)).person_key(document.key)


def ban(urls: DbUrls, subject: bytes, *codes: str) -> None:
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        for code in codes:
            tx.execute(
                "INSERT INTO policy.ban (subject_key, policy_code, until, reason)"
                " VALUES (%s, %s, now() + interval '30 days', 'no_show')",
                [subject, code],
            )
            tx.execute(
                "INSERT INTO policy.strike (subject_key, policy_code, kind, on_date, booking_id)"
                " SELECT %s, %s, 'no_show', current_date - d, gen_random_uuid() FROM generate_series(1, 3) d",
                [subject, code],
            )


def test_security_second_H3_a_persons_ban_is_lifted_and_its_strikes_count_no_more(
    urls: DbUrls, tmp_path: Path
) -> None:
    key = person_key(tmp_path / "home")
    ban(urls, key, "gugong", "lingyin")
    shown = run("show", "person", typed=NUMBER + "\n")
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ["gugong", "lingyin"]
    said = run("lift", "person", "--preset", "gugong", "--why", "booked by a stranger", typed=NUMBER + "\n")
    assert "gugong (3 strikes forgiven)" in said
    assert "gugong" not in run("show", "person", typed=NUMBER + "\n")
    with psycopg.connect(urls.owner_url) as tx:
        left = tx.execute(
            "SELECT policy_code, count(*) FROM policy.strike WHERE forgiven_at IS NULL GROUP BY policy_code"
        ).fetchall()
        recorded = tx.execute("SELECT actor, action, subject, detail::text FROM audit.entry").fetchall()
    assert left == [("lingyin", 3)]
    assert [row[:3] for row in recorded] == [("operator:command", "ban.lifted", "person")]
    assert NUMBER not in str(recorded)


def test_a_lifted_ban_forgives_nothing_of_another_person_whose_document_has_the_number(
    urls: DbUrls, tmp_path: Path
) -> None:
    """A passport's number is nobody's alone: the nationality beside it makes the person."""
    vault = Vault(load_keys(tmp_path / "home"))
    banned, other = [vault.person_key(f"passport:{nation}:E12345678") for nation in ("CHN", "KOR")]
    ban(urls, banned, "gugong")
    ban(urls, other, "gugong")
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        tx.execute("UPDATE policy.ban SET until = now() - interval '1 day' WHERE subject_key = %s", [other])
    said = run("lift", "person", "--why", "booked by a stranger", typed="E12345678\n")
    assert "gugong (3 strikes forgiven)" in said
    assert "every nationality" in said
    with psycopg.connect(urls.owner_url) as tx:
        left = tx.execute("SELECT subject_key FROM policy.strike WHERE forgiven_at IS NULL").fetchall()
    assert [bytes(key) for (key,) in left] == [other] * 3


def test_security_fourth_F3_a_bare_passport_number_is_said_to_be_every_nationalitys(
    urls: DbUrls, tmp_path: Path
) -> None:
    vault = Vault(load_keys(tmp_path / "home"))
    ban(urls, vault.person_key("passport:KOR:E12345678"), "gugong")
    bare = run("show", "person", typed="E12345678\n")
    assert ("gugong" in bare, "every nationality" in bare, "E12345678 FRA" in bare) == (True, True, True)
    for line, is_banned in (("E12345678 KOR\n", True), ("E12345678 FRA\n", False), (NUMBER + "\n", False)):
        said = run("show", "person", typed=line)
        assert ("gugong" in said, "every nationality" in said) == (is_banned, False)
    assert "every nationality" not in run("show", "account:7")


def test_an_accounts_bans_are_lifted_all_at_once(urls: DbUrls) -> None:
    ban(urls, account_subject(7), "default", "guobo")
    ban(urls, account_subject(8), "default")
    assert "guobo" in run("lift", "account:7", "--why", "goodwill")
    assert "no suspensions" in run("show", "account:7")
    assert "default" in run("show", "account:8")


def test_what_is_mistyped_is_named(urls: DbUrls) -> None:
    assert urls
    with pytest.raises(SetupError, match="WHO 'account:x'"):
        run("show", "account:x")
    with pytest.raises(SetupError, match="no document number"):
        run("show", "person", typed="\n")
    with pytest.raises(SetupError, match="--why"):
        run("lift", "account:7", "--why", " ")
    with pytest.raises(SetupError, match="no such suspension in force"):
        run("lift", "account:7", "--why", "nothing there")
