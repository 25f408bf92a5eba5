"""Whether this process lives, and whether it can do its work: for supervisors and proxies, who ask every second."""

import asyncio
from typing import Final

from psycopg import Error
from starlette.responses import JSONResponse, PlainTextResponse, Response

from wenyue.container import Services
from wenyue.platform.database.db import DatabaseDown

READY_WAIT_S: Final = 1.5


class Health:
    """One look at the database at a time, however many ask; whoever asks waits READY_WAIT_S at most."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._looking: asyncio.Task[bool] | None = None

    async def alive(self) -> Response:
        """The process runs."""
        return PlainTextResponse("ok\n")

    async def ready(self) -> Response:
        """The process can do its work: the database answers. Mistyped rules are named; the last good ones work on."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="readiness")
        # A look that hangs is left to end by itself: giving a dead connection back takes its time.
        await asyncio.wait({self._looking}, timeout=READY_WAIT_S)
        if not (self._looking.done() and self._looking.result()):
            return JSONResponse({"ready": False, "database": "away"}, status_code=503)
        problems = self._services.rule_problems
        return JSONResponse({"ready": True} | ({"rules": list(problems)} if problems else {}))

    async def _look(self) -> bool:
        try:
            async with self._services.db.connection() as tx:
                await tx.execute("SELECT 1")
        except (DatabaseDown, Error, OSError):
            return False
        return True
