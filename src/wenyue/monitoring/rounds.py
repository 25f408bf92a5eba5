"""One round of the monitor: every check with its deadline, from facts to findings."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter
from typing import Final

from psycopg import Error

from wenyue.monitoring import database_checks, database_rules, local_rules, machine_checks, store, sweep
from wenyue.monitoring.database_checks import Found
from wenyue.monitoring.model import Checked, ClockFacts, DatabaseFacts
from wenyue.monitoring.scene import Memory, Scene
from wenyue.platform.blocking_calls import BlockingCalls
from wenyue.platform.database.db import Tx

CHECK_DEADLINE_S: Final = 5.0
DATABASE_DEADLINE_S: Final = 12.0  # its own write has five seconds of it
PASS_DEADLINE_S: Final = 20.0
CONNECT_DEADLINE_S: Final = 4.0
CONNECT_AGAIN_S: Final = 2.0  # a restart of the database within this time is nobody's alarm


async def make_checks(scene: Scene, memory: Memory) -> list[Checked]:
    """Every check once, in order; never raises. What is shared is looked at by the node that has the turn."""
    found = await _look_here(scene, memory.blocking_calls)
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


async def _look_here(scene: Scene, blocking_calls: BlockingCalls) -> list[Checked]:
    now = scene.clock()

    def disks() -> Found:
        facts = machine_checks.disks(scene.disks)
        return local_rules.judge_disk(facts), ", ".join(
            f"{one.free / 1e9:.1f} GB {one.path}" for one in facts
        )

    def memory_and_processes() -> Found:
        facts = machine_checks.machine(scene.parent, dict(scene.wanted))
        rss = sum(one.rss for one in facts.processes) / 1e6
        text = f"{facts.memory_free / 1e9:.1f} GB free, {len(facts.processes)} processes with {rss:.0f} MB"
        return local_rules.judge_machine(facts), text

    def web() -> Found:
        facts = [machine_checks.web(f"{url}/readyz") for url in scene.urls]
        return local_rules.judge_web(facts), ", ".join(f"{one.took_ms:.0f} ms" for one in facts)

    def freshness() -> Found:
        facts = machine_checks.old_facts(scene.figures or Path("/nonexistent"), now.timestamp())
        says = ", ".join(f"{one.process} {one.name} {one.age_s:.0f} s" for one in facts[:5])
        return local_rules.judge_freshness(facts), says or "nothing is old"

    def certificates() -> Found:
        facts = [machine_checks.certificate(place) for place in scene.certificates]
        ends = ", ".join(f"{one.ends_at:%Y-%m-%d}" for one in facts if one.ends_at)
        return local_rules.judge_certificates(facts, now), ends or "none configured"

    def backup() -> Found:
        facts = machine_checks.report(scene.selftest or Path("/nonexistent"))
        is_wanted = scene.backup_wanted_from is not None and now > scene.backup_wanted_from
        says = f"tested {facts.at:%Y-%m-%d %H:%M}" if facts.at else "never tested"
        return local_rules.judge_backup(facts, now, is_wanted=is_wanted), says

    def drill() -> Found:
        facts = machine_checks.report(scene.drill or Path("/nonexistent"))
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
            *(
                _made(name, blocking_calls.run_in_thread(name, check), CHECK_DEADLINE_S * 3)
                for name, check in blocking
            )
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
        found.append(await _made("replication", database_checks.replication(scene, tx)))
    if not memory.has_turn:
        return found
    found.append(await _made("replication", database_checks.replication(scene, tx), is_shared=True))
    found += await _check_tasks(tx)
    found.append(await _made("changes", database_checks.changes(tx), is_shared=True))
    found.append(await _made("events", database_checks.events(tx), is_shared=True))
    found.append(await _made("undos", database_checks.undos(tx), is_shared=True))
    found.append(await _made("staff", database_checks.staff(tx), is_shared=True))
    found.append(await _made("record", database_checks.record(scene, memory, tx), is_shared=True))
    found.append(await _made("abuse", database_checks.abuse(tx), is_shared=True))
    found.append(await _made("retention", database_checks.retention(tx), is_shared=True))
    found.append(await _made("demo", database_checks.demo(scene, tx), is_shared=True))
    for name in sweep.PASSES:
        found.append(
            await _made(name, database_checks.one_pass(scene, tx, name), PASS_DEADLINE_S, is_shared=True)
        )
    return found


async def _has_turn(scene: Scene, tx: Tx) -> bool:
    try:
        async with asyncio.timeout(CHECK_DEADLINE_S):
            return await store.take_turn(tx, scene.node)
    except (Error, TimeoutError):
        return False


async def _check_tasks(tx: Tx) -> list[Checked]:
    """Three checks from one look, and the beats."""
    whole = await _made("later", database_checks.later(tx), is_shared=True)
    beats = await _made("partners", database_checks.beats(tx), is_shared=True)
    return [
        *_parts(whole, ("holds", "jobs", "no-shows")),
        *_parts(beats, ("partners", "worker", "monitors")),
    ]


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
                ahead = await memory.blocking_calls.run_in_thread(
                    "ntp", partial(machine_checks.ntp_ahead_s, scene.ntp)
                )
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
