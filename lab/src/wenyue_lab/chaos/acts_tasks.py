"""What the drills do to the workers: killed in the middle of batches, while another one, on another node, goes on."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import psycopg

from wenyue.core.ids import uuid7
from wenyue.ops.backup.keys import NAMES
from wenyue.ops.processes import send
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.fixtures import DAYS, SQL
from wenyue_lab.chaos.history import Kind, Operation, Says
from wenyue_lab.chaos.runbook import CHECK

HOLDS: Final = 25
HONEST_S: Final = (
    60.0  # a drill as long waits for a dead worker's heartbeat to be missed; a shorter one ages it
)
_HOLD_TTL_S: Final = 60
_SOON_S: Final = 1.0
_DONE_WITHIN_S: Final = 120.0
_END_WITHIN_S: Final = 20.0
_HELD_VENUE: Final = 3  # nobody else's: first visits go to venue 1, then 3, …, and the last day comes last


@asynccontextmanager
async def second_node(stage: Stage) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Another worker on the same database, with a home of its own and the same keys, as on a second machine."""
    home = stage.installation.home / "node-2"
    home.mkdir(mode=0o700)
    for name in NAMES:
        shutil.copy2(stage.installation.home / name, home / name)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
    own = {"WENYUE_HOME": str(home), "WENYUE_DATABASE_URL": stage.there().app_url}
    with stage.installation.log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "wenyue.cli",
            "worker",
            env=clean | own,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _END_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def kill_later(stage: Stage) -> None:
    """Kill -9 of the worker again and again while its jobs run; a second node's worker goes on."""
    held = [asyncio.create_task(hold(stage, number)) for number in range(HOLDS)]
    async with second_node(stage) as other:
        times = max(2, round(stage.seconds / 10))
        for number in range(times):
            await asyncio.sleep(stage.seconds / (times + 1) * stage.chance.uniform(0.4, 0.9))
            await _kill_one(stage)
            if number == 0:
                await asyncio.gather(*held)
                await asyncio.to_thread(_do, stage, "holds_end_soon", {"soon_s": _SOON_S})
                stage.history.mark(f"{HOLDS} holds run out")
                await stage.follow(CHECK)
        if other.returncode is not None:
            stage.findings.append(f"the second node's worker ended with status {other.returncode}")
        await stage.rest_out()
        stage.history.mark("kill -9 the second node's worker; the first one is left")
        with suppress(ProcessLookupError):  # it ended before: that is found above
            other.kill()
        await other.wait()


async def _kill_one(stage: Stage) -> None:
    """The worker that `wenyue up` keeps; a job is in its hands when there is one to be had."""
    await _until(stage, lambda: _number(stage, "jobs_doing") > 0, 1.0)
    before = stage.installation.worker_pids()
    at = stage.history.now()
    stage.extra["jobs in the hands of the killed"] = stage.extra.get(
        "jobs in the hands of the killed", 0
    ) + await asyncio.to_thread(_number, stage, "jobs_doing")
    send(before, signal.SIGKILL)
    stage.history.mark("kill -9 the worker")
    await stage.until(
        lambda: bool(now := stage.installation.worker_pids()) and set(now) != set(before),
        "the worker's restart",
    )
    stage.faults.append((at, stage.history.now()))


async def hold(stage: Stage, number: int, ttl_s: int = _HOLD_TTL_S, *, day: int = DAYS - 1) -> Operation:
    """A booking that nobody will confirm, of a card that wants nothing else on that day."""
    if stage.fixtures is None:
        raise LookupError("holds need fixtures")
    slots = stage.fixtures.slots[day][_HELD_VENUE]
    operation = Operation(uuid7(), Kind.HOLD, stage.fixtures.cards - number, slots[number % len(slots)])
    operation.hold_ttl_s = ttl_s
    stage.history.open(operation)
    await stage.client.carry_out(operation)
    if operation.settled is None:
        await stage.client.find_out(operation)
    return operation


async def settle_later(stage: Stage) -> None:
    """After the load: every subscriber told, every job done, every message there once, every sent text in a file."""
    if stage.seconds < HONEST_S:
        await asyncio.to_thread(_do, stage, "age_heartbeats", {})
        send(
            stage.installation.worker_pids(), signal.SIGTERM
        )  # the next one looks for stuck jobs when it starts
    began = stage.history.now()
    if not await _until(stage, lambda: _number(stage, "waiting_work") == 0, _DONE_WITHIN_S):
        stage.findings.append(
            f"after {_DONE_WITHIN_S:.0f} s still {_number(stage, 'waiting_work')} holds, events or jobs wait"
        )
    stage.extra["everything later done after, s"] = round(stage.history.now() - began, 1)
    stage.findings += await asyncio.to_thread(_messages, stage)


def _messages(stage: Stage) -> list[str]:
    """What is wrong with the messages: one in the list for the state that each booking ended in, no text lost."""
    with psycopg.connect(stage.there().owner_url, autocommit=True) as connection:
        told: dict[UUID, Counter[int]] = {}
        for booking_id, kind, count in connection.execute(SQL["messages_listed"]):
            told.setdefault(booking_id, Counter())[kind] = count
        states = dict(connection.execute(SQL["states"]).fetchall())
        sent = {row[0] for row in connection.execute(SQL["texts_sent"])}
    kinds = {2: 1, 3: 3, 4: 5}  # confirmed, cancelled, expired: the message's kind
    wrong = [
        id_
        for one in stage.history.operations
        if one.kind is not Kind.CANCEL and one.settled is Says.YES
        if (kind := kinds.get(states.get(id_ := one.id, 0))) is not None
        and told.get(id_, Counter())[kind] != 1
    ]
    lines = Counter(
        int(json.loads(line)["id"])
        for folder in stage.installation.home.glob("**/messages")
        for path in folder.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    )
    stage.extra["messages in the list"] = sum(sum(one.values()) for one in told.values())
    stage.extra["texts sent"] = len(sent)
    stage.extra["texts sent twice"] = sum(count > 1 for count in lines.values())
    found = [f"{len(wrong)} bookings have not exactly one message, such as {wrong[0]}"] if wrong else []
    if lost := sent - lines.keys():
        found.append(f"{len(lost)} texts are marked as sent and in no file")
    return found


def _do(stage: Stage, name: str, params: dict[str, object]) -> None:
    with psycopg.connect(stage.there().owner_url, autocommit=True) as connection:
        connection.execute(SQL[name], params)


def _number(stage: Stage, name: str) -> int:
    with psycopg.connect(stage.there().owner_url, autocommit=True) as connection:
        row = connection.execute(SQL[name]).fetchone()
    return 0 if row is None else int(row[0])


async def _until(stage: Stage, condition: Callable[[], bool], within_s: float) -> bool:
    deadline = stage.history.now() + within_s
    while not await asyncio.to_thread(condition):
        if stage.history.now() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True
