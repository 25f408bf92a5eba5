"""The key files. Who has them and the database can read everybody's names; so they never lie beside a backup.

Without `keys.json` the personal data of a restored database stays unreadable, without `gate-keys.json` vouchers do.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from wenyue.locale import DEFAULT, SOURCE, Message
from wenyue.ops.backup.folder import as_fault, write
from wenyue.ops.same_keys import marks
from wenyue.platform.fault import SetupError

NAMES: Final = ("keys.json", "gate-keys.json")
_FILE_BYTES_MAX: Final = 1 << 20
WARNING: Final = Message(
    "anyone with this file and a backup can read all personal data: keep it away from the backups"
)


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """`wenyue-keys-TIME.json`."""

    warning: str
    warning_zh: str
    home: str
    made_at: datetime
    files: dict[str, str]


def prints(home: Path) -> dict[str, str]:
    """Fingerprints of the key files in `home` and of each key in them. They reveal nothing: the keys are random and long."""
    there = [home / name for name in NAMES if (home / name).is_file()]
    found = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in there}
    return {
        name: " ".join([_print(text.encode()), *sorted(_marks(name, text))]) for name, text in found.items()
    }


def save(home: Path, target: Path, backups: Path) -> Path:
    """Copy the key files of `home` into one file in `target`, 0600; return it. Raises SetupError."""
    target, backups = target.expanduser().resolve(), backups.expanduser().resolve()
    if target == backups or backups in target.parents or target in backups.parents:
        raise SetupError(
            Message(
                "the keys can't be stored with the backups ({target}): choose another "
                "folder, preferably on another disk",
                target=target,
            ),
        )
    files = {name: (home / name).read_text(encoding="utf-8") for name in NAMES if (home / name).is_file()}
    if not files:
        raise SetupError(Message("{home} has no key files", home=home))
    now = datetime.now(UTC)
    note = KeyFile(
        warning=WARNING.say(SOURCE), warning_zh=WARNING.say(DEFAULT), home=str(home), made_at=now, files=files
    )
    path = target / f"wenyue-keys-{now:%Y%m%dT%H%M%S}Z.json"
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, note)
    except OSError as error:
        raise as_fault(error, target) from error
    return path


def find(wanted: Mapping[str, str], given: Path | None, home: Path) -> dict[str, str]:
    """The key files that belong to a backup: from `given` (a saved file, or a home), else from `home`.

    `wanted` are the backup's fingerprints. Raises SetupError when they cannot be found or are others.
    """
    place = given.expanduser() if given else home
    try:
        if place.is_file():
            if place.stat().st_size > _FILE_BYTES_MAX:
                raise SetupError(Message("{place} isn't a key file", place=place))
            found = dict(msgspec.json.decode(place.read_bytes(), type=KeyFile).files)
        else:
            found = {
                name: (place / name).read_text(encoding="utf-8") for name in NAMES if (place / name).is_file()
            }
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SetupError(
            Message("{place} isn't a key file from `wenyue backup --keys-to`", place=place)
        ) from error
    except OSError as error:
        raise SetupError(
            Message("cannot read {place} ({strerror})", place=place, strerror=error.strerror)
        ) from error
    wrong = [name for name, mark in wanted.items() if not _belongs(name, found.get(name, ""), mark)]
    if wrong:
        raise SetupError(
            Message(
                "{place} doesn't have this backup's {wrong}: give its keys with --keys FILE, "
                "or use --without-keys to leave names and documents unreadable",
                place=place,
                wrong=wrong[0],
            ),
        )
    return {name: found[name] for name in wanted}


def put(files: Mapping[str, str], home: Path) -> None:
    """Write key files into a home, 0600."""
    for name, text in files.items():
        partial = home / f".{name}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        shutil.move(partial, home / name)


def _belongs(name: str, text: str, wanted: str) -> bool:
    """Whether a key file is the backup's, or one from after a rotation that still has every key of the backup's."""
    whole, *keys = wanted.split()
    return _print(text.encode()) == whole or bool(keys and set(keys) <= _marks(name, text))


def _marks(name: str, text: str) -> set[str]:
    try:
        return marks(name, json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # damaged, or no key file
        return set()


def _print(content: bytes) -> str:
    return hashlib.sha256(b"wenyue key file\0" + content).hexdigest()[:16]
