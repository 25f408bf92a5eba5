"""A mail server that answers strangely costs one message and its deadline: no memory, no thread, and no other way out."""

import asyncio
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.monitoring.test_ways import a_notice
from wenyue.monitoring.senders import THREADS_MAX, MailSender, WebhookSender
from wenyue.platform import mail
from wenyue.platform.mail import Post

pytestmark = pytest.mark.anyio
_ENDLESS: Final = b"250-" + b"x" * 4_000 + b"\r\n"
Answers = Callable[[socket.socket], None]


def _flood(connection: socket.socket) -> None:
    connection.sendall(b"220 here\r\n")
    while True:
        connection.sendall(_ENDLESS)


def _drip(connection: socket.socket) -> None:
    connection.sendall(b"220 here\r\n")
    while True:
        connection.sendall(b"2")
        threading.Event().wait(0.05)


def _no_base64(connection: socket.socket) -> None:
    connection.sendall(b"220 here\r\n")
    for line in connection.makefile("rb"):
        says = {b"EHLO": b"250-here\r\n250 AUTH CRAM-MD5\r\n", b"AUTH": b"334 !!!=no*base64=A\r\n"}
        connection.sendall(says.get(line[:4].upper(), b"221 bye\r\n"))


def _no_number(connection: socket.socket) -> None:
    connection.sendall(b"220 here\r\n")
    for _ in connection.makefile("rb"):
        connection.sendall(b"\xff\xfe ok\r\n")


@contextmanager
def _serving(answers: Answers) -> Generator[int]:
    """The port of a server that answers like this, many at once."""

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            answers(connection)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answers", [_flood, _drip, _no_base64, _no_number])
def test_security_tenth_M1_whatever_a_mail_server_answers_it_ends_as_not_sent(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without end it filled the memory or held the thread; no base64 ended the task that mails about incidents."""
    monkeypatch.setattr(mail, "SEND_DEADLINE_S", 1.0)
    read = 0

    def count(session: mail.Session, length: int, counted: Callable[..., None] = mail.Session.count) -> None:
        nonlocal read
        read += length
        counted(session, length)

    monkeypatch.setattr(mail.Session, "count", count)
    raised: list[BaseException] = []

    def send(port: int) -> None:
        try:
            Post(f"smtp://user:secret@127.0.0.1:{port}?plain=1", "a@example.cn").send(
                ["b@example.cn"], "x", "y"
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at below
            raised.append(error)

    with _serving(answers) as port:
        sending = threading.Thread(target=send, args=(port,), daemon=True)
        sending.start()
        sending.join(30)
        assert not sending.is_alive()
    assert [isinstance(one, OSError) for one in raised] == [True]
    assert read < 4 * mail.ANSWER_BYTES_MAX


async def test_security_tenth_M2_a_way_out_that_hangs_leaves_the_others_their_threads(tmp_path: Path) -> None:
    """Mail that hung took the threads of all: no alert left by webhook, either."""
    heard: list[bytes] = []
    notice = await a_notice(tmp_path)

    def taken(connection: socket.socket) -> None:
        heard.append(connection.recv(4_096))
        connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")

    with _serving(_drip) as mails, _serving(taken) as hooks:
        hanging = MailSender(Post(f"smtp://127.0.0.1:{mails}", "a@b"), ["ops@example.cn"], [], "db1", "")
        tries = [asyncio.create_task(hanging.send(notice)) for _ in range(4 * THREADS_MAX)]
        await asyncio.sleep(0.2)
        hook = WebhookSender(f"http://127.0.0.1:{hooks}/", "db1", "")
        await asyncio.wait_for(hook.send(notice), 30)
        assert len(heard) == 1
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
