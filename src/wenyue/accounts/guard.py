"""Every check of a PIN, a password or a code goes through `Guard.attempt`: counted before it is made, slowed when it must be.

The counters are rows of `accounts.tries`, shared by every process. Their number is fixed: a key's slot follows from its keyed
hash, in a range that its kind of secret and of counter has for itself, so that a flood of one kind reaches no other. Whoever
shares a slot with a busy key shares its counter: that delays a stranger now and then, lets nobody guess faster and clears none.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from wenyue.accounts.devices import device_token, known_token, with_device
from wenyue.accounts.doubts import Doubts
from wenyue.accounts.failures import FailedSignIn, note_failure
from wenyue.accounts.logins import end_login, hold_login, login_key, require_login, start_login
from wenyue.accounts.model import Login, LoginEnded, Terms
from wenyue.accounts.pace import Pace
from wenyue.accounts.passwords import behind
from wenyue.accounts.store import set_locale
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
from wenyue.core.limits import SECRET_CHECKS_OF_DEVICE
from wenyue.core.personal import Vault
from wenyue.platform.addresses import line_of
from wenyue.platform.database.db import Database, Tx, queries
from wenyue.platform.load_shedding.limiter import Limiter, Share

_SQL: Final = queries("wenyue.accounts", "guard.sql")
_QUIET: Final = 0.5  # a score below it gives its slot to whoever comes
_NAME_MAX: Final = 64
Kind = Literal[
    "card", "staff", "code", "factor", "pin"
]  # a kind for each sort of name: typed logins never meet the others
_What = Literal["pair", "login", "address", "device"]
SLOTS: Final[dict[_What, int]] = {"pair": 65_536, "login": 16_384, "address": 16_384, "device": 16_384}
_SHARES: Final[dict[Kind, Share]] = {
    "card": Share.OTHERS,
    "staff": Share.STAFF,
    "code": Share.CODES,
    "factor": Share.STAFF,
    "pin": Share.STAFF,
}
# A device is known once the whole sign-in succeeded on it: then it counts for itself at both steps.
_DEVICE_KINDS: Final[dict[Kind, Kind]] = {"factor": "staff"}
SLOTS_OF_KIND: Final = sum(SLOTS.values())
_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SLOTS_MAX: Final = len(_KINDS) * SLOTS_OF_KIND + 1  # the last is everybody's; the table has a constraint


@dataclass(frozen=True, slots=True)
class Caller:
    """From where a secret is tried. `address` as `infra.addresses` gives it; `device`: the tokens that the device brought."""

    address: str = ""
    device: str = field(default="", repr=False)


class Throttled(Exception):
    """Too many tries lately, wrong ones or very many: nothing was checked. `at`: when the next may be made."""

    def __init__(self, at: datetime) -> None:
        super().__init__("too many tries")
        self.at = at


@dataclass(slots=True)
class Attempt:
    """One try under way, in its transaction. The caller sets `is_right`; whatever was not right is a failure.

    `who` is what the record calls the login that was tried, once it is known: 'card:3', 'staff:4'. `is_kept`: a right try stays
    counted, because nobody is told that it was right: else the waits of the next ones would tell; or because it was refused
    before any secret was looked at, which forgives no guess.
    """

    tx: Tx
    tries_left: int
    is_right: bool = False
    is_kept: bool = False
    who: str = ""
    login_key: str = ""  # `Login.key` of the login that began on it
    acting: Login | None = None  # the login on whose strength it acts, too

    async def start_login(
        self,
        now: datetime,
        *,
        traveller_id: int | None = None,
        staff_id: int | None = None,
        device_id: int | None = None,
        instead_of: str = "",
        locale: str = "",
        terms: Terms | None = None,
    ) -> str:
        """A token on the strength of this right try, in the transaction that found it right.

        What checked the secret holds the row it was checked against (the card's, the member of staff's) until the transaction
        ends, and whatever shuts logins out changes that row before it ends them: so it finds this login, or this try waits for it
        and is refused. `instead_of`: the token that the caller had, which ends. `locale`: the language that a traveller asked in,
        in which they are told from now on ('': they did not say). Raises LookupError when the try was not right,
        LoginEnded when it acts as the login `instead_of` and another ended that.
        """
        if not self.is_right:
            raise LookupError("no login begins on a try that was not right")
        if instead_of:
            was_there = await end_login(self.tx, instead_of, now)
            if self.acting is not None and self.acting.key == login_key(instead_of):
                if not was_there:
                    raise LoginEnded
                self.acting = None  # ended here, and held by that
        token = await start_login(
            self.tx,
            now=now,
            traveller_id=traveller_id,
            staff_id=staff_id,
            device_id=device_id,
            terms=terms,
        )
        self.login_key = login_key(token)
        if traveller_id is not None and locale:
            await set_locale(self.tx, traveller_id, locale)
        return token


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter that stands for a try: its row, whose it is, how fast it lets guess."""

    slot: int
    key: bytes
    limit: Limit
    is_own: bool  # of this login at this place: a right secret clears it


@dataclass(frozen=True, slots=True)
class _Held:
    """A counter as it was found: whose slot it is, and its tries."""

    key: bytes
    tries: Tries


class Guard:
    """The guard of one process. `limiter` bounds how many secrets are checked at once, and how often one login or place asks.

    `heard` is told of every failure, also of tries that had to wait; `blocked` says until when an address may not try.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        limiter: Limiter,
        *,
        heard: Callable[[FailedSignIn], None] = lambda _: None,
        blocked: Callable[[str, datetime], datetime | None] = lambda _address, _now: None,
    ) -> None:
        self._db, self._vault, self._limiter = db, vault, limiter
        self._heard, self._blocked = heard, blocked
        self._pace, self._doubts = Pace(), Doubts()

    def known_device(self, held: str, kind: Kind, name: str, now: datetime) -> str:
        """What a device keeps that just proved the secret of this login, and that held `held` before."""
        return with_device(held, device_token(self._vault, kind, name, now))

    def knows(self, held: str, kind: Kind, name: str, now: datetime) -> str:
        """The token of this login among those that a device holds, by itself: whether it is trusted still is asked at the try."""
        return known_token(self._vault, held, kind, name, since=None, now=now)

    def is_doubtful(self, address: str, now: datetime) -> bool:
        """Whether strangers at this place (`infra.addresses.line_of`) tried wrong secrets again and again lately."""
        return self._doubts.is_doubtful(line_of(address), now)

    @asynccontextmanager
    async def attempt(
        self, kind: Kind, name: str, caller: Caller, now: datetime, *, acts_as: str = ""
    ) -> AsyncGenerator[Attempt]:
        """A transaction in which one secret of the login `name` is checked; commits also when it was wrong.

        `acts_as`: `Login.key` of whoever is signed in and acts with it; that login is looked at as by `acting_as`.
        Few run at once, so that a flood of sign-ins leaves the connections to those who book.
        Raises Throttled, LoginEnded, DatabaseDown.
        """
        name = name.strip().lower()[:_NAME_MAX]
        until = (
            None if kind == "code" else self._blocked(caller.address, now)
        )  # codes are the way in for the others there
        token = self.knows(caller.device, _DEVICE_KINDS.get(kind, kind), name, now)
        if until is not None and not token:  # others may share the address: their devices are let in
            self._heard(self._failed(kind, name, caller, is_refused=True))
            raise Throttled(until)
        wait_s = self._pace.wait_s(kind, name, line_of(caller.address), token)
        if wait_s:
            self._heard(self._failed(kind, name, caller, is_refused=True))
            raise Throttled(now + timedelta(seconds=wait_s))
        share = Share.KNOWN if token else _SHARES[kind]
        line, line_max = (token, SECRET_CHECKS_OF_DEVICE) if token else (line_of(caller.address), None)
        async with self._limiter.turn(share, line, line_max=line_max):
            try:
                counters, left = await self._begin(kind, name, caller, now)
            except Throttled:
                self._doubts.note(line_of(caller.address), now, is_right=False)
                raise
            is_behind = not token and self._doubts.is_doubtful(line, now)
            async with self._db.transaction() as tx:
                acting = await require_login(tx, acts_as, now) if acts_as else None
                attempt = Attempt(tx, left, acting=acting)
                with behind(is_behind=is_behind):
                    yield attempt
                if attempt.acting is not None:
                    await hold_login(tx, attempt.acting.key, now)
            if not token:
                self._doubts.note(line, now, is_right=attempt.is_right)
            await self._end(kind, name, caller, now, counters=counters, attempt=attempt)

    async def _begin(self, kind: Kind, name: str, caller: Caller, now: datetime) -> tuple[list[Counter], int]:
        """Count the try beforehand, so that many at once are no way around; a right one takes it back."""
        async with self._db.transaction() as tx:
            devices_from, tries_from = await self._trust(tx, kind, name)
            known_as = _DEVICE_KINDS.get(kind, kind)
            token = known_token(self._vault, caller.device, known_as, name, since=devices_from, now=now)
            counters = self.counters(kind, name, caller, token)
            found = await self._lock(tx, counters, now, forget_before=tries_from)
            until = max(one.tries.open_at for one in found)
            if until > now:
                self._heard(self._failed(kind, name, caller, is_refused=True))
            else:
                pairs = zip(found, counters, strict=True)
                counted = [replace(one, tries=after_failure(one.tries, c.limit, now)) for one, c in pairs]
                await _write(tx, counters, counted)
                return counters, tries_left(counted[0].tries, counters[0].limit)
        raise Throttled(until)

    async def _end(
        self,
        kind: Kind,
        name: str,
        caller: Caller,
        now: datetime,
        *,
        counters: list[Counter],
        attempt: Attempt,
    ) -> None:
        async with self._db.transaction() as tx:
            if attempt.is_right and attempt.is_kept:
                return
            if attempt.is_right:
                found = await self._lock(tx, counters, now, forget_before=None)
                right = [
                    replace(
                        one,
                        tries=after_success(one.tries, c.limit, now, is_own=c.is_own and one.key == c.key),
                    )
                    for one, c in zip(found, counters, strict=True)
                ]
                await _write(tx, counters, right)
                return
            failed = self._failed(kind, name, caller, who=attempt.who)
            key = self._vault.fingerprint(b"tries|everybody")
            everybody = Counter(SLOTS_MAX - 1, key, EVERYBODY, is_own=False)
            own = counters[:1]
            found = await self._lock(tx, [*own, everybody], now, forget_before=None)
            scores = [faded(one.tries, c.limit, now) for one, c in zip(found, [*own, everybody], strict=True)]
            everybodys = replace(found[-1], tries=after_failure(found[-1].tries, EVERYBODY, now))
            await _write(tx, [everybody], [everybodys])
            failed = replace(failed, score=scores[0], everybody=scores[-1] + 1.0)
            await note_failure(tx, self._vault, failed, now)
        self._heard(failed)

    async def _trust(self, tx: Tx, kind: Kind, name: str) -> tuple[datetime | None, datetime | None]:
        if _DEVICE_KINDS.get(kind, kind) != "staff":
            return None, None
        row = await (await tx.execute(_SQL["staff_trust"], {"login": name})).fetchone()
        return (None, None) if row is None else (row[0], row[1])

    def _failed(
        self, kind: Kind, name: str, caller: Caller, *, who: str = "", is_refused: bool = False
    ) -> FailedSignIn:
        return FailedSignIn(kind, name, caller.address, who=who, is_refused=is_refused)

    def counters(self, kind: Kind, name: str, caller: Caller, token: str) -> list[Counter]:
        """What stands for a try, the own counter first; `token` is that of a known device, verified, or empty."""
        place = line_of(caller.address)
        if token:
            return [self._counter(kind, "device", f"{name}|{token}", PAIR, is_own=True)]
        found = [
            self._counter(kind, "pair", f"{name}|{place}", PAIR, is_own=True),
            self._counter(kind, "address", place, ADDRESS, is_own=False),
        ]
        if (
            kind != "code"
        ):  # codes are few, short-lived and bounded by themselves: strangers' tries keep no holder waiting
            found.append(self._counter(kind, "login", name, LOGIN, is_own=False))
        return found

    def _counter(self, kind: Kind, what: _What, of: str, limit: Limit, *, is_own: bool) -> Counter:
        key = self._vault.fingerprint(f"tries|{what}|{kind}|{of}".encode(errors="replace"))
        first = _KINDS.index(kind) * SLOTS_OF_KIND
        for one, size in SLOTS.items():
            if one == what:
                break
            first += size
        return Counter(first + int.from_bytes(key[:4]) % SLOTS[what], key, limit, is_own)

    async def _lock(
        self, tx: Tx, counters: list[Counter], now: datetime, *, forget_before: datetime | None
    ) -> list[_Held]:
        asked = [{"slot": one.slot, "key": one.key.hex()} for one in counters]
        row_of = {"asked": msgspec.json.encode(asked).decode(), "now": now}
        rows = {row[0]: row[1:] for row in await (await tx.execute(_SQL["lock_tries"], row_of)).fetchall()}
        found: list[_Held] = []
        for one in counters:
            key, score, at, open_at = rows[one.slot]
            tries = Tries(score, at, open_at)
            is_free = key != one.key and faded(tries, one.limit, now) < _QUIET
            is_pardoned = forget_before is not None and at <= forget_before and one.limit is not ADDRESS
            if is_free or is_pardoned:
                found.append(_Held(one.key, Tries(0.0, now, now)))
            else:
                found.append(_Held(bytes(key), tries))
        return found


async def _write(tx: Tx, counters: list[Counter], held: list[_Held]) -> None:
    rows = [
        {
            "slot": counter.slot,
            "key": one.key.hex(),
            "score": one.tries.score,
            "at": one.tries.at.astimezone(UTC).isoformat(),
            "open_at": one.tries.open_at.astimezone(UTC).isoformat(),
        }
        for counter, one in zip(counters, held, strict=True)
    ]
    await tx.execute(_SQL["set_tries"], {"rows": msgspec.json.encode(rows).decode()})
