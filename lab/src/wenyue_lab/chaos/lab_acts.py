"""What the drills do to a cluster while people book."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import psycopg

from wenyue.ops.processes import send
from wenyue.platform.database.db import queries
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.lab_stage import LabStage, lab_stage
from wenyue_lab.chaos.lab_straight import Straight
from wenyue_lab.chaos.runbook import CHECK, FIX
from wenyue_lab.cluster.layout import Node
from wenyue_lab.cluster.namespaces import rules

KILL_EVERY_S: Final = 30.0
SQL: Final = queries("wenyue_lab.chaos", "lab.sql")
_FIRST_S: Final = 2.0
_TTL_S: Final = 20.0
_LONG_CUT_FROM_S: Final = 30.0
_SHORT_CUT_S: Final = 3.5  # the primary drops a silent standby after 5 s


async def kill_primary(stage: Stage) -> None:
    """Kill -9 of the primary's PostgreSQL, postmaster and children, again and again; its Patroni lives."""
    here = lab_stage(stage)
    every = min(KILL_EVERY_S, max(10.0, here.seconds / 2))
    until = here.history.now() + here.seconds
    await asyncio.sleep(_FIRST_S)
    is_first = True
    while True:
        old = await here.primary()
        at = here.history.now()
        here.lab.kill(here.lab.postgres_pids(old))
        here.history.mark(f"kill -9 PostgreSQL of {old.name}, the primary")
        await here.failed_over(old, at)
        if is_first:
            await here.follow(CHECK)
            is_first = False
        await here.is_whole(at)
        if max(at + every, here.history.now()) + every / 2 > until:
            break
        await asyncio.sleep(max(0.0, at + every - here.history.now()))
    await here.rest_out()


async def lose_host(stage: Stage) -> None:
    """Kill -9 of everything on the primary's node: Patroni, PostgreSQL, etcd. Later the node comes back."""
    here = lab_stage(stage)
    await asyncio.sleep(_FIRST_S)
    old = await here.primary()
    at = here.history.now()
    here.lab.kill(here.lab.host_pids(old))
    here.history.mark(f"host {old.name}, the primary, is gone")
    await here.failed_over(old, at)
    await here.follow(CHECK)
    await here.rest(0.2)
    here.history.mark(f"host {old.name} comes back")
    back = here.history.now()
    await here.follow(FIX)
    await here.is_whole(back)
    await here.rest_out()


async def freeze_host(stage: Stage) -> None:
    """SIGSTOP of everything on the primary's node for longer than its key lives, then SIGCONT; it must not acknowledge."""
    here = lab_stage(stage)
    await asyncio.sleep(_FIRST_S)
    old = await here.primary()
    async with Straight(here.lab, old, here.history) as straight:
        at = here.history.now()
        frozen = here.lab.host_pids(old)
        try:
            here.extra["processes frozen"] = send(frozen, signal.SIGSTOP)
            here.history.mark(f"host {old.name}, the primary, stands still")
            straight.begin()
            await here.failed_over(old, at)
            await here.follow(CHECK)
            wanted = min(60.0, max(_TTL_S + 5.0, here.seconds * 0.6))
            await asyncio.sleep(max(0.0, at + wanted - here.history.now()))
        finally:
            send(frozen, signal.SIGCONT)
        thawed = here.history.now()
        here.history.mark(f"host {old.name} goes on")
        await here.is_whole(thawed)
        await straight.judge(here)
    await here.rest_out()


async def cut_standbys(stage: Stage) -> None:
    """Replication is cut, commits wait, their waits are cancelled; the second time the primary dies with what it alone had.

    The second cut is shorter than `wal_sender_timeout`: later Patroni knows that nobody is in step and lets nobody take over.
    """
    here = lab_stage(stage)
    await asyncio.sleep(_FIRST_S)
    if here.seconds >= _LONG_CUT_FROM_S:
        at = here.history.now()
        async with _cut(here) as old:
            await _cancel_waits(here, old, here.seconds * 0.25)
            await here.follow(CHECK)
        await here.is_whole(at)
        here.faults.append((at, here.history.now()))
        await asyncio.sleep(3.0)
    at = here.history.now()
    async with _cut(here) as old:
        await _cancel_waits(here, old, _SHORT_CUT_S)
        seen = await asyncio.to_thread(_bookings_of, here, old)
        here.lab.kill(here.lab.postgres_pids(old))
        here.history.mark(f"kill -9 PostgreSQL of {old.name}, with what it alone had")
    await here.failed_over(old, at)
    gone = seen - await asyncio.to_thread(_bookings_of, here, await here.primary())
    here.extra["bookings that only the old primary showed"] = len(gone)
    await here.is_whole(at)
    await here.rest_out()


@asynccontextmanager
async def _cut(here: LabStage) -> AsyncGenerator[Node]:
    """While the block lasts nothing reaches the standbys; yields the primary."""
    old = await here.primary()
    receivers = [pid for node in here.lab.layout.nodes if node != old for pid in _receivers(here, node)]
    try:
        here.extra["replication streams cut"] = send(receivers, signal.SIGSTOP)
        here.history.mark("both standbys are cut off: commits wait")
        yield old
    finally:
        send(receivers, signal.SIGTERM)  # first: what the kernel holds for them must not arrive after all
        send(receivers, signal.SIGCONT)
        here.history.mark("the standbys are reached again")


def _receivers(here: LabStage, node: Node) -> list[int]:
    """The processes that bring the log to a standby."""
    with psycopg.connect(here.lab.node_url(node), autocommit=True) as connection:
        return [int(row[0]) for row in connection.execute(SQL["receivers"])]


async def _cancel_waits(here: LabStage, old: Node, seconds: float) -> None:
    """Cancel every wait for a standby, again and again: PostgreSQL then says "committed" with a mere warning."""
    until = here.history.now() + seconds
    count = 0
    async with await psycopg.AsyncConnection.connect(here.lab.node_url(old), autocommit=True) as connection:
        while here.history.now() < until:
            await asyncio.sleep(0.5)
            cursor = await connection.execute(SQL["cancel_waits"])
            count += cursor.rowcount
    here.history.mark(f"{count} waits for a standby were cancelled")
    name = "waits for a standby cancelled"
    here.extra[name] = here.extra.get(name, 0) + count
    if not count:
        here.findings.append("no commit waited for a standby: the cut did not reach")


def _bookings_of(here: LabStage, node: Node) -> set[object]:
    """Ids of the bookings that a node shows."""
    with psycopg.connect(here.lab.node_url(node), autocommit=True) as connection:
        return {row[0] for row in connection.execute(SQL["ids"])}


async def stop_etcd(stage: Stage) -> None:
    """Two of three etcd end: bookings go on (failsafe). Then a standby is gone too: the primary stands down until all return."""
    here = lab_stage(stage)
    await asyncio.sleep(_FIRST_S)
    lab, nodes = here.lab, here.lab.layout.nodes
    at = here.history.now()
    for node in nodes[:2]:
        lab.kill(lab.keeper_pids(node, "etcd"))
    here.history.mark("two of three etcd are gone")
    old = await here.primary()
    await asyncio.sleep(max(_TTL_S + 5.0, here.seconds * 0.3))
    here.faults.append((at, here.history.now()))
    if await here.primary() != old:
        here.findings.append("the primary changed while etcd had no majority")
    await here.follow(CHECK)
    away = next(node for node in nodes if node != old)
    stopped = [*lab.keeper_pids(away, "patroni"), *lab.postgres_pids(away)]
    send(stopped, signal.SIGSTOP)
    here.history.mark(f"{away.name} is silent as well: nobody can prove that nobody else leads")
    await _until_nobody_leads(here)
    await here.rest(0.1)
    send(stopped, signal.SIGCONT)
    back = here.history.now()
    here.history.mark("etcd and the standby come back")
    await here.follow(FIX)
    await here.primary()
    here.keep_most("until a primary leads after etcd's return, s", here.history.now() - back)
    await here.is_whole(back)
    await here.rest_out(at_least_s=3.0)


async def _until_nobody_leads(here: LabStage) -> None:
    began = here.history.now()
    while await asyncio.to_thread(here.lab.primary) is not None:
        if here.history.now() - began > _TTL_S + 15.0:
            here.findings.append("the primary went on without etcd and without every member's consent")
            return
        await asyncio.sleep(0.1)
    here.history.mark("the primary has stood down")
    here.keep_most("until the primary stood down, s", here.history.now() - began)


async def deafen_primary(stage: Stage) -> None:
    """The primary's host is heard and hears no other; then one that reaches all but etcd, and may go on or be replaced."""
    here = lab_stage(stage)
    await asyncio.sleep(_FIRST_S)
    old = await here.primary()
    deaf = f"ip saddr {{ {_others(here, old)} }} drop"
    async with _partition(here, old, deaf, "hears no other host", hook="input", is_deposed=True):
        await here.another_leads(old)
        here.history.mark(f"{(await here.primary()).name} leads")
        await here.follow(CHECK)
        await asyncio.sleep(max(5.0, here.seconds * 0.1))
    old = await here.primary()
    ports = ", ".join(str(port) for node in here.lab.layout.nodes for port in (node.etcd, node.peers))
    there = f"ip daddr {{ {_others(here, old)} }}"
    cut = f"{there} tcp dport {{ {ports} }} drop\n{there} tcp sport {{ {ports} }} drop"
    async with _partition(here, old, cut, "reaches everybody but etcd", hook="output", is_deposed=False):
        await asyncio.sleep(_TTL_S + 15.0)
        new = await here.primary()
        here.history.mark(f"{new.name} leads")
        here.extra["cut off from etcd, another took over"] = new != old
    await here.rest_out(at_least_s=3.0)


def _others(here: LabStage, old: Node) -> str:
    return ", ".join(node.address for node in here.lab.layout.nodes if node != old)


@asynccontextmanager
async def _partition(
    here: LabStage, old: Node, rule: str, says: str, *, hook: str, is_deposed: bool
) -> AsyncGenerator[None]:
    """Cut with a rule while the block lasts; then mend, and wait until all is whole. Straight writes are tried meanwhile."""
    table = f"table inet cut {{\nchain c {{\ntype filter hook {hook} priority 0;\n{rule}\n}}\n}}"
    async with Straight(here.lab, old, here.history) as straight:
        at = here.history.now()
        await asyncio.to_thread(rules, here.lab.layout, old, table)
        here.history.mark(f"{old.name}, the primary, {says}")
        straight.begin()
        try:
            yield
        finally:
            await asyncio.to_thread(rules, here.lab.layout, old, "")
        mended = here.history.now()
        here.history.mark("the network is whole")
        here.faults.append((at, mended))
        await here.is_whole(mended)
        await straight.judge(here, is_deposed=is_deposed)
