"""A whole answer in one piece is byte for byte what uvicorn says in two."""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from wenyue.platform.http.whole_answer import Send, send_whole

Headers = list[tuple[bytes, bytes]]
_BODY = b'{"a":1}'
_PLAIN: Headers = [(b"content-type", b"application/json"), (b"content-length", b"7")]


class _App:
    """Answers as the path says: /whole in one piece, where that goes; else in two messages."""

    def __init__(self, status: int, headers: Headers) -> None:
        self._status, self._headers = status, headers
        self.wholes: list[bool] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        assert scope["type"] == "http"
        while (await receive())["more_body"]:
            pass
        if scope["path"] == "/whole":
            self.wholes.append(send_whole(send, self._status, self._headers, _BODY))
            if self.wholes[-1]:
                return
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": _BODY})


@contextmanager
def serving(app: _App) -> Generator[int]:
    """The app behind a real server; its port."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        server_header=False,
        date_header=False,
        log_level="critical",
    )
    server = uvicorn.Server(config)
    door = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
    thread.start()
    try:
        yield door.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)
        door.close()


def _asked(port: int, sent: bytes, answers: int = 1) -> bytes:
    """What comes back for these bytes: so many answers, or whatever came before the connection ended."""
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(sent)
        while came.count(_BODY) < answers:
            piece = line.recv(4096)
            if not piece:
                break
            came += piece
    return came


def _request(path: str, more: str = "", method: str = "POST", body: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n{more}\r\n{body}".encode()


@pytest.mark.parametrize("status", [200, 201, 409, 503])
def test_one_piece_says_what_two_messages_say(status: int) -> None:
    app = _App(status, [*_PLAIN, (b"location", b"/v1/x"), (b"retry-after", b"3")])
    with serving(app) as port:
        assert _asked(port, _request("/whole")) == _asked(port, _request("/two"))
        assert _asked(port, _request("/whole") * 3, 3) == _asked(port, _request("/two") * 3, 3)
    assert app.wholes == [True] * 4


def test_nobody_is_asked_to_go_on_after_the_answer() -> None:
    app = _App(200, _PLAIN)
    expecting = _request("/whole", "expect: 100-continue\r\n", body="abc")
    with serving(app) as port:
        came = _asked(port, expecting + _request("/two"), 2)
    assert came.count(b"100 Continue") == 1
    assert came.index(b"100 Continue") < came.index(b"200 OK")


@pytest.mark.parametrize(
    ("headers", "request_"),
    [
        (_PLAIN, _request("/whole", "connection: close\r\n")),
        ([*_PLAIN, (b"connection", b"close")], _request("/whole")),
        ([(b"connection", b"close"), *_PLAIN], _request("/whole")),
    ],
)
def test_an_answer_that_ends_the_connection_is_left_to_the_server(headers: Headers, request_: bytes) -> None:
    app = _App(200, headers)
    with serving(app) as port:
        came = _asked(port, request_, answers=2)  # ends because the server ends it
    assert app.wholes == [False]
    assert came.count(_BODY) == 1
    assert b"connection: close" in came


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nx: y", b"a\ry", b"a\r\n\r\n<p>"])
def test_a_header_that_holds_a_line_of_its_own_is_never_sent(value: bytes) -> None:
    app = _App(200, [*_PLAIN, (b"x-told", value)])
    with serving(app) as port:
        came = _asked(port, _request("/whole"), answers=2)
    assert app.wholes == [False]
    assert came == b""  # uvicorn raises, and ends the connection


def test_nothing_is_sent_by_another_way_of_sending() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    assert not send_whole(send, 200, _PLAIN, _BODY)
    assert sent == []
