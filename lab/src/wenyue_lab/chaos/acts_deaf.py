"""What the drill does to a subscriber of events: everything that it writes is refused, and then not any more."""

import asyncio

import psycopg

from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.fixtures import SQL
from wenyue_lab.chaos.runbook import CHECK, FIX

SUBSCRIBER = "gate-index"


async def deafen(stage: Stage) -> None:
    """The gates' index takes no row; `messages` and the others go on; then the runbook has everything tried at once."""
    began = stage.history.now()
    await asyncio.to_thread(_do, stage, "refuse_terms")
    stage.history.mark("the gates' index refuses every row")
    await asyncio.sleep(stage.seconds * 0.6)
    behind = await asyncio.to_thread(_behind, stage)
    stage.extra["rows that the deaf subscriber was behind"] = behind.pop(SUBSCRIBER, 0)
    stage.extra["rows that the others were behind at most"] = max(behind.values(), default=0)
    await stage.follow(CHECK)
    await asyncio.to_thread(_do, stage, "accept_terms")
    stage.history.mark("it takes them again")
    await stage.follow(FIX)
    stage.faults.append((began, stage.history.now()))


def _do(stage: Stage, name: str) -> None:
    with psycopg.connect(stage.there().owner_url, autocommit=True) as connection:
        connection.execute(SQL[name])


def _behind(stage: Stage) -> dict[str, int]:
    with psycopg.connect(stage.there().owner_url, autocommit=True) as connection:
        return dict(connection.execute(SQL["rows_behind"]).fetchall())
