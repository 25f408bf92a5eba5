"""Everything that a face may call, built once per process: connections, keys, the engine, the configured rules."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from psycopg import Error

from wenyue.abuse import Act, Detector, Pattern, read_blocks, read_rules
from wenyue.accounts import FailedSignIn, Guard
from wenyue.booking import Engine, Rulebook
from wenyue.booking.slots.outlook import Outlook
from wenyue.cards import CardRules, read_types
from wenyue.core.admission import PersonLimit
from wenyue.core.clock import utc_now
from wenyue.core.limits import (
    ABUSE_FLUSH_S,
    PERSON_WINDOW_S,
    SECRET_CHECKS_AT_ONCE,
    SECRET_CHECKS_WAITING_MAX,
)
from wenyue.core.personal import Vault
from wenyue.gate import Desk, GateKeys, Reason, ScanAnswer, UndoLimits, load_gate_keys
from wenyue.platform.config import AccountSettings, Settings
from wenyue.platform.database.db import Database, DatabaseDown, Tx
from wenyue.platform.database.freshness import Freshness
from wenyue.platform.keys import KeyFile, keep_fresh, load_keys, reloading_keys, vault_file
from wenyue.platform.load_shedding.admission import Admission
from wenyue.platform.load_shedding.limiter import Limiter
from wenyue.policy import (
    AccountLimits,
    CancelLimits,
    HolidayCalendar,
    Preset,
    load_calendar,
    read_presets,
)
from wenyue.waiting_room import LoadSignal, WaitingRooms

_log: Final = logging.getLogger("wenyue")
_RULES_REFRESH_S: Final = 3.0
_RULES_SILENCE_S: Final = 4.0


@dataclass(slots=True)
class Services:
    """The process's own instances; `clock` is the only source of `now`."""

    settings: Settings
    db: Database
    vault: Vault
    engine: Engine
    clock: Callable[[], datetime]
    gate_keys: GateKeys
    admission: Admission
    room: WaitingRooms
    abuse: Detector
    freshness: Freshness
    outlook: Outlook
    rule_problems: tuple[str, ...] = ()  # stored rules that are mistyped: the last good ones stay in force
    _watch: asyncio.Task[None] | None = None
    _measuring: asyncio.Task[None] | None = None
    _telling: asyncio.Task[None] | None = None
    key_files: list[KeyFile] = field(default_factory=list[KeyFile])
    _keys: asyncio.Task[None] | None = None
    _secret_checks: Limiter = field(
        default_factory=lambda: Limiter(SECRET_CHECKS_AT_ONCE, SECRET_CHECKS_WAITING_MAX)
    )
    _guard: Guard | None = None

    @property
    def undo_limits(self) -> UndoLimits:
        """How often a gate keeper takes back an admission alone."""
        return UndoLimits(self.settings.gate.undo_per_place, self.settings.gate.undo_per_day)

    @property
    def guard(self) -> Guard:
        """Through which every PIN, password and code is checked."""
        if self._guard is None:
            self._guard = Guard(
                self.db,
                self.vault,
                self._secret_checks,
                heard=self._note_failure,
                blocked=self._blocked_until,
            )
        return self._guard

    @property
    def gate_desk(self) -> Desk:
        """What the gates of this process are equipped with; forged and used vouchers are noted."""
        return Desk(self.vault, self.gate_keys, self.presets, heard=self._note_scan)

    def _note_scan(self, answer: ScanAnswer, guessers: Sequence[tuple[str, str]]) -> None:
        for kind, which in guessers:
            self.abuse.note(Pattern.SCANNED_IDS, kind, which)
        if answer.reason == Reason.BAD_SIGNATURE:
            self.abuse.note(Pattern.FORGED_TOKENS, "gate", f"{answer.venue_id}:{answer.gate}")
        elif answer.reason == Reason.ALREADY_USED and answer.booking_id is not None:
            voucher = f"{answer.booking_id}:{answer.line_no}:{answer.visitor_no}"
            self.abuse.note(Pattern.REPLAYED_VOUCHERS, "voucher", voucher)

    def may_book(self, holder_id: int) -> bool:
        """Whether nothing blocks this account from booking now."""
        blocks = self.abuse.blocks  # nearly always empty: then not even the clock is read
        return not blocks or self.abuse.block_of(Act.BOOK, "account", holder_id, self.clock()) is None

    def note_document(self, holder_id: int) -> None:
        """An account tried a document: the answer may have told whether it is a certain person's."""
        self.abuse.note(Pattern.TRIED_DOCUMENTS, "account", holder_id)

    def note_unknown_holder(self, staff_id: int) -> None:
        """A member of staff asked at the counter for a holder who is none, or for a holder's document under another name."""
        self.abuse.note(Pattern.SCANNED_IDS, "staff", staff_id)

    def note_taken_document(self, staff_id: int) -> None:
        """A member of staff took, or would have taken, accounts from a document at the counter."""
        self.abuse.note(Pattern.TAKEN_DOCUMENTS, "staff", staff_id)

    def note_refused(self, address: str, status: int, *, has_token: bool, is_by_id: bool) -> None:
        """Note what an answer says of who asked: a login that nobody has, ids that are not there or not theirs."""
        if not address:
            return
        if status == HTTPStatus.UNAUTHORIZED and has_token:
            self.abuse.note(Pattern.FORGED_TOKENS, "address", address)
        elif status == HTTPStatus.NOT_FOUND and is_by_id:
            self.abuse.note(Pattern.SCANNED_IDS, "address", address)

    def _note_failure(self, failed: FailedSignIn) -> None:
        """Every failed sign-in of every face comes through here."""
        if (
            failed.address and not failed.is_refused
        ):  # what was not let in guessed nothing, and renews no block
            self.abuse.note(Pattern.GUESSED_SECRETS, "address", failed.address)

    def _blocked_until(self, address: str, now: datetime) -> datetime | None:
        block = self.abuse.block_of(Act.SIGN_IN, "address", address, now) if address else None
        return None if block is None else block.until

    @asynccontextmanager
    async def secret_transaction(self) -> AsyncGenerator[Tx]:
        """A transaction in which a PIN or a password is made. Raises DatabaseDown.

        Each holds its connection while a thread works: few run at once, so that the others are left to those who book.
        """
        async with self._secret_checks.turn(), self.db.transaction() as tx:
            yield tx

    @property
    def rulebook(self) -> Rulebook:
        """The rules in force, replaced as a whole within seconds of a change."""
        return self.engine.rulebook

    @property
    def calendar(self) -> HolidayCalendar:
        """What kind of day a date is."""
        return self.engine.rulebook.calendar

    @property
    def presets(self) -> Mapping[str, Preset]:
        """Reservation presets by code."""
        return self.engine.rulebook.presets

    @property
    def card_types(self) -> Mapping[str, CardRules]:
        """Card rules by type code."""
        return self.engine.rulebook.card_types

    async def start(self, *, is_web: bool = True) -> None:
        """Connect, read the rules, start the engine. Raises DatabaseDown; what was begun by then is let go of."""
        await self.db.open()
        try:
            await self._read_rules()
            await self.engine.start()
            await self.room.start(writes_signals=is_web)
        except BaseException:
            await self.stop()
            raise
        self.freshness.expect("rules")
        self._watch = asyncio.create_task(self._keep_rules_fresh(), name="rules")
        self._measuring = asyncio.create_task(self.admission.move_limits(), name="admission")
        self._telling = asyncio.create_task(self._tell_signs(), name="suspicious signs")
        self._keys = asyncio.create_task(keep_fresh(self.key_files), name="keys")

    async def stop(self) -> None:
        """Answer what waits, then let go of everything."""
        tasks = (self._watch, self._measuring, self._telling, self._keys)
        running = [task for task in tasks if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.engine.drain()
        await self.outlook.stop()
        await self.room.stop()
        await self.db.close()

    async def _keep_rules_fresh(self) -> None:
        while True:
            await asyncio.sleep(_RULES_REFRESH_S)
            reading = asyncio.create_task(self._read_rules(), name="read rules")
            try:
                done, _ = await asyncio.wait({reading}, timeout=_RULES_SILENCE_S)
                if not done:  # not cut off: the connection notices by itself; but people are told
                    self.db.outage.note_bad("silence", is_sure=False)
                await reading
                self.db.outage.note_good()
                self.freshness.good("rules")
            except (Error, DatabaseDown, OSError) as error:
                self.db.outage.note_bad(type(error).__name__, is_sure=False)
            except Exception as error:  # noqa: BLE001 - the rules in force stay; their refresh must not end
                _log.error("the rules could not be read again: %s", type(error).__name__)
            finally:
                reading.cancel()  # when we are stopped ourselves

    async def _tell_signs(self) -> None:
        """Hand on what was suspicious; while the database is away it is kept and counted on."""
        while True:
            await asyncio.sleep(ABUSE_FLUSH_S)
            try:
                for one in await self.abuse.flush(self.db, self.clock()):
                    _log.warning("suspicious: %s by one %s, %d times", one.pattern.value, one.kind, one.count)
            except (Error, DatabaseDown, OSError):
                continue

    async def _read_rules(self) -> None:
        """Put the stored rules in force; of mistyped ones the last good, and a line in the log, once."""
        old = self.engine.rulebook
        async with self.db.connection() as tx:
            types, type_problems = await read_types(tx, old.card_types)
            presets, preset_problems = await read_presets(tx, old.presets)
            self.abuse.rules, abuse_problems = await read_rules(tx)
            self.abuse.blocks = await read_blocks(tx, self.clock())
            self.engine.rulebook = Rulebook(
                card_types=types,
                presets=presets,
                calendar=await load_calendar(tx),
                limits=_limits(self.settings.account),
            )
        problems = (*type_problems, *preset_problems, *abuse_problems)
        for problem in problems:
            if problem not in self.rule_problems:
                _log.error("mistyped, so the last good rules stay in force: %s", problem)
        self.rule_problems = problems


def build(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Services:
    """Unstarted services for `settings`, whose database URL must be set by now."""
    db = Database(
        settings.database.url, size_max=settings.database.pool_size_max, role=settings.database.role or None
    )
    nothing = Rulebook(card_types={}, presets={}, calendar=HolidayCalendar())
    freshness = Freshness()
    vault = Vault(load_keys(settings.home), reloading_keys(settings.home))
    engine = Engine(db, nothing, clock=clock, freshness=freshness)
    admission = Admission(
        PersonLimit(_share(settings), PERSON_WINDOW_S), freshness, proxies=settings.web.proxies
    )
    room = WaitingRooms(db, vault, clock, lambda: _load(admission), freshness)
    gate = load_gate_keys(settings.home)
    detector, outlook = Detector(vault), Outlook(db, clock)
    services = Services(
        settings, db, vault, engine, clock, gate, admission, room, detector, freshness, outlook
    )

    def use_gate_keys(raw: Mapping[str, Any]) -> None:
        services.gate_keys = GateKeys.of(raw)

    services.key_files += [
        vault_file(settings.home, vault),
        KeyFile(settings.home / GateKeys.FILE, use_gate_keys),
    ]
    return services


def _limits(account: AccountSettings) -> AccountLimits:
    cancels = CancelLimits(day=account.cancels_day, week=account.cancels_week)
    return AccountLimits(account.places, account.unpaid, account.unnamed, cancels, account.moves_day)


def _share(settings: Settings) -> int:
    """This process's part of what one person may ask for in a minute, of the whole installation."""
    return max(1, -(-settings.web.person_bookings // settings.web.processes))


def _load(admission: Admission) -> LoadSignal:
    """What the waiting room wants to know of this process."""
    now = admission.signal()
    return LoadSignal(
        goodput_per_s=now.goodput_per_s,
        latency_p99_ms=now.latency_p99_ms,
        limit=now.limit,
        in_flight=now.in_flight,
        waiting=now.waiting,
        shed_per_s=now.shed_per_s,
    )
