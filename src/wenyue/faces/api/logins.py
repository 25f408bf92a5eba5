"""Bearer tokens to logins: remembered for seconds, and looked up together when many strangers arrive at once."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Final

from psycopg import Error

from wenyue import accounts
from wenyue.accounts import Login
from wenyue.infra.db import Database, DatabaseDown

LOGIN_WAIT_S: Final = 0.9  # within the second that an answer may come after its deadline
_KEPT_S: Final = 10.0  # a token that was ended stops working within this time
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
        self._waiting: dict[bytes, asyncio.Future[Login | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    def recall(self, authorization: bytes) -> Login | None:
        """The login of an `Authorization` header value that was seen in the last seconds."""
        known = self._known.get(authorization) or self._older.get(authorization)
        return known[0] if known is not None and known[1] > monotonic() else None

    def forget(self, authorization: bytes) -> None:
        """Drop a login that ended; other processes drop it when their memory of it ages."""
        self._known.pop(authorization, None)
        self._older.pop(authorization, None)

    async def find(self, authorization: bytes, *, within_s: float = LOGIN_WAIT_S) -> Login | None:
        """Whose token the `Authorization` header carries; None: nobody's. Raises DatabaseDown, at the latest after `within_s`."""
        login = self.recall(authorization)
        if login is not None:
            return login
        if len(authorization) > _HEADER_LENGTH_MAX:
            return None
        waiting = self._waiting.get(authorization)
        if waiting is None:
            if len(self._waiting) >= _WAITING_MAX:
                raise DatabaseDown("too many new logins at once")
            waiting = self._waiting[authorization] = asyncio.get_running_loop().create_future()
            if self._reader is None or self._reader.done():
                self._reader = asyncio.create_task(self._read(), name="logins")
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(waiting)
        except TimeoutError:
            raise DatabaseDown("no login within its deadline") from None

    async def _read(self) -> None:
        await asyncio.sleep(_GATHER_S)
        while self._waiting:
            together = dict(list(self._waiting.items())[:_TOGETHER_MAX])
            try:
                found = await self._look_up(list(together))
            except (DatabaseDown, Error, OSError):
                for authorization, waiting in together.items():
                    del self._waiting[authorization]
                    waiting.set_exception(DatabaseDown("logins"))
                    waiting.exception()  # whoever waits sees it; nobody may be waiting any more
                continue
            until = monotonic() + _KEPT_S
            if len(self._known) > _KEPT_MAX // 2:
                self._known, self._older = {}, self._known
            for authorization, waiting in together.items():
                del self._waiting[authorization]
                login = found.get(authorization)
                if login is not None:
                    self._known[authorization] = (login, until)
                waiting.set_result(login)

    async def _look_up(self, headers: list[bytes]) -> dict[bytes, Login]:
        tokens = {header: token for header in headers if (token := bearer(header)) is not None}
        if not tokens:
            return {}
        async with self._db.connection() as tx:
            logins = await accounts.who_of(tx, list(set(tokens.values())), self._clock())
        return {header: logins[token] for header, token in tokens.items() if token in logins}


def bearer(authorization: bytes) -> str | None:
    """The token of a `Bearer` header value (RFC 6750), or None."""
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer" or not token.isascii():
        return None
    return token.decode().strip()
