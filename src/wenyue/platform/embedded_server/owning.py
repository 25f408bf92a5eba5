"""Files that root reads, writes, and gives to the server's account, without following a link that somebody planted."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from wenyue.locale import Message
from wenyue.platform.embedded_server.account import Account
from wenyue.platform.fault import SetupError


def hand_over(root: Path, account: Account) -> None:
    """Give a data folder to the server's account, closed to everybody else. Raises SetupError for what is no plain file.

    Each folder is given away after what is in it; a link is given away itself, never what it leads to.
    """
    for _, folders, files, folder in os.fwalk(root, topdown=False, follow_symlinks=False):
        for name in (*folders, *files):
            kind = os.lstat(name, dir_fd=folder).st_mode
            if stat.S_ISLNK(kind):
                _give_link(name, folder, account)
            elif not stat.S_ISDIR(kind):
                _give(name, folder, account, root)
        if account.switch:
            os.fchown(folder, account.uid, account.gid)
        os.fchmod(folder, 0o700)


def write_plain(path: Path, text: str) -> None:
    """A new file, 0600, in the place of whatever has this name; a link is replaced, not followed."""
    path.unlink(missing_ok=True)
    with make_plain(path) as file:
        file.write(text.encode())


def read_plain(path: Path) -> BinaryIO:
    """A file to read; no link (OSError, ELOOP), no folder, queue or device (EINVAL)."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "no plain file", str(path))
    return file


def make_plain(path: Path) -> BinaryIO:
    """A new file to write, 0600; nothing has its name yet. Raises OSError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def change_plain(path: Path, text: str, *, adds: bool = False) -> None:
    """Write anew, or add to, a file that is there, which keeps its owner and mode; no link. Raises OSError (ELOOP)."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_APPEND if adds else os.O_TRUNC)
    with os.fdopen(os.open(path, flags), "w", encoding="utf-8") as file:
        file.write(text)


def _give(name: str, folder: int, account: Account, root: Path) -> None:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise SetupError(
                Message(
                    "{name} in {root} isn't a regular file (it's a device or a hard link): remove it",
                    root=root,
                    name=name,
                ),
            )
        if account.switch:
            os.fchown(file, account.uid, account.gid)
        os.fchmod(file, 0o600)
    finally:
        os.close(file)


def _give_link(name: str, folder: int, account: Account) -> None:
    if account.switch:
        os.chown(name, account.uid, account.gid, dir_fd=folder, follow_symlinks=False)
