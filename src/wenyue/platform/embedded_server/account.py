"""The operating-system account the embedded server runs under.

PostgreSQL refuses to run as root, so as root we keep one system account for it. Without root the
server simply runs as the caller.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.fault import SetupError

ACCOUNT_NAME = "wenyue"
FALLBACK_NAMES = ("postgres", "nobody", "daemon")
USERADD_DEADLINE_S = 30


@dataclass(frozen=True)
class Account:
    """Who owns the server's files. ``switch`` is true when processes must be started as that user."""

    name: str
    uid: int
    gid: int
    switch: bool


def server_account(progress: Callable[[str], None]) -> Account:
    """Return the account to run the server under; as root, create it once if it is missing."""
    uid = os.geteuid()
    if uid != 0:
        return Account(name=_name_of(uid), uid=uid, gid=os.getegid(), switch=False)
    found = _lookup(ACCOUNT_NAME)
    if found is None and _create_account():
        progress(
            gettext("created the system user {account_name} for the database", account_name=ACCOUNT_NAME)
        )
        found = _lookup(ACCOUNT_NAME)
    if found is not None:
        return found
    for name in FALLBACK_NAMES:
        found = _lookup(name)
        if found is not None and found.uid != 0:
            progress(
                gettext(
                    "couldn't create the user {account_name}; the database runs as {name}",
                    name=name,
                    account_name=ACCOUNT_NAME,
                )
            )
            return found
    raise SetupError(
        Message(
            "PostgreSQL can't run as root, and the user {account_name} couldn't be created: "
            "run `useradd --system {account_name}`, or start as an ordinary user",
            account_name=ACCOUNT_NAME,
        ),
    )


def _create_account() -> bool:
    """Try ``useradd`` once; a concurrent creation by another process counts as success."""
    tool = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool is None:
        return False
    command = [tool, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT_NAME]
    try:
        subprocess.run(command, capture_output=True, timeout=USERADD_DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return _lookup(ACCOUNT_NAME) is not None


def _lookup(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
