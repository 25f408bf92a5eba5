"""HAProxy with the file of deploy/, really running: what it keeps away from the web processes."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from tests.house.test_deploy_programs import DEPLOY, certificate, program
from tests.support.api_site import settings_for
from tests.support.database import DbUrls
from tests.support.processes import await_true
from wenyue.app import create_app
from wenyue.core.admission import Priority
from wenyue.ops.ports import free_port
from wenyue.web.middleware.classes import claim_of
from wenyue.web.shared.priorities import Proof
from wenyue.web.shared.problem import RequestRefused

__all__ = ["certificate"]
FILE = DEPLOY / "haproxy" / "haproxy.cfg"
READY_S = 30.0
TRIES = 60


@dataclass(slots=True)
class Reached:
    """What came through to the web process."""

    paths: list[str] = field(default_factory=list[str])
    forwarded: list[list[str]] = field(default_factory=list[list[str]])  # each one's X-Forwarded-For
    hold: threading.Event | None = None  # bookings are answered when it is set


@contextmanager
def web(reached: Reached) -> Generator[int]:
    """Something that stands for the web processes: it notes every request and answers 401."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200)

        def do_POST(self) -> None:
            reached.paths.append(self.path)
            reached.forwarded.append(self.headers.get_all("x-forwarded-for", []))
            self.rfile.read(int(self.headers.get("content-length", "0")))
            if reached.hold is not None:
                reached.hold.wait(4 * READY_S)
            self._answer(401)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 1024
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it listens: for people (TLS), and inside."""

    https: int
    inside: int


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready").status_code == HTTPStatus.OK
    except httpx.HTTPError:
        return False


@contextmanager
def haproxy(port: int, pem: Path) -> Generator[Proxy]:
    """HAProxy in front of `port`, until the block ends."""
    text = FILE.read_text(encoding="utf-8")
    assert "    maxconn 50000\n" in text
    small = pem.with_suffix(".cfg")  # as many open files as any machine lets us have
    text = text.replace("    maxconn 50000\n", "    maxconn 2000\n")
    assert "inter 500ms fall 2 " in text
    text = text.replace("inter 500ms fall 2 ", "inter 500ms fall 1000 ")  # a slow machine is not a dead one
    small.write_text(text, encoding="utf-8")
    ports = [free_port() for _ in range(4)]
    names = ("BIND_HTTP", "BIND_HTTPS", "BIND_INSIDE", "BIND_FIGURES")
    environment = {
        **os.environ,
        **{name: f"127.0.0.1:{number}" for name, number in zip(names, ports, strict=True)},
        "TLS_PEM": str(pem),
        "WEB_1": f"127.0.0.1:{port}",
        "WEB_2": f"127.0.0.1:{port}",
        "STATUS": f"127.0.0.1:{port}",
    }
    running = subprocess.Popen(
        [program("haproxy", "haproxy"), "-db", "-f", str(small)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_true(lambda: running.poll() is not None or is_ready(ports[2]), deadline_s=READY_S)
        assert running.poll() is None, "HAProxy has ended"
        yield Proxy(ports[1], ports[2])
    finally:
        running.terminate()
        running.wait(READY_S)


@pytest.fixture
def reached() -> Reached:
    return Reached()


@pytest.fixture
def proxy(reached: Reached, certificate: Path) -> Iterator[Proxy]:
    with ExitStack() as stack:
        yield stack.enter_context(haproxy(stack.enter_context(web(reached)), certificate))


def people(proxy: Proxy) -> httpx.Client:
    return httpx.Client(base_url=f"https://127.0.0.1:{proxy.https}", verify=False)  # noqa: S501 - a test's certificate


def test_security_M1_a_travellers_own_word_about_their_address_is_not_passed_on(
    proxy: Proxy, reached: Reached
) -> None:
    forged = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "127.0.0.1, 198.51.100.2")]
    inside = httpx.Client(base_url=f"http://127.0.0.1:{proxy.inside}")
    with people(proxy) as client, inside:
        for one in (client, inside):
            assert one.post("/v1/session", json={}, headers=forged).status_code == 401
    assert reached.forwarded == [["127.0.0.1"]] * 2


# ------------------------------------------------------------------------------------------------ H1


def _slow(proxy: Proxy, count: int, head: bytes) -> list[ssl.SSLSocket]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    found: list[ssl.SSLSocket] = []
    for _ in range(count):
        one = context.wrap_socket(socket.create_connection(("127.0.0.1", proxy.https)))
        one.sendall(head)
        found.append(one)
    return found


@pytest.mark.parametrize(
    "framing", ["Content-Length: 60\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{"]
)
@pytest.mark.parametrize("path", ["/v1/gate/scans", "/v1/bookings"])
def test_security_H1_a_body_that_is_not_there_reaches_no_web_process(
    proxy: Proxy, reached: Reached, path: str, framing: str
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}".encode()
    slow = _slow(proxy, 40, head)
    with people(proxy) as client:
        assert [client.post(path, json={}).status_code for _ in range(3)] == [401] * 3
    assert reached.paths == [path] * 3
    for one in slow:
        one.close()


# ------------------------------------------------------------------------------------------------ M9


def knocks(make_database: Callable[[], DbUrls], home: Path) -> set[str]:
    """The paths of every route of the application whose handler tries a secret, as people would send them."""
    app = create_app(settings_for(make_database(), home))
    found: set[str] = set()
    for route in _every(app.rest.routes):
        if (
            isinstance(route, Route)
            and "POST" in (route.methods or ())
            and _tries_a_secret(route.endpoint, set())
        ):
            found.add(re.sub(r"\{[^}]+\}", "WY123", route.path))
    return found


def _every(routes: Iterable[Any]) -> Iterator[Any]:
    """Those of included routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from (route,) if inner is None else _every(inner.routes)


_WALKED = ("wenyue.web", "wenyue.application")
# Use cases that take such a turn, and need no limit on addresses: why.
_OTHERWISE = {
    "wenyue.application.step_up.step_up": "a code of whoever is signed in, counted against them: nobody else's is guessed",
    "wenyue.application.enrol_factor.enrol_factor": "the same",
    "wenyue.application.choose_password.choose_password": "the password of whoever is signed in, counted against them",
    "wenyue.application.set_pin.set_pin": "a secret is made, none is tried",
}


def _tries_a_secret(function: Any, seen: set[int]) -> bool:
    """Whether the function, or one that it was made of, takes a turn for checking a secret."""
    if id(function) in seen:
        return False
    seen.add(id(function))
    if isinstance(function, functools.partial):
        return any(_tries_a_secret(one, seen) for one in (function.func, *function.args))
    if not inspect.isfunction(function):
        return False
    names = function.__code__.co_names
    is_otherwise = f"{function.__module__}.{function.__qualname__}" in _OTHERWISE
    if is_otherwise or function.__name__ in {"acting", "on_duty"}:  # those open what their caller says
        return False
    says_secret = any(isinstance(one, tuple) and "makes_secret" in one for one in function.__code__.co_consts)
    if {"secret_transaction", "attempt"} & set(names) or says_secret:
        return True
    inner = [cell.cell_contents for cell in function.__closure__ or ()]
    called = [function.__globals__.get(name) for name in names]
    called += [getattr(one, name, None) for one in called if inspect.ismodule(one) for name in names]
    ours = [one for one in called if inspect.isfunction(one) and one.__module__.startswith(_WALKED)]
    return any(_tries_a_secret(one, seen) for one in (*inner, *ours))


def test_security_M9_what_needs_no_limit_is_there_and_takes_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    names = set(_OTHERWISE)
    monkeypatch.setattr(f"{__name__}._OTHERWISE", {})
    for name in names:
        module, _, function = name.rpartition(".")
        assert _tries_a_secret(getattr(importlib.import_module(module), function), set()), name


def test_security_M9_the_limit_on_guesses_covers_every_route_that_tries_a_secret(
    make_database: Callable[[], DbUrls],
    tmp_path: Path,
    reached: Reached,
    certificate: Path,
) -> None:
    paths = knocks(make_database, tmp_path)
    assert paths >= {
        "/signin",
        "/activate",
        "/gate/signin",
        "/console/signin",
        "/v1/session",
        "/v1/gate/session",
        "/gate/undo",  # a second person's password
        "/gate/holders",
        "/v1/gate/holders",
    }
    claims = {path: claim_of(path, "POST") for path in paths}
    strangers = {path for path, (_, proof) in claims.items() if proof is Proof.NOTHING}
    knock = {Priority.SIGN_IN, Priority.STAFF_SIGN_IN, Priority.LOSS}
    assert {claims[path][0] for path in strangers} == knock  # nor may they be in another class
    assert {claims[path] for path in paths - strangers} == {
        (Priority.HOLD, Proof.TRAVELLER),
        (Priority.GATE, Proof.STAFF),
    }
    with ExitStack() as stack:
        port = stack.enter_context(web(reached))
        for path in sorted(paths):
            with haproxy(port, certificate) as proxy, people(proxy) as client:
                answers = [client.post(path).status_code for _ in range(TRIES + 1)]
                spelled = client.post(path.replace("s", "%73"))
                assert answers == [401] * TRIES + [429], path
                assert (spelled.status_code, spelled.headers["retry-after"]) == (429, "10")
                assert client.get("/venues").status_code == 200


# ------------------------------------------------------------------------------------------------ O2


def test_overload_O2_the_proxy_says_no_in_the_applications_words() -> None:
    text = FILE.read_text(encoding="utf-8")
    for locale, count in (("zh-CN", 2), ("en", 1)):
        assert text.count(f"'{RequestRefused(503, 'overloaded').payload(locale).decode()}'") == count


def test_overload_O2_bookings_that_cannot_begin_are_refused_by_the_proxy_and_others_pass(
    proxy: Proxy, reached: Reached
) -> None:
    reached.hold = threading.Event()
    text = FILE.read_text(encoding="utf-8")
    places = 2 * int(re.findall(r"maxconn (\d+) maxqueue", text)[0])
    with httpx.Client(
        base_url=f"http://127.0.0.1:{proxy.inside}",
        limits=httpx.Limits(max_connections=None),
        timeout=READY_S,
    ) as client:
        answers: list[httpx.Response] = []
        threads: list[threading.Thread] = []

        def ask(count: int) -> None:
            for _ in range(count):
                one = threading.Thread(
                    target=lambda: answers.append(client.post("/v1/bookings", json={})), daemon=True
                )
                threads.append(one)
                one.start()

        ask(places)
        await_true(lambda: len(reached.paths) == places)
        ask(40)
        await_true(lambda: len(answers) == 40)
        assert [one.status_code for one in answers] == [503] * 40
        assert {one.json()["outcome"] for one in answers} == {"overloaded"}
        assert all(int(one.headers["retry-after"]) > 0 for one in answers)
        assert len(reached.paths) == places
        assert client.get("/venues").status_code == 200  # everything else has its own way
        reached.hold.set()
        for one in threads:
            one.join()
    assert sorted(one.status_code for one in answers) == [401] * places + [503] * 40
