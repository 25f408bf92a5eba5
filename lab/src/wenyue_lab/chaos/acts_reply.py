"""What the drill `reply-lost` does: answers that never arrive, and bookings that are sent again and again."""

import asyncio
from typing import Final

from wenyue_lab.chaos.acts import Stage, there
from wenyue_lab.chaos.client import (
    CONVERGE_S,
    GIVE_UP_S,
    HOST,
    Client,
    NoReplyError,
    NotSentError,
    Wire,
    request_of,
)
from wenyue_lab.chaos.history import History, Kind, Operation, Says
from wenyue_lab.chaos.proxy import CALM, ChaosProxy, LinkNoise
from wenyue_lab.chaos.runbook import CHECK

RESENT: Final = 5
_BOOKINGS: Final = 10
_CERTAIN: Final = frozenset({Says.YES, Says.NO})
_DONE: Final = (b"HTTP/1.1 200", b"HTTP/1.1 201")
_PAUSE_S: Final = 0.5


async def lose_replies(stage: Stage) -> None:
    """A third of all replies are lost after the request went through; and some bookings are sent five times in vain."""
    front = there(stage.front)
    await stage.rest(0.2)
    began = stage.history.now()
    stage.history.mark("a third of the replies is lost")
    front.noise = LinkNoise(lost_reply_chance=0.33)
    async with asyncio.TaskGroup() as group:
        group.create_task(stage.rest(0.6))
        group.create_task(stage.follow(CHECK))
        for _ in range(_BOOKINGS):
            group.create_task(_resend(stage))
    front.noise = CALM
    stage.history.mark("replies arrive again")
    stage.faults.append((began, stage.history.now()))
    stage.extra["lost replies"] = front.counts["lost replies"]
    await stage.rest(0.2)


async def _resend(stage: Stage) -> None:
    operation = stage.demand.next()
    while operation.kind is not Kind.BOOK:
        operation = stage.demand.next()
    stage.history.open(operation)
    stage.findings += await resend(stage.history, operation, stage.installation.port)
    if operation.settled is None:
        await stage.client.find_out(operation)
    stage.extra["sent five times"] = stage.extra.get("sent five times", 0) + 1


async def resend(
    history: History, operation: Operation, port: int, *, give_up_s: float = GIVE_UP_S
) -> list[str]:
    """One booking whose reply is lost RESENT times; then replies are let through until two were certain.

    Returns what is wrong: a reply that came through, two different answers, or a second booking. Whatever was refused because
    the machine is busy did nothing, and is asked again: how long that takes is not judged here.
    """
    findings: list[str] = []
    async with ChaosProxy((HOST, 0), (HOST, port)) as deaf:
        deaf.noise = LinkNoise(lost_reply_chance=1.0)
        wire = Wire(deaf.port)
        for _ in range(RESENT):
            try:
                await wire.ask(request_of(operation), give_up_s=give_up_s)
            except (NoReplyError, NotSentError):
                continue
            findings.append(f"booking {operation.id}: a reply that was to be lost came")
        wire.close()
        was_done = any(first.startswith(_DONE) for first in deaf.lost)
    direct = Client(history, Wire(port), seed=1)
    until = history.now() + CONVERGE_S
    while sum(one.says in _CERTAIN for one in operation.attempts) < 2 and history.now() < until:
        if (await direct.attempt(operation)).says not in _CERTAIN:
            await asyncio.sleep(_PAUSE_S)
    direct.wire.close()
    certain = [one for one in operation.attempts if one.says in _CERTAIN]
    says = {one.says for one in certain}
    is_new = [one for one in certain if one.says is Says.YES and not one.is_replay]
    if len(says) > 1 or (was_done and says == {Says.NO}) or len(is_new) > (0 if was_done else 1):
        findings.append(
            f"booking {operation.id}: {[one.outcome for one in certain]} after {RESENT} losses, {len(is_new)} of them new"
        )
    if certain:
        history.settle(operation, Says.YES if Says.YES in says else Says.NO, "resent")
    return findings
