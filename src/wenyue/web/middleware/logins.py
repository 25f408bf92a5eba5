"""Bearer tokens to logins: remembered for seconds, and looked up together when many strangers arrive at once."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Final

from psycopg import Error

from wenyue.accounts import Login
from wenyue.application.recognise import recognise
from wenyue.platform.database.db import Database, DatabaseDown

LOGIN_WAIT_S: Final = 0.9  # within the second that an answer may come after its deadline
_KEPT_S: Final = (
    10.0  # an ended login still reads so long; what changes anything asks the database in its transaction
)
_KEPT_MAX: Final = 20_000  # about 10 MB; the older half goes first
_TOGETHER_MAX: Final = 500
_GATHER_S: Final = 0.002  # a moment for others to join: in a rush one statement then reads hundreds
_WAITING_MAX: Final = 5_000
_HEADER_LENGTH_MAX: Final = (
    128  # what is remembered is small: one good token can be spelled with any number of blanks
)


class Logins:
    """The logins of one process. A release hour brings thousands of new tokens a second: one statement reads hundreds."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db, self._clock = db, clock
        self._known: dict[bytes, tuple[Login, float]] = {}
        self._older: dict[bytes, tuple[Login, float]] = {}
        self._waiting: list[tuple[bytes, asyncio.Future[Login | None]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[dict[bytes, Login] | None] | None = None
        self._reader: asyncio.Task[None] | None = None

    def recall(self, authorization: bytes) -> Login | None:
        """The login of an `Authorization` header value that was seen in the last seconds."""
        known = self._known.get(authorization) or self._older.get(authorization)
        return known[0] if known is not None and known[1] > monotonic() else None

    def forget(self, authorization: bytes) -> None:
        """Drop a login that ended; other processes drop it when their memory of it ages."""
        self._known.pop(authorization, None)
        self._older.pop(authorization, None)

    async def find(self, authorization: bytes, *, is_fresh: bool = False) -> Login | None:
        """Whose token the `Authorization` header carries; None: nobody's. Raises DatabaseDown within a second or so.

        `is_fresh`: as the database has it now, for acts that have no transaction of their own.
        """
        login = None if is_fresh else self.recall(authorization)
        if login is not None:
            return login
        if len(authorization) > _HEADER_LENGTH_MAX:
            return None
        if len(self._waiting) >= _WAITING_MAX:
            raise DatabaseDown("too many new logins at once")
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[Login | None] = self._loop.create_future()
        self._waiting.append((authorization, answer))
        if self._reader is None or self._reader.done():
            self._reader = self._loop.create_task(self._read(), name="logins")
        return await answer

    async def _read(self) -> None:
        await asyncio.sleep(_GATHER_S)
        while self._waiting:
            together = self._waiting[:_TOGETHER_MAX]
            del self._waiting[:_TOGETHER_MAX]
            reading = self._looking = asyncio.create_task(
                self._look_up({authorization for authorization, _ in together})
            )
            await asyncio.wait({reading}, timeout=LOGIN_WAIT_S)
            if not reading.done():
                reading.cancel()  # and not awaited: giving a dead connection back takes its time
                self._fail(together)
                continue
            found = reading.result()
            if found is None:
                self._fail(together)
                continue
            until = monotonic() + _KEPT_S
            if len(self._known) > _KEPT_MAX // 2:
                self._known, self._older = {}, self._known
            for authorization, answer in together:
                login = found.get(authorization)
                if login is not None:
                    self._known[authorization] = (login, until)
                else:
                    self.forget(authorization)
                if not answer.done():
                    answer.set_result(login)

    def _fail(self, together: list[tuple[bytes, asyncio.Future[Login | None]]]) -> None:
        """The database is away: whoever waits hears it now, also those whose turn had not come."""
        for _, answer in [*together, *self._waiting]:
            if not answer.done():
                answer.set_exception(DatabaseDown("logins"))
        self._waiting.clear()

    async def _look_up(self, headers: set[bytes]) -> dict[bytes, Login] | None:
        """The logins of these headers; None while the database is away."""
        tokens = {header: token for header in headers if (token := bearer(header)) is not None}
        if not tokens:
            return {}
        try:
            logins = await recognise(self._db, list(set(tokens.values())), self._clock())
        except (DatabaseDown, Error, OSError):
            return None
        return {header: logins[token] for header, token in tokens.items() if token in logins}


def bearer(authorization: bytes) -> str | None:
    """The token of a `Bearer` header value (RFC 6750), or None."""
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer" or not token.isascii():
        return None
    return token.decode().strip()
