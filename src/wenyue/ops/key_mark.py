"""Whose keys a home has, by the fingerprint that the database notes. Light: every start asks."""

import hashlib
from pathlib import Path
from typing import Final

import psycopg

from wenyue.core.personal import KeyRing
from wenyue.platform.database.migrate import decided
from wenyue.platform.keys import load_keys

SUBJECT: Final = "keys"
IN_USE: Final = "keys in use"
NAMES: Final = ("keys.json", "gate-keys.json")
_DIGITS: Final = 32


def fingerprint(keys: KeyRing) -> str:
    """Of the index key, which is never rotated. Reveals nothing: the key is random and long."""
    return hashlib.sha256(b"wenyue keys of this installation\0" + keys.index).hexdigest()[:_DIGITS]


def is_noted(connection: psycopg.Connection, home: Path) -> bool:
    """Whether the home's keys are those that the database notes, and none was rotated: then nothing more need be compared."""
    noted = decided(connection, SUBJECT)
    if noted is None or decided(connection, IN_USE) is not None:
        return False
    return all((home / name).is_file() for name in NAMES) and fingerprint(load_keys(home)) == noted


def unsaid(_line: str) -> None:
    """For `claim_keys` on one machine: the keys that it makes need not be copied anywhere."""
