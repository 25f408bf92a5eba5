"""Keys at rest and what they seal."""

import os
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest

from tests.support.database import TestServer
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue.core.personal import SealBroken, Vault
from wenyue.gate import load_gate_keys
from wenyue.platform.keys import load_keys


@pytest.mark.parametrize(
    ("name", "make"), [("keys.json", load_keys), ("gate-keys.json", load_gate_keys)], ids=["seal", "gate"]
)
def test_a_key_file_is_its_owners_alone(tmp_path: Path, name: str, make: Callable[[Path], object]) -> None:
    home, before = tmp_path / "home", os.umask(0)
    try:
        make(home)
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert [entry.name for entry in home.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "make"), [("keys.json", load_keys), ("gate-keys.json", load_gate_keys)], ids=["seal", "gate"]
)
def test_fresh_keys_are_on_the_disk_before_anything_is_sealed_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[[Path], object]
) -> None:
    """A machine that loses its power in its first minute must not keep rows that nothing opens any more."""
    synced: list[tuple[int, bool]] = []

    def noting(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_ino, (tmp_path / name).exists()))
        sync(descriptor)

    sync = os.fsync
    monkeypatch.setattr(os, "fsync", noting)
    make(tmp_path)
    content, folder = (tmp_path / name).stat().st_ino, tmp_path.stat().st_ino
    assert synced == [
        (content, False),
        (folder, True),
    ]  # the content before its name, the name before its use


def test_sealed_bytes_differ_each_time_and_open_for_their_purpose_only(tmp_path: Path) -> None:
    vault = Vault(load_keys(tmp_path))
    sealed = {vault.seal(b"same", purpose=b"party") for _ in range(1000)}
    assert len({one[1:13] for one in sealed}) == 1000
    one = sealed.pop()
    assert vault.open_sealed(one, purpose=b"party") == b"same"
    others = (vault.open_sealed, Vault(load_keys(tmp_path / "another")).open_sealed)
    for open_it, purpose in ((others[0], b"visitor"), (others[1], b"party")):
        with pytest.raises(SealBroken):
            open_it(one, purpose=purpose)
    for number in range(len(one)):
        with pytest.raises(SealBroken):
            vault.open_sealed(one[:number] + bytes([one[number] ^ 1]) + one[number + 1 :], purpose=b"party")


def test_one_person_is_one_key_and_two_kinds_are_two(tmp_path: Path) -> None:
    vault = Vault(load_keys(tmp_path))
    today = date(2026, 3, 4)
    typed = [
        parse_document(DocumentKind.RESIDENT_ID, raw, today=today)
        for raw in ("11010519491231002X", " 110105 19491231 002x", "１１０１０５１９４９１２３１００２Ｘ")
    ]
    documents = [one for one in typed if isinstance(one, Document)]
    assert len(documents) == 3
    assert len({vault.person_key(one.key) for one in documents}) == 1
    passport = parse_document(
        DocumentKind.PASSPORT, "E12345678", today=today, nationality="CN", expires_on=today.replace(year=2030)
    )
    assert isinstance(passport, Document)
    assert vault.person_key(passport.key) != vault.person_key("E12345678")
    assert vault.fingerprint(documents[0].key.encode()) != vault.person_key(documents[0].key)


def test_the_servers_log_and_catalogue_know_no_password(database_server: TestServer) -> None:
    with psycopg.connect(database_server.superuser_url) as tx:
        rows = tx.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolname ~ '^wenyue'").fetchall()
        [[folder]] = tx.execute("SHOW data_directory").fetchall()
    assert len(rows) == 2
    assert all(verifier.startswith("SCRAM-SHA-256$") for _, verifier in rows)
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
    passwords = [
        url.split(":")[2].split("@")[0] for url in (database_server.app_url, database_server.owner_url)
    ]
    for log in Path(folder).parent.glob("*.log"):
        text = log.read_text(encoding="utf-8", errors="replace")
        assert not any(password in text for password in passwords)
