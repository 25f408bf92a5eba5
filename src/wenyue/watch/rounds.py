"""One round of the monitor: every check with its deadline, from facts to findings."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter
from typing import Final, TypeVar

from psycopg import Error

from wenyue.audit import Anchor, Anchors, Link
from wenyue.infra.db import Tx
from wenyue.infra.errands import Errands
from wenyue.infra.keys import load_seal_keys
from wenyue.kernel.personal import SealKeys
from wenyue.watch import conduct_rules, database_rules, event_rules, local_rules, machine, rules, store, sweep
from wenyue.watch.model import Beat, Checked, ClockFacts, DatabaseFacts, Finding

CHECK_DEADLINE_S: Final = 5.0
DATABASE_DEADLINE_S: Final = 12.0  # its own write has five seconds of it
PASS_DEADLINE_S: Final = 20.0
CONNECT_DEADLINE_S: Final = 4.0
CONNECT_AGAIN_S: Final = 2.0  # a restart of the database within this time is nobody's alarm
REPEATED_PASS_S: Final = 24 * 3600.0  # the record's chain is verified from its beginning again
Found = tuple[Sequence[Finding], str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a monitor looks at."""

    node: str
    connect: Callable[[], Awaitable[Tx]]
    clock: Callable[[], datetime]
    disks: tuple[Path, ...]
    urls: tuple[str, ...]
    certificates: tuple[str, ...] = ()
    ntp: str = ""
    standbys: int = 0
    parent: int | None = None  # the supervisor, when there is one
    wanted: tuple[tuple[str, int], ...] = ()
    figures: Path | None = None  # where the processes of this machine leave theirs
    selftest: Path | None = None
    drill: Path | None = None
    home: Path | None = None  # where the record's keys and anchors are
    is_demo: bool = False  # the demo was asked for
    backup_wanted_from: datetime | None = None  # an installation that lives so long must have one


@dataclass(slots=True)
class Memory:
    """What a monitor remembers from round to round."""

    link: Link = field(default_factory=Link)
    chain_began: float = 0.0
    seen_at: tuple[datetime, float] | None = None
    has_turn: bool = False
    errands: Errands = field(default_factory=Errands)


async def look(scene: Scene, memory: Memory) -> list[Checked]:
    """Every check once, in order; never raises. What is shared is looked at by the node that has the turn."""
    found = await _look_here(scene, memory.errands)
    tx, error = await _connected(scene)
    if tx is None:
        memory.has_turn = False
        facts = DatabaseFacts(error=error)
        found.append(Checked("database", tuple(database_rules.judge_database(facts)), error, is_shared=False))
        return [*found, _clock_check(await _clocks(scene, memory, None), None)]
    try:
        return [*found, *await _look_at_database(scene, memory, tx)]
    finally:
        await asyncio.shield(tx.close())


async def _look_here(scene: Scene, errands: Errands) -> list[Checked]:
    now = scene.clock()

    def disks() -> Found:
        facts = machine.disks(scene.disks)
        return local_rules.judge_disk(facts), ", ".join(
            f"{one.free / 1e9:.1f} GB {one.path}" for one in facts
        )

    def memory_and_processes() -> Found:
        facts = machine.machine(scene.parent, dict(scene.wanted))
        rss = sum(one.rss for one in facts.processes) / 1e6
        text = f"{facts.memory_free / 1e9:.1f} GB free, {len(facts.processes)} processes with {rss:.0f} MB"
        return local_rules.judge_machine(facts), text

    def web() -> Found:
        facts = [machine.web(f"{url}/readyz") for url in scene.urls]
        return local_rules.judge_web(facts), ", ".join(f"{one.took_ms:.0f} ms" for one in facts)

    def freshness() -> Found:
        facts = machine.old_facts(scene.figures or Path("/nonexistent"), now.timestamp())
        says = ", ".join(f"{one.process} {one.name} {one.age_s:.0f} s" for one in facts[:5])
        return local_rules.judge_freshness(facts), says or "nothing is old"

    def certificates() -> Found:
        facts = [machine.certificate(place) for place in scene.certificates]
        ends = ", ".join(f"{one.ends_at:%Y-%m-%d}" for one in facts if one.ends_at)
        return local_rules.judge_certificates(facts, now), ends or "none configured"

    def backup() -> Found:
        facts = machine.report(scene.selftest or Path("/nonexistent"))
        is_wanted = scene.backup_wanted_from is not None and now > scene.backup_wanted_from
        says = f"tested {facts.at:%Y-%m-%d %H:%M}" if facts.at else "never tested"
        return local_rules.judge_backup(facts, now, is_wanted=is_wanted), says

    def drill() -> Found:
        facts = machine.report(scene.drill or Path("/nonexistent"))
        says = f"rehearsed {facts.at:%Y-%m-%d %H:%M}" if facts.at else "never rehearsed"
        return local_rules.judge_drill(facts, now), says

    blocking: tuple[tuple[str, Callable[[], Found]], ...] = (
        ("disk", disks),
        ("memory", memory_and_processes),
        ("web", web),
        ("freshness", freshness),
        ("certificate", certificates),
        ("backup", backup),
        ("drill", drill),
    )
    return list(
        await asyncio.gather(
            *(_made(name, errands.run(name, check), CHECK_DEADLINE_S * 3) for name, check in blocking)
        )
    )


async def _look_at_database(scene: Scene, memory: Memory, tx: Tx) -> list[Checked]:
    facts: list[DatabaseFacts] = []

    async def health() -> Found:
        facts.append(await store.health(tx, scene.node, scene.clock))
        one = facts[0]
        says = f"{one.took_ms:.0f} ms, write {one.pushed_ms:.0f} ms, {one.connections}/{one.connections_max} connections"
        return database_rules.judge_database(one), says

    found = [await _made("database", health(), DATABASE_DEADLINE_S)]
    is_writable = bool(facts) and not (
        facts[0].is_in_recovery or facts[0].is_read_only or facts[0].write_problem
    )
    memory.has_turn = is_writable and await _has_turn(scene, tx)
    ahead = facts[0].clock_ahead_s if facts else None
    found.append(_clock_check(await _clocks(scene, memory, tx), ahead))
    if tx.broken or tx.closed:
        return found
    if facts and facts[0].write_problem:  # nobody can take the turn: every node says why commits wait
        found.append(await _made("replication", _replication(scene, tx)))
    if not memory.has_turn:
        return found
    found.append(await _made("replication", _replication(scene, tx), is_shared=True))
    found += await _later(tx)
    found.append(await _made("changes", _changes(tx), is_shared=True))
    found.append(await _made("events", _events(tx), is_shared=True))
    found.append(await _made("undos", _undos(tx), is_shared=True))
    found.append(await _made("record", _record(scene, memory, tx), is_shared=True))
    found.append(await _made("abuse", _abuse(tx), is_shared=True))
    found.append(await _made("retention", _retention(tx), is_shared=True))
    found.append(await _made("demo", _demo(scene, tx), is_shared=True))
    for name in sweep.PASSES:
        found.append(await _made(name, _sweep(scene, tx, name), PASS_DEADLINE_S, is_shared=True))
    return found


async def _has_turn(scene: Scene, tx: Tx) -> bool:
    try:
        async with asyncio.timeout(CHECK_DEADLINE_S):
            return await store.take_turn(tx, scene.node)
    except (Error, TimeoutError):
        return False


async def _replication(scene: Scene, tx: Tx) -> Found:
    facts = await store.replication(tx, scene.standbys)
    says = f"{len(facts.standbys)} standbys, commits wait for: {facts.sync_names or 'nobody'}"
    return database_rules.judge_replication(facts), says


async def _changes(tx: Tx) -> tuple[Sequence[Finding], str]:
    facts = await store.changes(tx)
    says = f"{facts.waiting} wait, {facts.unreviewed} not looked at in time"
    return conduct_rules.judge_changes(facts), says


async def _events(tx: Tx) -> Found:
    facts = await store.events(tx)
    says = ", ".join(f"{one.name} {one.waiting} behind, {one.parked} parked" for one in facts)
    return event_rules.judge_events(facts), says or "nobody listens"


async def _undos(tx: Tx) -> tuple[Sequence[Finding], str]:
    facts = await store.undos(tx)
    says = f"{facts.places_again} places taken back again, {facts.refused} tries refused"
    return conduct_rules.judge_undos(facts), says


async def _later(tx: Tx) -> list[Checked]:
    """Three checks from one look, and the beats."""

    async def look_later() -> tuple[Sequence[Finding], str]:
        facts = await store.later(tx)
        says = (
            f"{facts.stuck_holds} stuck holds, jobs {facts.jobs_waiting} waiting,"
            f" {facts.jobs_failed} failed, {facts.unsettled} sessions unsettled"
        )
        return rules.judge_later(facts), says

    async def look_beats() -> tuple[Sequence[Finding], str]:
        facts = await store.beats(tx)
        return rules.judge_beats(facts), _say_beats(facts)

    whole = await _made("later", look_later(), is_shared=True)
    beats = await _made("partners", look_beats(), is_shared=True)
    return [
        *_parts(whole, ("holds", "jobs", "no-shows")),
        *_parts(beats, ("partners", "worker", "monitors")),
    ]


def _say_beats(facts: Sequence[Beat]) -> str:
    """Partners first, then our own processes; a few of them."""
    ordered = sorted(facts, key=lambda one: one.partner.startswith(("worker:", "monitor:")))
    return ", ".join(f"{one.partner} {one.age_s:.0f} s" for one in ordered[:5])


def _parts(whole: Checked, names: Sequence[str]) -> list[Checked]:
    """One look as the checks that it makes."""
    return [
        Checked(
            name,
            tuple(one for one in whole.findings if one.check == name),
            whole.says if name == names[0] else "",
            whole.problem,
            whole.took_ms if name == names[0] else 0.0,
            is_shared=True,
        )
        for name in names
    ]


async def _record(scene: Scene, memory: Memory, tx: Tx) -> Found:
    now = monotonic()
    if memory.chain_began and now - memory.chain_began > REPEATED_PASS_S:
        memory.link, memory.chain_began = Link(), 0.0
    memory.chain_began = memory.chain_began or now
    keys, anchors, accepted = await memory.errands.run("anchors", partial(_anchors, scene.home))
    facts, memory.link, _ = await store.record(tx, memory.link, keys, anchors, accepted)
    says = f"{facts.verified_upto} of {facts.links} links verified, {facts.anchors} anchors compared"
    return conduct_rules.judge_record(facts), says


def _anchors(home: Path | None) -> tuple[SealKeys | None, list[Anchor], list[Anchor]]:
    """The seals' keys and the anchors of this home; none where a monitor has no home with keys."""
    if home is None or not (home / "keys.json").exists():
        return None, [], []
    keys = load_seal_keys(home)
    kept = Anchors(home, keys)
    return keys, kept.recent(), kept.accepted()


async def _demo(scene: Scene, tx: Tx) -> Found:
    logins = await store.demo_logins(tx)
    return conduct_rules.judge_demo(logins, is_wanted=scene.is_demo), ", ".join(logins) or "none"


async def _abuse(tx: Tx) -> Found:
    facts = await store.suspicious(tx)
    says = ", ".join(f"{one.pattern} {one.subjects}" for one in facts) or "nothing suspicious"
    return conduct_rules.judge_abuse(facts), says


async def _retention(tx: Tx) -> Found:
    facts = await store.retention(tx)
    says = ", ".join(f"{one.kind} {one.behind_days} d" for one in facts)
    return conduct_rules.judge_retention(facts), f"past their period: {says}"


async def _sweep(scene: Scene, tx: Tx, name: str) -> Found:
    now = scene.clock()
    facts = await sweep.look_around(tx, now, name)
    last = f"{facts.finished_at:%m-%d %H:%M}" if facts.finished_at else "not yet"
    says = f"{facts.rows:,} rows in {facts.took_ms:.0f} ms, last complete {last}"
    return rules.judge_pass(facts, now, check=name), says


async def _clocks(scene: Scene, memory: Memory, tx: Tx | None) -> ClockFacts:
    """Our clock against itself a round ago, a time server and the other nodes."""
    now, steady = scene.clock(), monotonic()
    stepped = 0.0
    if memory.seen_at is not None:
        stepped = (now - memory.seen_at[0]).total_seconds() - (steady - memory.seen_at[1])
    memory.seen_at = now, steady
    ahead: float | None = None
    problem = ""
    if scene.ntp:
        try:
            async with asyncio.timeout(CHECK_DEADLINE_S):  # looking its name up has no deadline of its own
                ahead = await memory.errands.run("ntp", partial(machine.ntp_ahead_s, scene.ntp))
        except (OSError, ValueError) as error:
            problem = str(error)[:80] or type(error).__name__
    nodes: tuple[tuple[str, float], ...] = ()
    if tx is not None and not tx.closed:
        try:
            async with asyncio.timeout(CHECK_DEADLINE_S):
                nodes = await store.nodes(tx)
        except (Error, TimeoutError):
            nodes = ()
    return ClockFacts(stepped, ahead, problem, nodes)


def _clock_check(facts: ClockFacts, database_ahead_s: float | None) -> Checked:
    says = "" if database_ahead_s is None else f"{database_ahead_s * 1000:+.0f} ms against the database"
    return Checked("clock", tuple(local_rules.judge_clock(facts, database_ahead_s)), says)


async def _connected(scene: Scene) -> tuple[Tx | None, str]:
    """A connection, or why there is none after two tries."""
    error = ""
    for again_s in (CONNECT_AGAIN_S, 0.0):
        try:
            async with asyncio.timeout(CONNECT_DEADLINE_S):
                return await scene.connect(), ""
        except (Error, OSError, TimeoutError) as problem:
            error = type(problem).__name__
        await asyncio.sleep(again_s)
    return None, error


async def _made(
    name: str, check: Awaitable[Found], deadline_s: float = CHECK_DEADLINE_S, *, is_shared: bool = False
) -> Checked:
    """The check as made, or why it could not be."""
    began = perf_counter()
    try:
        async with asyncio.timeout(deadline_s):
            findings, says = await check
    except TimeoutError:
        return Checked(
            name, problem=f"no result within {deadline_s:g} s", took_ms=_ms(began), is_shared=is_shared
        )
    except Exception as error:  # noqa: BLE001 - a defect of one check must not blind all the others; it is told as blind
        return Checked(name, problem=type(error).__name__, took_ms=_ms(began), is_shared=is_shared)
    return Checked(name, tuple(findings), says, took_ms=_ms(began), is_shared=is_shared)


def _ms(began: float) -> float:
    return (perf_counter() - began) * 1000
