"""Every check of a PIN, a password or a code goes through `Guard.attempt`: counted before it is made, slowed when it must be.

The counters are rows of `accounts.tries`, shared by every process. Their number is fixed: a key's slot follows from its keyed
hash. Whoever shares a slot with a busy key shares its counter, which delays a stranger now and then and lets nobody guess faster.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from wenyue.accounts.devices import device_token, known_token, with_device
from wenyue.accounts.failures import FailedSignIn, note_failure
from wenyue.accounts.throttle import (
    ADDRESS,
    EVERYBODY,
    LOGIN,
    PAIR,
    Limit,
    Tries,
    after_failure,
    after_success,
    faded,
    tries_left,
)
from wenyue.infra.addresses import line_of
from wenyue.infra.db import Database, Tx, queries
from wenyue.infra.turns import Turns
from wenyue.kernel.personal import Vault

_SQL: Final = queries("wenyue.accounts", "guard.sql")
_SLOTS: Final = 65_536
_QUIET: Final = 0.5  # a score below it gives its slot to whoever comes
_NAME_MAX: Final = 64
Kind = Literal["card", "staff", "code"]


@dataclass(frozen=True, slots=True)
class Caller:
    """From where a secret is tried. `address` as `infra.addresses` gives it; `device`: the tokens that the device brought."""

    address: str = ""
    device: str = field(default="", repr=False)


class Throttled(Exception):
    """Too many wrong tries lately: nothing was checked. `at`: when the next may be made."""

    def __init__(self, at: datetime) -> None:
        super().__init__("too many wrong tries")
        self.at = at


@dataclass(slots=True)
class Attempt:
    """One try under way, in its transaction. The caller sets `is_right`; whatever was not right is a failure.

    `who` is what the record calls the login that was tried, once it is known: 'card:3', 'staff:4'.
    """

    tx: Tx
    tries_left: int
    is_right: bool = False
    who: str = ""


@dataclass(frozen=True, slots=True)
class _Counter:
    slot: int
    key: bytes
    limit: Limit
    is_own: bool  # of this login at this place: a right secret clears it


class Guard:
    """The guard of one process. `turns` bounds how many secrets are checked at once.

    `heard` is told of every failure, also of tries that had to wait; `blocked` says until when an address may not try.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        turns: Turns,
        *,
        heard: Callable[[FailedSignIn], None] = lambda _: None,
        blocked: Callable[[str, datetime], datetime | None] = lambda _address, _now: None,
    ) -> None:
        self._db, self._vault, self._turns = db, vault, turns
        self._heard, self._blocked = heard, blocked

    def known_device(self, held: str, kind: Kind, name: str, now: datetime) -> str:
        """What a device keeps that just proved the secret of this login, and that held `held` before."""
        return with_device(held, device_token(self._vault, kind, name, now))

    @asynccontextmanager
    async def attempt(self, kind: Kind, name: str, caller: Caller, now: datetime) -> AsyncGenerator[Attempt]:
        """A transaction in which one secret of the login `name` is checked; commits also when it was wrong.

        Few run at once, so that a flood of sign-ins leaves the connections to those who book. Raises Throttled, DatabaseDown.
        """
        name = name.strip().lower()[:_NAME_MAX]
        until = self._blocked(caller.address, now)
        is_known = known_token(self._vault, caller.device, kind, name, since=None, now=now) != ""
        if until is not None and not is_known:  # others may share the address: their devices are let in
            self._heard(self._failed(kind, name, caller, is_refused=True))
            raise Throttled(until)
        async with self._turns.turn():
            counters, left = await self._begin(kind, name, caller, now)
            async with self._db.transaction() as tx:
                attempt = Attempt(tx, left)
                yield attempt
            await self._end(kind, name, caller, now, counters=counters, attempt=attempt)

    async def _begin(
        self, kind: Kind, name: str, caller: Caller, now: datetime
    ) -> tuple[list[_Counter], int]:
        """Count the try beforehand, so that many at once are no way around; a right one takes it back."""
        async with self._db.transaction() as tx:
            devices_from, tries_from = await self._trust(tx, kind, name)
            token = known_token(self._vault, caller.device, kind, name, since=devices_from, now=now)
            counters = self._counters(kind, name, caller, token)
            found = await self._lock(tx, counters, now, forget_before=tries_from)
            until = max(one.open_at for one in found)
            if until > now:
                self._heard(self._failed(kind, name, caller, is_refused=True))
            else:
                counted = [after_failure(one, c.limit, now) for one, c in zip(found, counters, strict=True)]
                await _write(tx, counters, counted)
                return counters, tries_left(counted[0], counters[0].limit)
        raise Throttled(until)

    async def _end(
        self,
        kind: Kind,
        name: str,
        caller: Caller,
        now: datetime,
        *,
        counters: list[_Counter],
        attempt: Attempt,
    ) -> None:
        async with self._db.transaction() as tx:
            if attempt.is_right:
                found = await self._lock(tx, counters, now, forget_before=None)
                right = [
                    after_success(one, c.limit, now, is_own=c.is_own)
                    for one, c in zip(found, counters, strict=True)
                ]
                await _write(tx, counters, right)
                return
            failed = self._failed(kind, name, caller, who=attempt.who)
            everybody = self._counter("everybody", EVERYBODY, is_own=False)
            own = counters[:1]
            found = await self._lock(tx, [*own, everybody], now, forget_before=None)
            scores = [faded(one, c.limit, now) for one, c in zip(found, [*own, everybody], strict=True)]
            await _write(tx, [everybody], [after_failure(found[-1], EVERYBODY, now)])
            failed = replace(failed, score=scores[0], everybody=scores[-1] + 1.0)
            await note_failure(tx, self._vault, failed, now)
        self._heard(failed)

    async def _trust(self, tx: Tx, kind: Kind, name: str) -> tuple[datetime | None, datetime | None]:
        if kind != "staff":
            return None, None
        row = await (await tx.execute(_SQL["staff_trust"], {"login": name})).fetchone()
        return (None, None) if row is None else (row[0], row[1])

    def _failed(
        self, kind: Kind, name: str, caller: Caller, *, who: str = "", is_refused: bool = False
    ) -> FailedSignIn:
        return FailedSignIn(kind, name, caller.address, who=who, is_refused=is_refused)

    def _counters(self, kind: Kind, name: str, caller: Caller, token: str) -> list[_Counter]:
        """The own counter first; `token` is that of a known device, verified, or empty."""
        if token:
            return [self._counter(f"device|{kind}|{name}|{token}", PAIR, is_own=True)]
        found = {
            one.slot: one
            for one in (
                self._counter(f"login|{kind}|{name}", LOGIN, is_own=False),
                self._counter(f"address|{line_of(caller.address)}", ADDRESS, is_own=False),
                self._counter(f"pair|{kind}|{name}|{line_of(caller.address)}", PAIR, is_own=True),
            )
        }
        return sorted(found.values(), key=lambda one: not one.is_own)

    def _counter(self, text: str, limit: Limit, *, is_own: bool) -> _Counter:
        key = self._vault.fingerprint(f"tries|{text}".encode(errors="replace"))
        return _Counter(int.from_bytes(key[:4]) % _SLOTS, key, limit, is_own)

    async def _lock(
        self, tx: Tx, counters: list[_Counter], now: datetime, *, forget_before: datetime | None
    ) -> list[Tries]:
        asked = [{"slot": one.slot, "key": one.key.hex()} for one in counters]
        row_of = {"asked": msgspec.json.encode(asked).decode(), "now": now}
        rows = {row[0]: row[1:] for row in await (await tx.execute(_SQL["lock_tries"], row_of)).fetchall()}
        found: list[Tries] = []
        for one in counters:
            key, score, at, open_at = rows[one.slot]
            tries = Tries(score, at, open_at)
            is_anothers = key != one.key and faded(tries, one.limit, now) < _QUIET
            is_pardoned = forget_before is not None and at <= forget_before and one.limit is not ADDRESS
            found.append(Tries(0.0, now, now) if is_anothers or is_pardoned else tries)
        return found


async def _write(tx: Tx, counters: list[_Counter], tries: list[Tries]) -> None:
    rows = [
        {
            "slot": counter.slot,
            "key": counter.key.hex(),
            "score": one.score,
            "at": one.at.astimezone(UTC).isoformat(),
            "open_at": one.open_at.astimezone(UTC).isoformat(),
        }
        for counter, one in zip(counters, tries, strict=True)
    ]
    await tx.execute(_SQL["set_tries"], {"rows": msgspec.json.encode(rows).decode()})
