"""Key files: made on first use, looked at again when they change, replaced as a whole, never half read.

While an installation runs, a file that is damaged, or away, changes nothing: the keys in use stay, and a line in the log says so.
"""

import asyncio
import hmac
import json
import logging
import os
import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

from wenyue.core.limits import KEYS_LOOK_S, KEYS_REREAD_S
from wenyue.core.personal import KeyRing, SealKeys, Vault

KEYS: Final = "keys.json"
_log: Final = logging.getLogger("wenyue")
_DAMAGED: Final = (OSError, ValueError, LookupError, TypeError, AttributeError)
_KEY_BYTES: Final = 32
_Mark = tuple[int, int, int]


def load_keys(home: Path) -> KeyRing:
    """The installation's sealing and index keys from `home/keys.json` (mode 0600), made on first use.

    Losing this file makes the personal data unreadable: a backup keeps it apart from the database.
    """
    path = home / KEYS
    if not path.exists():
        fresh = {
            "current": 1,
            "sealing": {"1": secrets.token_hex(32)},
            "index": secrets.token_hex(32),
            "record": {"current": 1, "keys": {"1": secrets.token_hex(32)}},
            "peppers": {"1": secrets.token_hex(32)},
        }
        make(path, fresh)
    return key_ring(read_content(path))


def key_ring(raw: Mapping[str, Any]) -> KeyRing:
    """What a key file's content says. Raises ValueError, LookupError, TypeError or AttributeError when it is damaged."""
    sealing = {int(number): bytes.fromhex(key) for number, key in raw["sealing"].items()}
    peppers = {int(number): bytes.fromhex(key) for number, key in raw.get("peppers", {}).items()}
    ring = KeyRing(
        sealing=sealing, current=int(raw["current"]), index=bytes.fromhex(raw["index"]), peppers=peppers
    )
    is_sound = all(
        0 < number < 256 and len(key) == _KEY_BYTES for number, key in (*sealing.items(), *peppers.items())
    )
    if not is_sound or ring.current not in sealing or len(ring.index) != _KEY_BYTES:
        raise ValueError("a key is missing, or not of 32 bytes")
    return ring


def load_seal_keys(home: Path) -> SealKeys:
    """The keys of the audit record's seals, from `record` in `home/keys.json`; the worker, the monitor and `doctor` read them.

    A file that was made before there were any has key 0, derived from its index key: the same on every machine.
    """
    load_keys(home)
    return seal_keys(read_content(home / KEYS))


def seal_keys(raw: Mapping[str, Any]) -> SealKeys:
    """What a key file's content says of the record. Raises as `key_ring`."""
    derived = hmac.digest(bytes.fromhex(raw["index"]), b"wenyue audit record 0", "sha256")
    record = raw.get("record", {"current": 0, "keys": {}})
    keys = {0: derived} | {int(number): bytes.fromhex(key) for number, key in record["keys"].items()}
    if any(len(key) != _KEY_BYTES for key in keys.values()) or int(record["current"]) not in keys:
        raise ValueError("a key is missing, or not of 32 bytes")
    return SealKeys(keys=keys, current=int(record["current"]))


class KeyFile:
    """One key file and who uses it: `use` gets its content whenever the file is another, and raises when it is damaged."""

    def __init__(self, path: Path, use: Callable[[Mapping[str, Any]], None]) -> None:
        self._path, self._use = path, use
        self._used: _Mark | None = None
        self._told: _Mark | str | None = None

    def read_if_changed(self) -> bool:
        """Read it if it changed; whether it was used. Reads a file: keep it off the event loop."""
        mark: _Mark | None = None
        try:
            found = self._path.stat()
            mark = found.st_ino, found.st_mtime_ns, found.st_size
            if mark == self._used:
                return False
            self._use(read_content(self._path))
        except _DAMAGED as error:
            if self._told != (mark or "away"):
                kind = type(error).__name__
                _log.error("%s cannot be used (%s): the keys read before stay in use", self._path.name, kind)
                self._told = mark or "away"
            return False
        self._used, self._told = mark, None
        return True


async def keep_fresh(files: Sequence[KeyFile]) -> None:
    """Look at these files every KEYS_LOOK_S, for ever. `files` may grow meanwhile."""
    while True:
        await asyncio.sleep(KEYS_LOOK_S)
        for one in tuple(files):
            await asyncio.to_thread(one.read_if_changed)


def vault_file(home: Path, vault: Vault) -> KeyFile:
    """The key file that gives `vault` its sealing keys."""
    return KeyFile(home / KEYS, lambda raw: vault.adopt(key_ring(raw)))


def reloading_keys(home: Path) -> Callable[[], KeyRing | None]:
    """For a Vault: the key ring as the file has it now, at most once in KEYS_REREAD_S; None when there is nothing to gain."""
    last = -KEYS_REREAD_S

    def read_ring() -> KeyRing | None:
        nonlocal last
        if monotonic() - last < KEYS_REREAD_S:
            return None
        last = monotonic()
        try:
            return key_ring(read_content(home / KEYS))
        except _DAMAGED:
            return None

    return read_ring


def read_content(path: Path) -> dict[str, Any]:
    """What a key file says. Raises OSError, ValueError."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def make(path: Path, content: Mapping[str, Any]) -> None:
    """Put `content` into a new file, mode 0600, in a folder of mode 0700, unless the file is there already.

    The first process to arrive wins, and the others read what it wrote. It is on the disk before anything is sealed with it.
    Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _staged(path, content) as staged, suppress(FileExistsError):
        os.link(staged, path)


def replace(path: Path, content: Mapping[str, Any]) -> None:
    """Put `content` in the place of the file, mode 0600: whoever reads sees the old one or the new one. Raises OSError."""
    with _staged(path, content) as staged:
        staged.replace(path)


@contextmanager
def _staged(path: Path, content: Mapping[str, Any]) -> Generator[Path]:
    """A whole file beside `path`, to be given its name; afterwards the folder is on the disk, too."""
    staged = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        yield staged
    finally:
        staged.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
