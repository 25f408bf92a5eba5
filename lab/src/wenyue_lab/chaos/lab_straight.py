"""Writes that go straight to one node, past everything that protects people: a deposed primary must not acknowledge them."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import psycopg

from wenyue.core.ids import uuid7
from wenyue.platform.database.db import queries
from wenyue_lab.chaos.history import History
from wenyue_lab.chaos.lab_stage import LabStage
from wenyue_lab.cluster.cluster import Lab
from wenyue_lab.cluster.layout import Node

SQL: Final = queries("wenyue_lab.chaos", "lab.sql")
_READY: Final = 4  # connections that were made before the fault
_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 30.0
_HEDGE: Final = "synchronous replication"


class Straight:
    """Connections to `node` from before the fault, and new ones during it; each writes one row and notes what it is told."""

    def __init__(self, lab: Lab, node: Node, history: History) -> None:
        self._lab, self._node, self._history = lab, node, history
        self._ready: list[psycopg.AsyncConnection] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._acknowledged: list[tuple[float, UUID]] = []
        self._tried = 0
        self._is_over = asyncio.Event()

    async def __aenter__(self) -> Self:
        async with await psycopg.AsyncConnection.connect(
            self._lab.place.url("postgres"), autocommit=True
        ) as owner:
            await owner.execute(SQL["straight_table"])
        self._ready = [await self._connect() for _ in range(_READY)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._ready:
            await connection.close()

    def begin(self) -> None:
        """The fault is there: write on every connection, and make new ones."""
        self._tasks = [asyncio.create_task(self._write(connection)) for connection in self._ready]
        self._tasks.append(asyncio.create_task(self._go_on()))

    async def judge(self, here: LabStage, *, is_deposed: bool = True) -> None:
        """No acknowledged row may be missing in the end; a node that was deposed may have acknowledged none at all."""
        self._is_over.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*self._tasks, return_exceptions=True), _PATIENCE_S)
        async with await psycopg.AsyncConnection.connect(
            self._lab.place.url("postgres"), autocommit=True
        ) as owner:
            rows = await (await owner.execute(SQL["straight_rows"])).fetchall()
        there = {row[0] for row in rows}
        lost = [id_ for _, id_ in self._acknowledged if id_ not in there]
        name = f"straight writes to {self._node.name}"
        here.extra[f"{name}: tried"] = self._tried
        here.extra[f"{name}: acknowledged"] = len(self._acknowledged)
        if lost:
            here.findings.append(f"{self._node.name} acknowledged {len(lost)} rows that are not there")
        elif self._acknowledged and is_deposed:
            here.findings.append(
                f"{self._node.name} acknowledged {len(self._acknowledged)} rows after it was deposed"
            )
        elif self._acknowledged:
            first = min(at for at, _ in self._acknowledged)
            here.history.mark(f"{self._node.name} acknowledged a row, at {first:.1f} s first; all are there")

    async def _connect(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(self._lab.node_url(self._node), autocommit=True)

    async def _go_on(self) -> None:
        while not self._is_over.is_set():
            self._tasks.append(asyncio.create_task(self._write(None)))
            await asyncio.sleep(_EVERY_S)

    async def _write(self, connection: psycopg.AsyncConnection | None) -> None:
        """One row; an error, a refusal or a warning is no acknowledgement."""
        self._tried += 1
        id_ = uuid7()
        hedges: list[str] = []
        with suppress(psycopg.Error, OSError):
            own = connection or await self._connect()
            try:
                own.add_notice_handler(lambda notice: hedges.append(notice.message_primary or ""))
                await own.execute(SQL["straight_write"], {"id": id_})
                if not any(_HEDGE in hedge for hedge in hedges):
                    self._acknowledged.append((self._history.now(), id_))
            finally:
                await own.close()
