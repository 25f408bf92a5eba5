"""What the drills do from outside: clients on bad lines, and clients that mean harm."""

import asyncio
import json
import random
import subprocess
from contextlib import AsyncExitStack
from typing import Final
from uuid import uuid4

from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.acts_unread import attacker, measure_every_class, report
from wenyue_lab.chaos.client import HOST, Client, NoReplyError, NotSentError, Wire
from wenyue_lab.chaos.figures import percentile
from wenyue_lab.chaos.netns import cannot_lose, lossy_line
from wenyue_lab.chaos.proxy import ChaosProxy, LinkNoise
from wenyue_lab.chaos.runbook import CHECK
from wenyue_lab.chaos.slow import Slow

LOSS_PERCENT: Final = 20
CROWD: Final = 30  # clients on each bad line, each with one request under way
BAD_LINE: Final = LinkNoise(delay_s=0.15, bytes_per_s=16_000, stall_chance=0.1, stall_s=1.5)
GUESSERS: Final = 24
BULKY: Final = 6
_PAUSE_S: Final = (0.02, 0.2)
_BULK_BYTES: Final = 8 << 20
_PIECE: Final = 64 * 1024
_DEEP: Final = b'{"lines":' + b"[" * 20_000
_SERVER_FAULTS: Final = frozenset({500, 502, 504})


async def slow_and_lossy(stage: Stage) -> None:
    """Two crowds on bad lines: 300 ms there and back at 128 kbit/s with stalls; and, as root, a fifth of all packets lost."""
    before = stage.history.now()
    await stage.rest(0.25)
    began = stage.history.now()
    cannot = cannot_lose()
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(ChaosProxy((HOST, 0), (HOST, stage.installation.port), seed=1))
        slow.noise = BAD_LINE
        lines = {"slow": slow}
        if not cannot:
            try:
                opened = stack.enter_context(lossy_line(LOSS_PERCENT))
                lines["lossy"] = await stack.enter_async_context(
                    ChaosProxy(opened, (HOST, stage.installation.port), seed=2)
                )
            except (OSError, subprocess.CalledProcessError) as error:
                cannot = f"a namespace could not be made ({error})"
        stage.history.mark(
            f"{', '.join(lines)} clients arrive" + (f"; no packets are lost: {cannot}" if cannot else "")
        )
        over = asyncio.Event()
        crowd = [
            asyncio.create_task(_one_of_many(stage, name, line, number, over))
            for name, line in lines.items()
            for number in range(CROWD)
        ]
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.rest(0.5))
            group.create_task(stage.follow(CHECK))
        over.set()
        await asyncio.gather(*crowd)
        stage.extra["stalls on the slow line"] = slow.counts["stalls"]
    stage.history.mark("they are gone")
    stage.faults.append((began, stage.history.now()))
    stage.extra["lossy line: packets lost, %"] = 0 if cannot else LOSS_PERCENT
    _compare(stage, before, began)
    await stage.rest_out()


async def _one_of_many(stage: Stage, name: str, line: ChaosProxy, number: int, over: asyncio.Event) -> None:
    host, port = line.address if isinstance(line.address, tuple) else (HOST, 0)
    client = Client(stage.history, Wire(port, host=host), seed=number)
    try:
        while not over.is_set():
            operation = stage.demand.next()
            operation.is_spoilt = True
            stage.history.open(operation)
            await client.carry_out(operation)
            if operation.settled is None:
                await stage.client.find_out(operation)  # at home, on a better line
            stage.demand.learn(operation)
            stage.extra[f"operations over the {name} line"] = (
                stage.extra.get(f"operations over the {name} line", 0) + 1
            )
    finally:
        client.wire.close()


def _compare(stage: Stage, before: float, began: float) -> None:
    """How the clients on good lines fared before and meanwhile, and those on bad lines."""
    good, spoilt = [
        [
            one
            for operation in stage.history.operations
            if operation.is_spoilt is is_spoilt
            for one in operation.attempts
        ]
        for is_spoilt in (False, True)
    ]
    groups = {
        "others' p99 before, ms": [one for one in good if before <= one.sent < began],
        "others' p99 meanwhile, ms": [one for one in good if one.sent >= began],
        "p50 on bad lines, ms": spoilt,
        "p99 on bad lines, ms": spoilt,
    }
    for name, found in groups.items():
        took = sorted(one.took_s for one in found if one.status)
        stage.extra[name] = round(percentile(took, 0.5 if "p50" in name else 0.99) * 1000, 1)
    stage.extra["requests without answer on bad lines"] = sum(not one.status for one in spoilt)


async def flood(stage: Stage) -> None:
    """Slow heads and bodies, logins of nobody, guessed PINs and bodies of megabytes at once, at every class.

    Ordinary people book meanwhile, and every class is asked as it should be, and counted.
    """
    before = stage.history.now()
    await stage.rest(0.25)
    began = stage.history.now()
    stage.history.mark("slow connections, guessed PINs and huge bodies arrive")
    async with Slow(stage.installation.port, seed=1) as slow, AsyncExitStack() as stack:
        headers = min(1_200, round(stage.seconds * 40))
        await slow.open(headers=headers, bodies=0)
        people = await measure_every_class(stage, stack, slow, slow_bodies=headers)
        guessing = [asyncio.create_task(_guess(stage, number)) for number in range(GUESSERS)]
        bulky = [asyncio.create_task(_send_bulk(stage, number)) for number in range(BULKY)]
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.rest(0.5))
            group.create_task(stage.follow(CHECK))
            group.create_task(people.have_come())
        for task in (*guessing, *bulky):
            task.cancel()
        await asyncio.gather(*guessing, *bulky, return_exceptions=True)
        stage.extra["slow connections at most"] = slow.most
        report(stage, people)
    stage.history.mark("they are gone")
    stage.faults.append((began, stage.history.now()))
    _compare(stage, before, began)
    await stage.rest_out()


async def _guess(stage: Stage, number: int) -> None:
    """Real cards with PINs, staff logins with passwords and requests with codes of nobody, as fast as answers come."""
    chance = random.Random(f"guess {number}")  # noqa: S311 - pauses and guesses
    wire = Wire(stage.installation.port, source=attacker(number))
    try:
        while True:
            what, path, body = _guesses(chance)[chance.randrange(3)]
            await _attack(stage, wire, what, path, json.dumps(body).encode())
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
    finally:
        wire.close()


def _guesses(chance: random.Random) -> list[tuple[str, str, dict[str, str]]]:
    digits = f"{chance.randrange(10**6):06d}"
    return [
        ("PIN guesses", "/v1/session", {"card_no": f"BENCH{chance.randrange(1, 400):011d}", "pin": digits}),
        ("password guesses", "/v1/gate/session", {"login": f"guess-{digits}", "password": digits}),
        ("code guesses", f"/v1/cards/lost/{uuid4()}/code", {"code": digits}),
    ]


async def _send_bulk(stage: Stage, number: int) -> None:
    """In turn: brackets within brackets, and megabytes of nothing until the server has had enough."""
    chance = random.Random(f"bulk {number}")  # noqa: S311 - pauses
    wire = Wire(stage.installation.port)
    try:
        while True:
            await _attack(stage, wire, "nested bodies", "/v1/bookings", _DEEP)
            await _megabytes(stage)
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
    finally:
        wire.close()


async def _attack(stage: Stage, wire: Wire, what: str, path: str, body: bytes) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    _count(stage, what)
    try:
        reply = await wire.ask(head.encode("ascii") + body)
    except (NotSentError, NoReplyError):
        return
    if reply.status in _SERVER_FAULTS:
        stage.findings.append(f"{what}: answered with {reply.status}")
    _count(stage, f"{what} put off" if reply.status in {429, 503} else f"{what} refused")


async def _megabytes(stage: Stage) -> None:
    _count(stage, "bodies of 8 MB")
    try:
        _reader, writer = await asyncio.open_connection(HOST, stage.installation.port)
    except OSError:
        return
    try:
        writer.write(b"POST /v1/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % _BULK_BYTES)
        for _ in range(_BULK_BYTES // _PIECE):
            writer.write(b" " * _PIECE)
            await writer.drain()
    except OSError:
        _count(stage, "bodies of 8 MB cut off")
    finally:
        writer.transport.abort()


def _count(stage: Stage, what: str) -> None:
    stage.extra[what] = stage.extra.get(what, 0) + 1
