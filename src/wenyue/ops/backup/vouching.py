"""Whose a backup is: beside its note lies a keyed one (HMAC-SHA-256), which only this installation's keys can make.

The note holds the manifest's sum, the manifest the sums of all files; the index of a run of log the sums of its segments, of
the bytes of the last one that were received, and of timelines' histories; what no index lists is not used. So who writes into
the backup folder, and has no key, makes nothing that a check or a restore accepts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.ops.backup.folder import Folder, decoded, encoded, note_bytes_max, put, read_bytes
from wenyue.ops.backup.model import Backup, Stream
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import key_ring

SUFFIX: Final = ".hmac"
_PURPOSE: Final = b"wenyue backup note 1"
_LINES_MAX: Final = 2  # what is there, and what is about to be: the two files are not replaced in one instant
_KEYED_BYTES_MAX: Final = 4096
_KEYS: Final = "keys.json"
OWN_KEY: Final = "backup.key"  # of a home that has a server's address, and not the installation's keys


@dataclass(frozen=True)
class Trust:
    """Whose backups are accepted: made with one of `keys`, or named by the operator."""

    keys: tuple[bytes, ...] = ()
    accepted: frozenset[str] = frozenset()

    def require(self, folder: Folder, chain: Iterable[Backup], runs: Mapping[str, Stream]) -> None:
        """Raise SetupError, which names them, unless every backup and every run of log is vouched for, as it was read before."""
        notes: list[tuple[str, Path, Backup | Stream]] = [
            (one.name, folder.path / one.name / "backup.json", one) for one in chain
        ]
        notes += [(f"log/{name}", folder.log / name / "index.json", one) for name, one in runs.items()]
        wrong = [
            (name, path)
            for name, path, note in notes
            if name not in self.accepted and not self.vouches_for(path, note)
        ]
        if not wrong:
            return
        has_none = all(not _beside(path).exists() for _, path in wrong)
        why = (
            "has no keyed note: an older wenyue made it, or somebody without this installation's keys"
            if has_none
            else "has a keyed note that is not by these keys: it is another installation's, or was changed"
        )
        names = " ".join(f"--accept-unsigned {name}" for name, _ in wrong)
        raise SetupError(
            Message(
                "{wrong} {why}; give the right keys with --keys, take a full backup now "
                "(`wenyue backup --full`), or, if you know where it came from, use {names}",
                wrong=wrong[0][0],
                why=why,
                names=names,
            ),
        )

    def knows(self, path: Path) -> bool:
        """Whether the keyed note beside a note is by one of the keys."""
        return self.vouched(path) is not None

    def vouched(self, path: Path) -> bytes | None:
        """The content that the keyed note vouches for; a second look at the file might find another."""
        try:
            content = read_bytes(path, note_bytes_max(path))
            said = read_bytes(_beside(path), _KEYED_BYTES_MAX).split()[:_LINES_MAX]
        except OSError:
            return None
        made = [_mac(key, content) for key in self.keys]
        is_known = any(hmac.compare_digest(mac, line) for mac in made for line in said)
        return content if is_known else None

    def vouches_for(self, path: Path, note: Backup | Stream) -> bool:
        """Whether a note that was read before is what the keyed note beside it vouches for."""
        content = self.vouched(path)
        return content is not None and decoded(path, content, type(note)) == note


def trust_of(home: Path, files: Mapping[str, str], accepted: Iterable[str] = ()) -> Trust:
    """What the keys of a home, and key files that were given, vouch for."""
    given = _key_of(files.get(_KEYS, ""))
    return Trust((*_keys_in(home), *(() if given is None else (given,))), frozenset(accepted))


def own_backups(folder: Folder, home: Path) -> list[Backup]:
    """Those that this home's keys vouch for, oldest first: what counts as kept. Others are neither counted nor deleted."""
    trust = trust_of(home, {})
    return [one for one in folder.backups() if trust.vouches_for(folder.path / one.name / "backup.json", one)]


def write_vouched(path: Path, note: object, home: Path) -> None:
    """Write a note and, before it, the keyed one beside it. A home without the installation's keys gets a key for this only."""
    content, keys = encoded(note), _keys_in(home)
    if not keys:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(home / OWN_KEY, secrets.token_hex(32).encode() + b"\n")
        keys = _keys_in(home)
    known = Trust(keys).vouched(path)
    before = [] if known is None else [_mac(keys[0], known)]
    put(_beside(path), b"\n".join([_mac(keys[0], content), *before]) + b"\n")
    put(path, content)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).hexdigest().encode()


def _keys_in(home: Path) -> tuple[bytes, ...]:
    """The first is the one to vouch with."""
    found: list[bytes] = []
    with suppress(OSError, UnicodeDecodeError):
        key = _key_of((home / _KEYS).read_text(encoding="utf-8"))
        found += [] if key is None else [key]
    with suppress(OSError):
        own = read_bytes(home / OWN_KEY, _KEYED_BYTES_MAX).strip()
        found += [own] if len(own) == 2 * hashlib.sha256().digest_size else []
    return tuple(found)


def _key_of(text: str) -> bytes | None:
    """Drawn from the index key, which no rotation changes; None when that is no key file."""
    try:
        index = key_ring(json.loads(text)).index
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return hmac.new(index, _PURPOSE, hashlib.sha256).digest()
