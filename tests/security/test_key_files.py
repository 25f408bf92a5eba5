"""The files that hold the keys: their stages, damaged and foreign ones, other machines, and backups from before a rotation."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.crowd import voucher
from tests.support.database import DbUrls
from wenyue.core.ids import uuid7
from wenyue.core.personal import SealBroken, Vault
from wenyue.gate import load_gate_keys, read_token
from wenyue.gate.tokens import TokenClaims, TokenProblem
from wenyue.ops.backup.keys import find, prints
from wenyue.ops.rotating import KeyStore, Kind, add, use, without
from wenyue.ops.same_keys import claim_keys, note_in_use, require_keys
from wenyue.platform.config import load
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import (
    KEYS,
    load_keys,
    load_seal_keys,
    read_content,
    reloading_keys,
    replace,
    vault_file,
)


def test_a_machine_without_the_key_in_use_does_not_start_and_one_with_a_further_key_does(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    urls, first, second = make_database(), tmp_path / "first", tmp_path / "second"
    claim_keys(first, urls.owner_url, is_accepted=False, say=print)
    second.mkdir()
    for name in ("keys.json", "gate-keys.json"):
        (second / name).write_bytes((first / name).read_bytes())
    of = {
        home: load({"WENYUE_HOME": str(home), "WENYUE_DATABASE_URL": urls.app_url})
        for home in (first, second)
    }
    store = KeyStore(first, print)
    store.put(add(store.content(), Kind.DATA)[0])
    for settings in of.values():
        require_keys(settings)  # added, not used: both are of one installation
    store.put(use(store.content(), Kind.DATA)[0])
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        note_in_use(connection, first)
    require_keys(of[first])
    with pytest.raises(SetupError, match=r"lack keys now in use \(data:2\)"):
        require_keys(of[second])
    replace(second / KEYS, read_content(first / KEYS))
    require_keys(of[second])


def test_a_damaged_or_missing_key_file_keeps_the_keys_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    vault = Vault(load_keys(tmp_path))
    file, whole = vault_file(tmp_path, vault), (tmp_path / KEYS).read_text()
    sealed = vault.seal(b"x", purpose=b"p")
    other = json.loads(whole) | {"index": "00" * 32}
    no_current = json.loads(whole) | {"current": 9}
    short = json.loads(whole) | {"sealing": {"1": "00"}}
    with caplog.at_level(logging.ERROR):
        for text in (
            "",
            "{",
            "[]",
            '"x"',
            "{}",
            whole[:-20],
            json.dumps(other),
            json.dumps(no_current),
            json.dumps(short),
        ):
            (tmp_path / KEYS).write_text(text)
            caplog.clear()
            assert not file.read_if_changed()
            assert not file.read_if_changed()
            assert len(caplog.records) == 1
            assert vault.open_sealed(sealed, purpose=b"p") == b"x"
            assert vault.seal(b"x", purpose=b"p")[0] == 1
        (tmp_path / KEYS).unlink()
        caplog.clear()
        assert not file.read_if_changed()
        assert not file.read_if_changed()
        assert len(caplog.records) == 1
    assert not (tmp_path / KEYS).exists()  # a process that runs makes no keys
    content, number = add(json.loads(whole), Kind.DATA)
    content, _ = use(content, Kind.DATA)
    replace(tmp_path / KEYS, content)
    assert file.read_if_changed()
    assert not file.read_if_changed()
    assert vault.seal(b"x", purpose=b"p")[0] == number == 2


def test_a_value_under_an_unknown_key_makes_a_process_read_the_file_again(tmp_path: Path) -> None:
    late = Vault(load_keys(tmp_path), reloading_keys(tmp_path))
    content, _ = use(add(read_content(tmp_path / KEYS), Kind.DATA)[0], Kind.DATA)
    replace(tmp_path / KEYS, content)
    sealed = Vault(load_keys(tmp_path)).seal(b"x", purpose=b"p")
    assert late.open_sealed(sealed, purpose=b"p") == b"x"
    asked: list[int] = []
    strange = Vault(load_keys(tmp_path), lambda: asked.append(1))
    with pytest.raises(SealBroken):
        strange.open_sealed(b"\x09" + sealed[1:], purpose=b"p")
    assert asked == [1]


def test_two_stages_of_data_and_record_keys_and_what_is_refused(tmp_path: Path) -> None:
    load_keys(tmp_path)
    for kind in (Kind.DATA, Kind.RECORD):
        store = KeyStore(tmp_path, print)
        with pytest.raises(SetupError, match="is the newest and already in use"):
            use(store.content(), kind)
        store.put(add(store.content(), kind)[0])
        with pytest.raises(SetupError, match="was added but isn't used yet"):
            add(store.content(), kind)
        store.put(use(store.content(), kind)[0])
    assert load_keys(tmp_path).current == load_seal_keys(tmp_path).current == 2
    for number, words in ((2, "is in use"), (7, "data key .* not found")):
        with pytest.raises(SetupError, match=words):
            without(store.content(), number)
    assert sorted(without(store.content(), 1)["sealing"]) == ["2"]
    with (
        store.locked(),
        pytest.raises(SetupError, match="another command"),
        KeyStore(tmp_path, print).locked(),
    ):
        pass


def test_the_gate_accepts_the_voucher_of_every_key_before(tmp_path: Path) -> None:
    store, texts = KeyStore(tmp_path, print), list[str]()
    for _ in range(4):
        texts.append(voucher(load_gate_keys(tmp_path), str(uuid7()), 1))
        store.turn_gate_over()
    assert [type(read_token(text, load_gate_keys(tmp_path))) for text in texts] == [TokenClaims] * 4
    assert read_token(texts[0], load_gate_keys(tmp_path / "other")) is TokenProblem.UNKNOWN_KEY


def test_a_key_file_from_after_a_rotation_belongs_to_the_backup_from_before(tmp_path: Path) -> None:
    home, stranger = tmp_path / "home", tmp_path / "stranger"
    for one in (home, stranger):
        load_keys(one)
        load_gate_keys(one)
    wanted, store = prints(home), KeyStore(home, print)
    before = store.content()
    for kind in (Kind.DATA, Kind.RECORD):
        store.put(use(add(store.content(), kind)[0], kind)[0])
    store.turn_gate_over()
    assert find(wanted, None, home)[KEYS] == (home / KEYS).read_text()
    later = prints(home)
    for files, marks in ((stranger, wanted), (stranger, later)):
        with pytest.raises(SetupError, match=r"doesn't have this backup's keys\.json"):
            find(marks, None, files)
    store.put(before)
    with pytest.raises(SetupError, match=r"doesn't have this backup's keys\.json"):
        find(later, None, home)
