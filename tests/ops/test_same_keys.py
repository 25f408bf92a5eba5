"""Several machines, one installation: the key files must be the same, and secrets may come from files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import furnish, serve_api, settings_for
from tests.support.database import DbUrls
from wenyue.gate import load_gate_keys
from wenyue.ops.key_mark import fingerprint
from wenyue.ops.same_keys import claim_keys, require_keys, show_keys
from wenyue.platform.config import Settings, load
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys
from wenyue.platform.variables import SettingsError


def settings_of(home: Path, urls: DbUrls) -> Settings:
    return load({"WENYUE_HOME": str(home), "WENYUE_DATABASE_URL": urls.app_url})


def test_a_second_machine_needs_the_first_ones_keys(
    tmp_path: Path, make_database: Callable[[], DbUrls]
) -> None:
    urls, said = make_database(), list[str]()
    first, second = tmp_path / "first", tmp_path / "second"
    claim_keys(first, urls.owner_url, is_accepted=False, say=said.append)
    assert "copy them to every machine" in said[0]
    require_keys(settings_of(first, urls))
    with pytest.raises(SetupError, match=r"lacks keys\.json and gate-keys\.json: copy them"):
        require_keys(settings_of(second, urls))
    assert not second.exists()  # no keys of its own were made
    second.mkdir()
    shutil.copy(first / "keys.json", second)
    with pytest.raises(SetupError, match=r"lacks gate-keys\.json"):
        require_keys(settings_of(second, urls))
    shutil.copy(first / "gate-keys.json", second)
    require_keys(settings_of(second, urls))
    claim_keys(second, urls.owner_url, is_accepted=False, say=said.append)
    assert len(said) == 1


def test_other_keys_are_refused_until_they_are_accepted(
    tmp_path: Path, make_database: Callable[[], DbUrls]
) -> None:
    urls = make_database()
    claim_keys(tmp_path / "first", urls.owner_url, is_accepted=False, say=print)
    other = tmp_path / "other"
    claim_keys(other, make_database().owner_url, is_accepted=False, say=print)
    for refused in (
        lambda: require_keys(settings_of(other, urls)),
        lambda: claim_keys(other, urls.owner_url, is_accepted=False, say=print),
    ):
        with pytest.raises(SetupError, match="isn't the key file of this database"):
            refused()
    claim_keys(other, urls.owner_url, is_accepted=True, say=print)
    require_keys(settings_of(other, urls))
    with pytest.raises(SetupError, match="isn't the key file"):
        require_keys(settings_of(tmp_path / "first", urls))


def test_keys_of_people_who_are_there_already_are_not_made_anew(
    tmp_path: Path, make_database: Callable[[], DbUrls]
) -> None:
    """A database that `wenyue up` filled from another home: its keys are there, and new ones would read nothing."""
    urls = make_database()
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        connection.execute("INSERT INTO accounts.traveller (person_key, sealed) VALUES ('\\x01', '\\x02')")
    with pytest.raises(SetupError, match=r"lacks keys\.json"):
        claim_keys(tmp_path / "empty", urls.owner_url, is_accepted=False, say=print)
    assert not (tmp_path / "empty").exists()
    load_keys(tmp_path / "first")
    claim_keys(tmp_path / "first", urls.owner_url, is_accepted=False, say=print)
    require_keys(settings_of(tmp_path / "first", urls))


def test_a_database_that_was_never_asked_is_left_in_peace(
    tmp_path: Path, make_database: Callable[[], DbUrls]
) -> None:
    require_keys(settings_of(tmp_path / "home", make_database()))


def test_the_fingerprint_is_of_the_keys_alone(tmp_path: Path) -> None:
    one = load_keys(tmp_path / "one")
    assert (
        fingerprint(one)
        == fingerprint(load_keys(tmp_path / "one"))
        != fingerprint(load_keys(tmp_path / "two"))
    )
    assert one.index.hex()[:16] not in fingerprint(one)


def test_keys_are_made_before_there_is_a_database(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        show_keys(tmp_path, said.append)
    assert [line.split()[0] for line in said] == ["created", "found"]
    assert fingerprint(load_keys(tmp_path)) in said[1]
    assert said[0].removeprefix("created") == said[1].removeprefix("found")


def test_migrate_and_web_say_it_in_one_line(tmp_path: Path, make_database: Callable[[], DbUrls]) -> None:
    urls = make_database()
    (tmp_path / "app").write_text(f"{urls.app_url}\nsecond line\n", encoding="utf-8")
    (tmp_path / "owner").write_text(urls.owner_url, encoding="utf-8")
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    }

    def run(home: str, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = clean | variables | {"WENYUE_HOME": str(tmp_path / home)}
        return subprocess.run(
            [sys.executable, "-m", "wenyue.cli", *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    files = {
        "WENYUE_DATABASE_URL_FILE": str(tmp_path / "app"),
        "WENYUE_OWNER_DATABASE_URL_FILE": str(tmp_path / "owner"),
    }
    first = run("first", "migrate", **files)
    assert first.returncode == 0, first.stderr
    assert "copy them to every machine" in first.stdout
    web = run("second", "web", **files)
    assert (web.returncode, web.stdout) == (1, "")
    assert "lacks keys.json and gate-keys.json" in web.stderr


def test_one_process_alone_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="a process on its own needs WENYUE_DATABASE_URL"):
        require_keys(load({"WENYUE_HOME": str(tmp_path)}))


def test_a_url_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text("postgresql://wenyue@db1,db2/wenyue\n", encoding="utf-8")
    found = load({"WENYUE_DATABASE_URL_FILE": str(path)}).database
    assert found.url == found.owner_url == "postgresql://wenyue@db1,db2/wenyue"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"WENYUE_DATABASE_URL_FILE": "/nowhere/at/all"}, "cannot be read: FileNotFoundError"),
        ({"WENYUE_DATABASE_URL_FILE": "/dev/null"}, "is empty"),
        ({"WENYUE_DATABASE_URL_FILE": "/dev/null", "WENYUE_DATABASE_URL": "x"}, "are both set"),
        ({"WENYUE_OWNER_DATABASE_URL_FILE": "/"}, "cannot be read: IsADirectoryError"),
    ],
)
def test_a_wrong_file_is_named(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load(environment)


@pytest.mark.anyio
async def test_a_right_pin_is_never_tried_under_the_keys_of_another_home(
    tmp_path: Path, make_database: Callable[[], DbUrls]
) -> None:
    """Seen once: the cards were made under one home's keys and served under another's, and every right PIN was a wrong one."""
    urls = make_database()
    await furnish(urls, tmp_path / "first")
    load_keys(tmp_path / "second")
    load_gate_keys(tmp_path / "second")
    with pytest.raises(SetupError, match="isn't the key file of this database"):
        async with serve_api(settings_for(urls, tmp_path / "second")):
            pass
    async with serve_api(settings_for(urls, tmp_path / "first")) as site:
        assert (await site.traveller()).token
