"""One installation on many machines: every process has the same key files, or what one seals the other cannot read.

``wenyue migrate`` and ``wenyue up`` write the keys' fingerprint into the database; ``up``, ``web`` and ``worker`` refuse to
start with others, and make keys only where nobody's data is yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import psycopg

from wenyue.core.personal import KeyRing, SealKeys
from wenyue.gate import GateKeys, load_gate_keys
from wenyue.locale import Message, command_locale
from wenyue.locale.formats import say_list
from wenyue.locale.terminal import gettext
from wenyue.ops.key_mark import IN_USE, NAMES, SUBJECT, fingerprint
from wenyue.platform.config import Settings
from wenyue.platform.database.external import connect_external
from wenyue.platform.database.migrate import decide_once, decided, redecide
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import key_ring, load_keys, load_seal_keys, read_content, seal_keys

_DIGITS: Final = 32


def claim_keys(home: Path, owner_url: str, *, is_accepted: bool, say: Callable[[str], None]) -> None:
    """Make the keys of a new installation and note whose they are; later see that they are still the same.

    ``is_accepted`` notes other keys instead of refusing them. Raises SetupError.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        noted = decided(connection, SUBJECT)
        if noted is not None and not is_accepted:
            _require(home, noted, decided(connection, IN_USE))
            return
        is_new = not (home / NAMES[0]).exists()
        if is_new and not is_accepted and _has_people(connection):
            raise _missing(
                home, [NAMES[0]]
            )  # whoever sealed them has the keys: `wenyue up` on another home, say
        own = fingerprint(load_keys(home))
        load_gate_keys(home)
        if noted is None and decide_once(connection, SUBJECT, lambda: own) != own:
            raise _other(home)
        if noted is not None:
            redecide(connection, SUBJECT, own)
            note_in_use(connection, home)
    if is_new:
        say(
            gettext(
                "created {names} and {other} in {home}: copy them to every machine",
                names=NAMES[0],
                other=NAMES[1],
                home=home,
            )
        )


def show_keys(home: Path, say: Callable[[str], None]) -> None:
    """Make both key files unless they are there; say the fingerprint that machines of one installation share."""
    is_new = not (home / NAMES[0]).exists()
    mark = fingerprint(load_keys(home))
    load_gate_keys(home)
    params = {"names": NAMES[0], "other": NAMES[1], "home": home, "mark": mark}
    say(
        gettext("created {names} and {other} in {home}: {mark}", **params)
        if is_new
        else gettext("found {names} and {other} in {home}: {mark}", **params)
    )


def require_keys(settings: Settings) -> None:
    """Refuse to run beside an operator's database without the keys that it was prepared with. Raises SetupError."""
    url, role = settings.database.url, settings.database.role
    if not url:
        raise SetupError(
            Message("a process on its own needs WENYUE_DATABASE_URL (or …_FILE): set it, or run `wenyue up`"),
        )
    with connect_external(url, "WENYUE_DATABASE_URL") as connection:
        if role:
            connection.execute("SELECT set_config('role', %s, false)", [role])
        noted, in_use = decided(connection, SUBJECT), decided(connection, IN_USE)
    if noted is not None:
        _require(settings.home, noted, in_use)


def note_in_use(connection: psycopg.Connection, home: Path) -> None:
    """Note which keys are used now, after a rotation: a machine that lacks one of them does not start.

    A machine that has further keys, which nobody uses yet or any more, is still of this installation.
    """
    ring, record, gate = _all_keys(home)
    marks = (
        _mark("data", ring.current, ring.sealing[ring.current]),
        _mark("record", record.current, record.keys[record.current]),
        _mark("gate", 0, gate.accepted[0][0]),
    )
    redecide(connection, IN_USE, " ".join(marks))


def _all_keys(home: Path) -> tuple[KeyRing, SealKeys, GateKeys]:
    return load_keys(home), load_seal_keys(home), load_gate_keys(home)


def _held(home: Path) -> set[str]:
    """The marks of every key that this home has."""
    return {mark for name in NAMES for mark in marks(name, read_content(home / name))}


def marks(name: str, content: Mapping[str, Any]) -> set[str]:
    """The marks of every key in a key file's content; those of a file rotated later are more. Raises as `key_ring`."""
    if name == GateKeys.FILE:
        return {_mark("gate", 0, header) for header, _ in GateKeys.of(content).accepted}
    ring, record = key_ring(content), seal_keys(content)
    data = {_mark("data", number, key) for number, key in ring.sealing.items()}
    return data | {_mark("record", number, key) for number, key in record.keys.items()} | {fingerprint(ring)}


def _mark(kind: str, number: int, key: bytes) -> str:
    """Of one key. Reveals nothing, as `fingerprint`."""
    name = f"wenyue {kind} key {number}\0".encode()
    return f"{kind}:{number}:{hashlib.sha256(name + key).hexdigest()[:_DIGITS]}"


def _has_people(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT EXISTS (SELECT FROM accounts.traveller)").fetchone()
    return row is not None and bool(row[0])


def _require(home: Path, noted: str, in_use: str | None) -> None:
    missing = [name for name in NAMES if not (home / name).is_file()]
    if missing:
        raise _missing(home, missing)
    if fingerprint(load_keys(home)) != noted:
        raise _other(home)
    lacking = set((in_use or "").split()) - _held(home)
    if lacking:
        kinds = ", ".join(sorted(mark.rpartition(":")[0] for mark in lacking))
        raise SetupError(
            Message(
                "the key files in {home} lack keys now in use ({kinds}): copy them from the "
                "machine where `wenyue keys rotate` ran",
                home=home,
                kinds=kinds,
            ),
        )


def _missing(home: Path, names: list[str]) -> SetupError:
    return SetupError(
        Message(
            "{home} lacks {names}: copy them from the machine where `wenyue migrate` ran "
            "first, or from their backup; only if they are lost for good, run `wenyue "
            "migrate --accept-keys`",
            home=home,
            names=say_list(names, command_locale()),
        )
    )


def _other(home: Path) -> SetupError:
    return SetupError(
        Message(
            "{home} isn't the key file of this database, whose data couldn't be read with "
            "it. Copy the right one; only if that is lost for good, run `wenyue migrate "
            "--accept-keys`",
            home=home / NAMES[0],
        ),
    )
