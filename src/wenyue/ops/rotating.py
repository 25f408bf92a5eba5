"""Rotating keys while everything runs: a key is added, every process learns of it, then it is used. All pure but `KeyStore`."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from wenyue.core.limits import KEYS_SETTLE_S, RETIRED_GATE_KEYS_MAX, SEALING_KEYS_MAX
from wenyue.gate import GateKeys, load_gate_keys
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import KEYS, key_ring, load_keys, read_content, replace, seal_keys

_LOCK: Final = "keys.lock"
Content = dict[str, Any]


class Kind(StrEnum):
    """What a key is for."""

    DATA = "data"  # seals names, documents, phones
    RECORD = "record"  # seals the audit record
    GATE = "gate"  # signs vouchers


class Stage(StrEnum):
    """The two halves of a rotation."""

    ADD = "add"  # every machine gets the new key, nobody uses it
    USE = "use"  # it is used


def add(content: Content, kind: Kind) -> tuple[Content, int]:
    """The file's content with one more key, which nobody uses, and its number. Raises SetupError."""
    keys, current = _part(content, kind)
    if max(keys) > current:
        raise SetupError(
            Message(
                "{kind} key {keys} was added but isn't used yet: run `wenyue keys rotate {kind} --stage use`",
                keys=max(keys),
                kind=kind,
            ),
        )
    number = max(keys) + 1
    if number > SEALING_KEYS_MAX:
        raise SetupError(
            Message(
                "there are already {sealing_keys_max} {kind} keys, which is the maximum",
                sealing_keys_max=SEALING_KEYS_MAX,
                kind=kind,
            )
        )
    return _with(content, kind, number, current), number


def use(content: Content, kind: Kind) -> tuple[Content, int]:
    """The file's content with its newest key in use, and that key's number. Raises SetupError."""
    keys, current = _part(content, kind)
    newest = max(keys)
    if newest == current:
        raise SetupError(
            Message(
                "{kind} key {current} is the newest and already in use: first run `wenyue "
                "keys rotate {kind} --stage add`",
                current=current,
                kind=kind,
            ),
        )
    return _with(content, kind, None, newest), newest


def without(content: Content, number: int) -> Content:
    """The file's content without this data key. Raises SetupError."""
    ring = key_ring(content)
    if number not in ring.sealing:
        raise SetupError(Message("data key {number} not found: see `wenyue keys list`", number=number))
    if number >= ring.current:
        raise SetupError(Message("data key {number} is in use or about to be: rotate first", number=number))
    return content | {"sealing": {no: key for no, key in content["sealing"].items() if int(no) != number}}


def _part(content: Content, kind: Kind) -> tuple[list[int], int]:
    """The numbers of this kind's keys, and the one in use."""
    if kind is Kind.DATA:
        ring = key_ring(content)
        return sorted(ring.sealing), ring.current
    record = seal_keys(content)
    return sorted(record.keys), record.current


def _with(content: Content, kind: Kind, number: int | None, current: int) -> Content:
    """The content with a fresh key under `number`, and `current` in use."""
    fresh = {} if number is None else {str(number): secrets.token_hex(32)}
    if kind is Kind.DATA:
        return content | {"sealing": content["sealing"] | fresh, "current": current}
    keys = content.get("record", {"keys": {}})["keys"]
    return content | {"record": {"keys": keys | fresh, "current": current}}


class KeyStore:
    """The key files of one home, changed by one command at a time."""

    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        self._home, self._say = home, say
        load_keys(home)
        load_gate_keys(home)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other commands away from the files. Raises SetupError when another one is at work."""
        with os.fdopen(os.open(self._home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SetupError(
                    Message("another command is changing the keys: wait until it finishes")
                ) from None
            yield

    def content(self, name: str = KEYS) -> Content:
        """What the file says."""
        return read_content(self._home / name)

    def put(self, content: Content) -> None:
        """Replace `keys.json`, after a check that the content can be read."""
        key_ring(content)
        seal_keys(content)
        replace(self._home / KEYS, content)

    def turn_gate_over(self) -> None:
        """The next voucher key takes over. Raises SetupError."""
        try:
            turned = GateKeys.turned_over(self.content(GateKeys.FILE), secrets.token_bytes(32))
        except OverflowError:
            raise SetupError(
                Message(
                    "{file} has {retired_gate_keys_max} retired keys: remove the oldest of "
                    "`retired_public` whose vouchers have all expired",
                    file=GateKeys.FILE,
                    retired_gate_keys_max=RETIRED_GATE_KEYS_MAX,
                ),
            ) from None
        replace(self._home / GateKeys.FILE, turned)

    def settle(self, name: str) -> None:
        """Return when every process of this machine has the file as it is: KEYS_SETTLE_S after its last change."""
        while (age := time.time() - (self._home / name).stat().st_mtime) < KEYS_SETTLE_S and age >= 0:
            left_s = KEYS_SETTLE_S - age
            self._say(
                gettext(
                    "waiting {left_s} s until every process has read {name}",
                    left_s=f"{left_s:.0f}",
                    name=name,
                )
            )
            time.sleep(left_s)  # others read the file in their own time, and nothing tells when they have
