"""In front of every route that is not hot: who may come in now, and by when there is an answer.

The order matters. The body is read first, in a room where nobody has a place yet; then whoever asks is recognised, and only
then takes a place, of the class that the login is good for. What is unread or unproven can fill neither.

A read that is late is given up. A change that is late is not: it goes on to its end, since a COMMIT must not be cut off, and
whoever asked is told to ask again with the same id.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from starlette.requests import Request

from wenyue.core.admission import Priority
from wenyue.core.limits import BODY_BYTES_MAX, READ_DEADLINE_S, WRITE_DEADLINE_S
from wenyue.platform.addresses import Network, line_of, sender_of
from wenyue.platform.database.db import DatabaseDown
from wenyue.platform.http.bodies import IS_WHOLE, SenderGone, given
from wenyue.platform.load_shedding.admission import Admission
from wenyue.platform.load_shedding.desk import Desk
from wenyue.web.middleware.classes import claim_of, credentials_of, proves
from wenyue.web.middleware.edge import Message, Receive, Scope, Send, harden, read_body
from wenyue.web.middleware.known_devices import Known
from wenyue.web.middleware.language import scope_locale
from wenyue.web.middleware.logins import Logins
from wenyue.web.shared import SECURITY_HEADERS, busy_page
from wenyue.web.shared import locale_of as page_locale_of
from wenyue.web.shared.priorities import SAFE, Proof
from wenyue.web.shared.problem import PROBLEM_TYPE, RequestRefused

# What is answered without the database, or must be answered above all.
_FREE: Final = ("/healthz", "/readyz", "/metrics", "/static/")
_RETRY_S: Final = 2
_TOO_LONG: Final = 413
_STATUS: Final = {"slow_body": 408, "body_too_large": _TOO_LONG}


class Front:
    """ASGI: the desk's queue and a deadline around `app`."""

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]],
        admission: Admission,
        logins: Logins,
        heard: Callable[[Scope, int], None] = lambda _scope, _status: None,
        *,
        proxies: Sequence[Network] = (),
        known: Known | None = None,
        read_deadline_s: float = READ_DEADLINE_S,
        write_deadline_s: float = WRITE_DEADLINE_S,
    ) -> None:
        self._app = app
        self._admission = admission
        self._logins = logins
        self._heard = heard
        self._proxies = proxies
        self._known = known
        self._read_s, self._write_s = read_deadline_s, write_deadline_s
        self._going_on: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        is_read = scope["method"] in SAFE
        held = "" if is_read or self._known is None else self._known.held(scope)
        known: tuple[Priority, str] | None = None
        if not is_read and (held or IS_WHOLE not in scope):
            try:
                body = await self._body(scope, receive)
                receive = given(body, receive)
                known = self._known.place(scope, held, body) if held and self._known else None
            except RequestRefused as refused:
                await _refuse(scope, send, refused.code, _RETRY_S, is_read=is_read)
                return
            except SenderGone:
                return
        priority, line = known or await self._priority(scope)
        desk = self._admission.desk
        if not await desk.enter(priority, line):
            await _refuse(scope, send, "overloaded", self._admission.retry_after_s(), is_read=is_read)
            return
        place = _Place(desk, priority)

        def begun(status: int) -> None:
            place.give_back()  # the work is done: whoever does not read the answer keeps no place
            self._heard(scope, status)

        answer = _Once(send, begun)
        task = asyncio.create_task(self._app(scope, receive, answer.send))
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)
        task.add_done_callback(lambda _: place.give_back())
        try:
            await asyncio.wait({task}, timeout=self._read_s if is_read else self._write_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done() and answer.close():
            if is_read:
                task.cancel()  # not awaited: giving a dead connection back takes its time
            await _refuse(scope, send, "busy" if is_read else "not_yet_known", _RETRY_S, is_read=is_read)
            return
        await task

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body. Raises RequestRefused (408, 413), SenderGone."""
        try:
            return await read_body(self._admission.bodies, scope, receive)
        except RequestRefused as refused:
            if refused.status == _TOO_LONG and not scope["path"].startswith("/v1/"):
                return bytes(BODY_BYTES_MAX + 1)  # a page says itself what is wrong with such a form
            raise

    async def _priority(self, scope: Scope) -> tuple[Priority, str]:
        """The class that the request asks for, if it proves what that needs, and the line in which it waits there.

        A login is looked up beside the desk, not at it. Whoever proves nothing waits in the line of the address.
        """
        priority, proof = claim_of(scope["path"], scope["method"])
        if proof is Proof.NOTHING:
            line = self._line(scope)
            is_doubtful = self._known is not None and self._known.is_doubtful(line)
            return Priority.DOUBTFUL if is_doubtful else priority, line
        shown = credentials_of(scope, proof)
        if not shown:
            return Priority.STRANGER, self._line(scope)
        login = self._logins.recall(shown)
        if login is None:
            try:
                login = await self._logins.find(shown)
            except DatabaseDown:
                return Priority.STRANGER, self._line(scope)
        if not proves(login, proof):
            return Priority.STRANGER, self._line(scope)
        return priority, "" if login is None else login.actor

    def _line(self, scope: Scope) -> str:
        return line_of(sender_of(scope, self._proxies))

    @property
    def going_on(self) -> int:
        """Requests that are not finished, answered or not."""
        return len(self._going_on)


class _Place:
    """A place at the desk, given back once."""

    def __init__(self, desk: Desk, priority: Priority) -> None:
        self._desk, self._priority, self._is_held = desk, priority, True

    def give_back(self) -> None:
        """The next may begin; again: nothing."""
        if self._is_held:
            self._is_held = False
            self._desk.leave(self._priority)


class _Once:
    """Lets the application answer until `close`; what it says later is heard by nobody."""

    def __init__(self, send: Send, heard: Callable[[int], None]) -> None:
        self._send, self._heard = send, heard
        self._is_begun = self._is_closed = False

    async def send(self, message: Message) -> None:
        """Pass one part of the answer on."""
        if not self._is_closed:
            self._is_begun = True
            if message["type"] == "http.response.start":
                self._heard(message["status"])
            await self._send(message)

    def close(self) -> bool:
        """Whether nothing was said yet: then nothing will be, and somebody else may answer."""
        self._is_closed = not self._is_begun
        return self._is_closed


async def _refuse(scope: Scope, send: Send, code: str, retry_s: int, *, is_read: bool) -> None:
    """503, or what `code` stands for, with Retry-After: a problem for programs, a page for people."""
    status = _STATUS.get(code, 503)
    headers = [(b"retry-after", b"%d" % retry_s), (b"cache-control", b"no-store")]
    if scope["path"].startswith("/v1/"):
        body = RequestRefused(status, code).payload(scope_locale(scope))
        headers.append((b"content-type", PROBLEM_TYPE))
    else:
        shown = page_locale_of(Request(scope))
        body = busy_page(shown, retry_s, is_read=is_read, is_unsure=code == "not_yet_known")
        headers.append((b"content-type", b"text/html; charset=utf-8"))
        headers += [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
    if not is_read:
        headers.append((b"connection", b"close"))  # what is left of the body is not read
    start: Message = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-length", b"%d" % len(body)), *headers],
    }
    if scope["path"].startswith("/v1/"):
        harden(start)
    await send(start)
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
