"""Jobs on our own database (Procrastinate): added in the caller's transaction, run by any worker, retried with backoff.

A job of a worker that died is run again once its heartbeat has been missing for half a minute.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ProcrastinateException
from procrastinate.types import JSONDict
from psycopg import Error

from wenyue.platform.database.db import RECONNECT_TRIES_S, Database, DatabaseDown, Tx, queries
from wenyue.platform.database.watched import Watched
from wenyue.platform.tracing import span

TRIES_MAX: Final = 7
CONCURRENCY: Final = 4
STOP_WITHIN_S: Final = 8.0  # a job in progress is finished; one that takes longer is run again elsewhere
_BACKOFF_BASE_S: Final = 4  # 4, 16, 64, … seconds: over an hour in all
_POLL_S: Final = 5.0  # a notification usually comes first
_HEARTBEAT_S: Final = 10.0
_STALLED_AFTER_S: Final = 30.0
_POOL_SIZE_MAX: Final = CONCURRENCY + 2
_FAILED_KEPT_DAYS: Final = 30
_FORGET_EVERY_S: Final = 24 * 3600.0
_log: Final = logging.getLogger("wenyue.jobs")
_SQL: Final = queries("wenyue.platform.jobs", "queue.sql")


class Job(Protocol):
    """What is done later. It may run twice, and says with an exception to try again."""

    async def __call__(self, arguments: Mapping[str, object], /, *, is_last_try: bool) -> None:
        """Do it, with the arguments that it was added with."""
        ...


class JobFailed(Exception):
    """What the queue is told of a failure: no more than its kind, because exceptions quote data."""


class JobQueue:
    """The jobs that this process knows. `define` all of them, then `run`; `add` needs neither connection nor `run`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._app = App(
            connector=PsycopgConnector(
                conninfo=db.url,
                min_size=1,
                max_size=_POOL_SIZE_MAX,
                kwargs={"options": db.options},
                connection_class=Watched,
                reconnect_timeout=RECONNECT_TRIES_S,
            )
        )

    def define(self, name: str, job: Job) -> None:
        """Let jobs called `name` be done by `job`."""

        async def run_job(context: JobContext, **arguments: object) -> None:
            try:
                with span(f"job {name}"):
                    await job(arguments, is_last_try=context.job.attempts >= TRIES_MAX - 1)
            except Exception as error:  # noqa: BLE001 - told without its text, and retried
                _log.warning("job %s, try %d: %s", name, context.job.attempts + 1, type(error).__name__)
                raise JobFailed(type(error).__name__) from None

        retry = RetryStrategy(max_attempts=TRIES_MAX - 1, exponential_wait=_BACKOFF_BASE_S)
        self._app.task(name=name, pass_context=True, retry=retry)(run_job)

    async def add(self, tx: Tx, name: str, jobs: Sequence[JSONDict]) -> None:
        """Add jobs with these (JSON) arguments; they exist when the transaction of `tx` commits."""
        if jobs:
            await self._app.configure_task(name, connection=tx).batch_defer_async(*jobs)

    async def run_jobs(self, stop: asyncio.Event) -> None:
        """Do jobs until `stop`. Raises what ends the queue's own work (the database went away): call again."""
        async with self._app.open_async():
            working = asyncio.create_task(
                self._app.run_worker_async(
                    concurrency=CONCURRENCY,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=_POLL_S,
                    update_heartbeat_interval=_HEARTBEAT_S,
                    stalled_worker_timeout=_STALLED_AFTER_S,
                    shutdown_graceful_timeout=STOP_WITHIN_S,
                    delete_jobs="successful",
                )
            )
            stopping = asyncio.create_task(stop.wait())
            tidying = asyncio.create_task(self._tidy())
            try:
                await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (stopping, tidying, working):
                    task.cancel()
                [ended, *_] = await asyncio.gather(working, stopping, tidying, return_exceptions=True)
            if isinstance(ended, Exception):
                raise ended

    async def _tidy(self) -> None:
        """Now and then let jobs of dead workers run again, and forget what failed long ago."""
        manager, forgotten_at = self._app.job_manager, -_FORGET_EVERY_S
        while True:
            try:
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_AFTER_S):
                    _log.warning("job %s of a dead worker runs again", job.task_name)
                    await manager.retry_job(job)
                now = asyncio.get_running_loop().time()
                if now - forgotten_at >= _FORGET_EVERY_S:
                    async with self._db.connection() as tx:
                        await tx.execute(_SQL["forget_failed_jobs"], {"days": _FAILED_KEPT_DAYS})
                    forgotten_at = now
            except (
                ProcrastinateException,
                Error,
                DatabaseDown,
            ) as error:  # another worker was quicker, or the database is away
                _log.info("tidying the jobs: %s", type(error).__name__)
            await asyncio.sleep(_STALLED_AFTER_S)
