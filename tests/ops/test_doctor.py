"""``wenyue doctor`` finds what is wrong and says how to mend it."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from tests.support.database import DbUrls
from wenyue.ops.doctor import Finding, Mark, examine, show
from wenyue.ops.ports import free_port
from wenyue.platform.config import Settings, load


def settings_of(folder: Path, **more: str) -> Callable[[], Settings]:
    environment = {"WENYUE_HOME": str(folder), "WENYUE_PORT": str(free_port())} | more
    return lambda: load(environment)


def faults(findings: list[Finding]) -> list[str]:
    return [f"{one.subject}: {one.found} → {one.remedy}" for one in findings if one.is_fault]


def test_a_fresh_home_has_no_fault(tmp_path: Path) -> None:
    findings = examine(settings_of(tmp_path / "new"))
    assert faults(findings) == []
    assert not (tmp_path / "new").exists()  # looking changes nothing


def test_a_misspelt_variable_is_told_with_the_one_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_WEB_WORKER", "8")
    monkeypatch.setenv("WENYUE_XYZZY", "1")
    monkeypatch.setenv("WENYUE_ALERT_WEBHOOK_FILE", "/nowhere")  # a good one
    said = [(one.found, one.remedy) for one in examine(settings_of(tmp_path)) if one.mark is Mark.WARNING]
    assert (
        "WENYUE_WEB_WORKER is set, but there is no such setting",
        "write WENYUE_WEB_WORKERS, or unset it",
    ) in said
    assert ("WENYUE_XYZZY is set, but there is no such setting", "unset it") in said
    assert not [found for found, _ in said if found.startswith("WENYUE_ALERT_WEBHOOK")]


def test_a_good_database_has_no_fault(tmp_path: Path, db_urls: DbUrls) -> None:
    urls = {"WENYUE_DATABASE_URL": db_urls.app_url, "WENYUE_OWNER_DATABASE_URL": db_urls.owner_url}
    findings = examine(settings_of(tmp_path, **urls))
    assert faults(findings) == []
    assert [one.mark for one in findings if one.subject == "rights"] == [Mark.GOOD]


def test_a_right_too_many_is_found(tmp_path: Path, make_database: Callable[[], DbUrls]) -> None:
    urls = make_database()
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        connection.execute("GRANT DELETE ON booking.line TO wenyue_app")
    variables = {"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_OWNER_DATABASE_URL": urls.owner_url}
    rights, grants = faults(examine(settings_of(tmp_path, **variables)))
    assert "REVOKE DELETE, TRUNCATE ON booking.line FROM wenyue_app;" in rights
    assert grants.startswith("grants: 1 table has grants other than declared: booking.line: other")


def test_security_L_demo_logins_are_warned_of_where_the_demo_was_not_asked_for(
    tmp_path: Path, make_database: Callable[[], DbUrls]
) -> None:
    urls = make_database()
    variables = {"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_OWNER_DATABASE_URL": urls.owner_url}

    def said(**more: str) -> Finding:
        findings = examine(settings_of(tmp_path, **variables, **more))
        return next(one for one in findings if one.subject == "demo logins")

    assert said().mark is Mark.GOOD
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO accounts.staff (login, password_hash, role, is_active, is_demo) VALUES"
            " ('gate', 'x', 'gate', true, true), ('left', 'x', 'gate', false, true), ('own', 'x', 'gate', true, false)"
        )
    found = said()
    assert (found.mark, found.found) == (Mark.WARNING, "gate: their passwords are public")
    assert "wenyue staff retire" in found.remedy
    assert said(WENYUE_DEMO="1").mark is Mark.NOTE


def test_mistyped_rules_are_named(tmp_path: Path, make_database: Callable[[], DbUrls]) -> None:
    urls = make_database()
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO policy.preset (code, rules, source) VALUES ('mine', '{\"code\": 1}', 'x')"
        )
        connection.execute("INSERT INTO cards.card_type VALUES ('year', 'x', 'x', '{\"oops\": 1}', 'x')")
    variables = {"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_OWNER_DATABASE_URL": urls.owner_url}
    card_type, preset = faults(examine(settings_of(tmp_path, **variables)))
    assert card_type.startswith("rules: cards.card_type 'year': ")
    assert preset.startswith("rules: policy.preset 'mine': ")
    assert preset.endswith("→ correct this row; until then the last valid rules stay in force")


def test_unpublished_holidays_are_noted(
    tmp_path: Path, db_urls: DbUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = {"WENYUE_DATABASE_URL": db_urls.app_url, "WENYUE_OWNER_DATABASE_URL": db_urls.owner_url}
    monkeypatch.setattr(
        "wenyue.ops.doctor.stored.HOLIDAYS_AHEAD_DAYS", 10 * 366
    )  # no notice looks so far ahead
    findings = [one for one in examine(settings_of(tmp_path, **urls)) if one.subject == "holidays"]
    year = datetime.now(UTC).year + 10
    assert [one.mark for one in findings[-1:]] == [Mark.WARNING]
    assert f"{year} is provisional" in findings[-1].found


def test_missing_migrations_are_found(tmp_path: Path, make_database: Callable[[], DbUrls]) -> None:
    urls = make_database()
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        connection.execute("DELETE FROM schema_migration WHERE version = '0001'")
    variables = {"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_OWNER_DATABASE_URL": urls.owner_url}
    (fault,) = faults(examine(settings_of(tmp_path, **variables)))
    assert "0001_foundation → run `wenyue migrate`" in fault


def test_an_owner_that_runs_the_application_is_noted(tmp_path: Path, db_urls: DbUrls) -> None:
    findings = examine(settings_of(tmp_path, WENYUE_DATABASE_URL=db_urls.owner_url))
    (note,) = [one for one in findings if one.subject == "rights"]
    assert note.mark is Mark.NOTE
    assert 'GRANT wenyue_app TO "wenyue_owner"' in note.remedy


def test_a_database_that_is_down_is_a_fault(tmp_path: Path) -> None:
    url = f"postgresql://somebody:secret@127.0.0.1:{free_port()}/wenyue"
    (fault,) = faults(examine(settings_of(tmp_path, WENYUE_DATABASE_URL=url)))
    assert "start it, or correct WENYUE_DATABASE_URL" in fault
    assert "secret" not in fault


def test_open_secrets_and_a_taken_port_are_found(tmp_path: Path) -> None:
    (tmp_path / "keys.json").touch(mode=0o644)
    (tmp_path / "keys.json").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = faults(examine(settings_of(tmp_path, WENYUE_PORT=str(taken.getsockname()[1]))))
    assert any("chmod 600" in fault for fault in found)
    assert any("can't use port" in fault for fault in found)


def test_a_mistyped_setting_is_found(tmp_path: Path) -> None:
    (fault,) = faults(examine(settings_of(tmp_path, WENYUE_PORT="eighty")))
    assert "WENYUE_PORT='eighty'" in fault


def test_what_is_found_is_shown_as_it_is() -> None:
    shown = io.StringIO()
    show([Finding(Mark.FAULT, "x", "host [::1] [/b]", "write [year]")], Console(file=shown, width=200))
    assert "host [::1] [/b]" in shown.getvalue()
    assert "write [year]" in shown.getvalue()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_home_is_found(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert any("isn't writable" in fault for fault in faults(examine(settings_of(tmp_path / "home"))))


def test_the_report_counts_its_faults() -> None:
    console = Console(file=io.StringIO(), width=100)
    show([Finding(Mark.GOOD, "a", "fine"), Finding(Mark.FAULT, "b", "bad", "mend it")], console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "→ mend it" in text
    assert "1 faults" in text
