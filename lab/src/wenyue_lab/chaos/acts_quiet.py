"""Long quiet, then a release with a waiting room: everybody who waited is let in and booked.

Hours pass by the clocks of web and worker (libfaketime), a minute of them for real: the averages that a process keeps of
itself fade with the time that really passes, and a process that had work must outlive that minute, too.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time as real_time
from typing import Final

from psycopg import AsyncConnection

from wenyue.core.clock import local_date
from wenyue.core.ids import uuid7
from wenyue.core.personal import Vault
from wenyue.locale import DEFAULT, SOURCE
from wenyue.platform.keys import load_keys
from wenyue.waiting_room import NewRoom, open_room
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.acts_clock import faked_clock_file, turn
from wenyue_lab.chaos.client import NoReplyError, NotSentError, Reply, post
from wenyue_lab.chaos.fixtures import SQL, TIMEZONE
from wenyue_lab.chaos.history import Kind, Operation, Says

CODE: Final = "after-quiet"
QUIET_S: Final = 66.0  # for real: a rate of hundreds a second leaves single precision after about 51
WAITING: Final = 30
ADMITTED_WITHIN_S: Final = 60.0
PASS_WITHIN_S: Final = 30.0
_VENUE: Final = 4  # (from 0) of a day that the load does not reach
_DAY: Final = 7
_GUARDED: Final = timedelta(days=30)
_KNOWN_S: Final = 3.0  # a room is known to every process, and every process has said how it fares
_BEFORE_S: Final = 5.0  # the clocks stand so long before the release when the quiet ends
_AGAIN_S: Final = 0.5
_CREATED: Final = 201


async def work_then_rest(stage: Stage) -> None:
    """The usual load; what follows is the fault: that nothing happens."""
    await stage.rest_out()


def quiet(hours: int, steps: int) -> Callable[[Stage], Awaitable[None]]:
    """After the load: so many hours pass in so many steps while nobody asks for anything; then a room's release."""

    async def pass_time(stage: Stage) -> None:
        file, now = faked_clock_file(stage), datetime.now(UTC)
        release = now + timedelta(hours=hours)
        await _open(stage, now, release)
        await asyncio.sleep(_KNOWN_S)
        passes = await asyncio.gather(*(_pass_of(stage, card) for card in _waiting(stage)))
        began = stage.history.now()
        stage.history.mark(f"{len(passes)} people wait; {hours} quiet hours begin")
        for step in range(1, steps + 1):
            await asyncio.sleep(QUIET_S / steps)
            turn(
                file,
                hours * 3600.0 * step / steps
                - (0.0 if step < steps else stage.history.now() - began + _BEFORE_S),
            )
        stage.faults.append((began, stage.history.now()))
        stage.extra["quiet hours by the clock"] = hours
        await asyncio.sleep(max(0.0, release.timestamp() - real_time() - _ahead_s(file)))
        stage.history.mark("the release")
        await _let_in(stage, dict(zip(_waiting(stage), passes, strict=True)))

    return pass_time


def _ahead_s(file: Path) -> float:
    return float(file.read_text(encoding="ascii"))


def _waiting(stage: Stage) -> list[int]:
    """The cards of those who wait."""
    if stage.fixtures is None:
        raise LookupError("this drill needs fixtures")
    return list(range(stage.fixtures.cards - WAITING + 1, stage.fixtures.cards + 1))


async def _open(stage: Stage, now: datetime, release: datetime) -> None:
    """A room before one venue's sessions; and nobody's login ends meanwhile."""
    day = local_date(now, TIMEZONE)
    new = NewRoom(
        CODE,
        {DEFAULT: "静后放票", SOURCE: "A release after quiet"},
        _VENUE + 1,
        (),
        day,
        day + _GUARDED,
        "/venues",
        release,
    )
    async with await AsyncConnection.connect(stage.there().owner_url) as tx:
        await tx.execute(SQL["logins_at"], {"now": release})
        await open_room(tx, Vault(load_keys(stage.installation.home)), new, now, actor="drill")


async def _pass_of(stage: Stage, card: int) -> str:
    """A pass; who is turned away at the door comes again, as the page does."""
    until = stage.history.now() + PASS_WITHIN_S
    while stage.history.now() < until:
        reply = await _ask(stage, post(f"/v1/rooms/{CODE}/pass", card, b"{}"))
        if reply is not None and reply.status == _CREATED:
            return str(reply.body["pass"])
        await asyncio.sleep(_AGAIN_S)
    stage.findings.append(f"card {card} was given no pass within {PASS_WITHIN_S:.0f} s")
    return ""


async def _ask(stage: Stage, request: bytes) -> Reply | None:
    try:
        return await stage.client.wire.ask(request)
    except (NotSentError, NoReplyError):
        return None


async def _let_in(stage: Stage, passes: dict[int, str]) -> None:
    """Everybody asks until it is their turn, then books."""
    began = stage.history.now()
    until = began + ADMITTED_WITHIN_S + 3 * stage.patience_s
    booked = await asyncio.gather(*(_go_in(stage, card, shown, until) for card, shown in passes.items()))
    in_at = [at for at in booked if at is not None]
    stage.extra["people let in and booked"] = len(in_at)
    stage.extra["all booked after the release, s"] = round(max(in_at, default=began) - began, 1)
    if len(in_at) < len(passes):
        stage.findings.append(
            f"{len(passes) - len(in_at)} of {len(passes)} who waited were not let in and booked within"
            f" {until - began:.0f} s of the release"
        )


async def _go_in(stage: Stage, card: int, shown: str, until: float) -> float | None:
    """When this person had a booking; None: not in time."""
    said = ""
    asks = post(f"/v1/rooms/{CODE}/token", card, b'{"pass":"%s"}' % shown.encode())
    while stage.history.now() < until:
        reply = await _ask(stage, asks)
        if reply is not None and reply.status == _CREATED:
            return await _book(stage, card, str(reply.body["token"]))
        said = "no answer" if reply is None else f"HTTP {reply.status} {reply.body.get('code') or ''}"
        await asyncio.sleep(_AGAIN_S)
    stage.extra[f"people told {said} at last"] = stage.extra.get(f"people told {said} at last", 0) + 1
    return None


async def _book(stage: Stage, card: int, room_token: str) -> float | None:
    if stage.fixtures is None:
        return None
    slots = stage.fixtures.slots[_DAY][_VENUE]
    operation = Operation(uuid7(), Kind.BOOK, card, slots[card % len(slots)], room_token=room_token)
    stage.history.open(operation)
    await stage.client.carry_out(operation)
    if operation.settled is None:
        await stage.client.find_out(operation)
    return stage.history.now() if operation.settled is Says.YES else None
