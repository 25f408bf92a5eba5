"""Where one embedded server lives: programs, data, socket, log and passwords of one ``WENYUE_HOME``.

As an ordinary user everything is below the home. As root the data is below ``/var/lib/wenyue/``,
owned by the server's account, because that account cannot enter a 0700 home.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.embedded_server.account import Account, server_account
from wenyue.platform.embedded_server.binaries import copy_programs, wheel_programs
from wenyue.platform.embedded_server.locks import held
from wenyue.platform.fault import SetupError

SYSTEM_ROOT = Path("/var/lib/wenyue")
DATABASE = "wenyue"
SOCKET_PORT = 5432  # part of the socket's file name; no TCP port is opened
UNIX_PATH_BYTES_MAX = 107
FREE_BYTES_MIN = 300 * 1024 * 1024
ROLES = ("postgres", "wenyue_owner", "wenyue_app")


@dataclass(frozen=True)
class Place:
    """The folders of one server, and how to reach it."""

    home: Path
    programs: Path
    base: Path
    socket: Path
    account: Account
    passwords: dict[str, str] = field(repr=False)

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.base / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.base / "postgres.log"

    def program(self, name: str) -> str:
        """Path of one PostgreSQL program, such as ``pg_dump``."""
        return str(self.programs / "bin" / name)

    def url(self, role: str, database: str = DATABASE) -> str:
        """Connection URL for ``role``; it carries the password, so never log it."""
        host = quote(str(self.socket), safe="")
        return f"postgresql://{role}:{self.passwords[role]}@/{database}?host={host}&port={SOCKET_PORT}"


def settle(home: Path, progress: Callable[[str], None]) -> Place:
    """Make every folder of ``home``'s server (not the cluster itself) and return where it is."""
    home = home.expanduser().absolute()
    try:
        make_private_home(home)
        account = server_account(progress)
        base, programs = _base_and_programs(home, account)
        passwords = _passwords(home, base, progress)
        socket = _socket_folder(base, account)
        _note_home(base / "home", home)
    except OSError as error:
        raise as_setup_error(error, home) from error
    return Place(home=home, programs=programs, base=base, socket=socket, account=account, passwords=passwords)


def _note_home(note: Path, home: Path) -> None:
    """Say whose data this is, for people and doctor. Not again: on a full disk the writing would empty it."""
    text = f"{home}\n"
    if not note.exists() or note.read_text(encoding="utf-8", errors="replace") != text:
        note.write_text(text, encoding="utf-8")


def base_folder(home: Path) -> Path:
    """Folder of the server's files for ``home``; nothing is created."""
    home = home.expanduser().absolute()
    return SYSTEM_ROOT / _key(home) if os.geteuid() == 0 else home / "pg"


def socket_folder(base: Path) -> Path:
    """Folder of the socket: in ``base``, or a short private one where clients could not name that.

    A socket's path has at most 107 bytes, and libpq reads a comma as the start of a second host.
    """
    inside = base / "run"
    is_short = len(os.fsencode(inside)) + len(f"/.s.PGSQL.{SOCKET_PORT}") <= UNIX_PATH_BYTES_MAX
    if is_short and "," not in str(inside):
        return inside
    return Path(f"/tmp/wenyue-{os.geteuid()}-{_key(base)}")  # noqa: S108 - verified private in _socket_folder


def make_private_home(home: Path) -> None:
    """Create ``home`` (0700) if it is missing and prove that it can be written."""
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
    probe = home / f".write-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(home)) from error


def as_setup_error(error: OSError, path: Path) -> SetupError:
    """Turn a failed file operation into the line that says what to do."""
    where = error.filename or path
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(Path(str(where)))
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT):
        return SetupError(
            Message(
                "cannot write {where} ({strerror}): make it writable, or set WENYUE_HOME to a folder that is",
                where=where,
                strerror=error.strerror,
            ),
        )
    return SetupError(
        Message("cannot use {where}: {strerror}", where=where, strerror=error.strerror or error)
    )


def no_space(path: Path) -> SetupError:
    """The line for a full disk."""
    return SetupError(
        Message(
            "no space left for the database at {path}: free at least {free_bytes_min} MB, or set "
            "WENYUE_HOME to another disk",
            path=path,
            free_bytes_min=FREE_BYTES_MIN >> 20,
        ),
    )


def require_space(path: Path) -> int:
    """Return the free bytes at ``path``; raise when there are too few to start a database."""
    free = shutil.disk_usage(path).free
    if free < FREE_BYTES_MIN:
        raise no_space(path)
    return free


def _key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]


def _base_and_programs(home: Path, account: Account) -> tuple[Path, Path]:
    base = base_folder(home)
    is_made = (
        base / "data" / "PG_VERSION"
    ).exists()  # a database that exists is started on whatever room there is
    if not account.switch:
        base.mkdir(mode=0o700, exist_ok=True)
        if not is_made:
            require_space(base)
        return base, wheel_programs()[0]
    SYSTEM_ROOT.mkdir(parents=True, exist_ok=True)
    if SYSTEM_ROOT.stat().st_uid != 0:
        raise SetupError(Message("{system_root} must belong to root: move it away", system_root=SYSTEM_ROOT))
    SYSTEM_ROOT.chmod(0o755)  # ours; the server's account must be able to pass through it
    if not is_made:
        require_space(SYSTEM_ROOT)
    with held(SYSTEM_ROOT / ".copy.lock"):
        programs = copy_programs(SYSTEM_ROOT / "pg")
    # Root's own folder, which the server's account may pass through: it cannot plant links that root follows.
    base.mkdir(mode=0o700, exist_ok=True)
    os.chown(base, 0, account.gid)
    base.chmod(0o710)
    return base, programs


def _passwords(home: Path, base: Path, progress: Callable[[str], None]) -> dict[str, str]:
    """Read the passwords of ``home``, or make them; they never leave this machine."""
    path = home / "database.json"
    if path.exists():
        found = _read_passwords(path)
        if found is not None:
            return found
        raise SetupError(Message("{path} is damaged: restore it, or move {home} away", path=path, home=home))
    if (base / "data").exists():
        aside = base / f"data.orphan-{int(time.time())}"
        (base / "data").rename(aside)
        progress(gettext("an earlier database, whose home was removed, is kept at {aside}", aside=aside))
    made = {role: secrets.token_urlsafe(24) for role in ROLES}
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"passwords": made}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    return made


def _read_passwords(path: Path) -> dict[str, str] | None:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    passwords = cast("dict[str, Any]", content).get("passwords") if isinstance(content, dict) else None
    if not isinstance(passwords, dict):
        return None
    named = {role: str(value) for role, value in cast("dict[str, Any]", passwords).items()}
    return named if set(ROLES) <= set(named) else None


def _socket_folder(base: Path, account: Account) -> Path:
    """Make the socket's folder, 0700, owned by the server's account, and no symbolic link."""
    folder = socket_folder(base)
    folder.mkdir(mode=0o700, exist_ok=True)
    with suppress(OSError):  # a link, or no folder
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if account.switch and folder.parent == base:
                os.fchown(descriptor, account.uid, account.gid)
            status = os.fstat(descriptor)
            if status.st_uid == account.uid:
                if stat.S_IMODE(status.st_mode) != 0o700:
                    os.fchmod(descriptor, 0o700)
                return folder
        finally:
            os.close(descriptor)
    raise SetupError(
        Message(
            "{folder} isn't a private folder of {name}: remove it and start again",
            folder=folder,
            name=account.name,
        ),
    )
