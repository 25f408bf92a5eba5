"""The supervisor: restarts what dies, drains what it is told to end, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.processes import await_end, await_true
from wenyue.ops.ports import free_port
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import answers_ready, listening_socket

SCRIPT = Path(__file__).parents[1] / "support" / "supervised.py"
STEADY = "(folder / f'{name}.up').touch(); time.sleep(600)"
DRAINS = """
def end(*_):
    time.sleep(0.3)
    (folder / f'{name}.drained').touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(folder / f'{name}.up').touch()
while True: time.sleep(0.1)
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN); (folder / f'{name}.up').touch(); time.sleep(600)"
BROKEN = "sys.exit(3)"

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Run]:
    """Start a supervisor over children in ``tmp_path``; it is ended at the latest with the test."""
    running: list[subprocess.Popen[str]] = []

    def run(*sources: str, drain_s: float = 15, wait: bool = True, watch: str = "") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(tmp_path), *sources],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DRAIN_S": str(drain_s), "WATCH": watch},
        )
        running.append(process)
        if wait:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def pids(folder: Path, name: str) -> list[int]:
    path = folder / f"{name}.pids"
    return [int(line) for line in path.read_text(encoding="utf-8").split()] if path.exists() else []


def test_a_child_that_dies_is_started_again(supervise: Run, tmp_path: Path) -> None:
    process = supervise(STEADY, STEADY)
    (first,) = pids(tmp_path, "child-0")
    os.kill(first, signal.SIGKILL)
    await_true(lambda: len(pids(tmp_path, "child-0")) == 2)
    assert len(pids(tmp_path, "child-1")) == 1
    process.terminate()
    output, _ = process.communicate(timeout=30)
    assert "child-0 ended (status -9); again in 0.5 s" in output
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_children_drain_before_the_end(supervise: Run, tmp_path: Path, number: signal.Signals) -> None:
    process = supervise(DRAINS, DRAINS)
    process.send_signal(number)
    process.send_signal(signal.SIGTERM)  # the same request twice, as make forwards it: still a drain
    output, _ = process.communicate(timeout=30)
    assert output.endswith("ended\n")
    assert (tmp_path / "child-0.drained").exists()
    assert (tmp_path / "child-1.drained").exists()


def test_a_deaf_child_is_killed_after_the_drain(supervise: Run, tmp_path: Path) -> None:
    process = supervise(DEAF, drain_s=0.5)
    process.terminate()
    output, _ = process.communicate(timeout=30)
    assert "didn't finish in time" in output
    await_end(pids(tmp_path, "child-0")[0])


def test_a_second_request_later_does_not_wait(supervise: Run) -> None:
    process = supervise(DEAF, drain_s=600)
    process.terminate()
    time.sleep(1.3)  # the supervisor tells a repeated request from an insisting one by this time
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_children_end_when_the_supervisor_is_killed(supervise: Run, tmp_path: Path) -> None:
    process = supervise(STEADY, DRAINS)
    process.kill()
    process.communicate(timeout=30)
    await_end(pids(tmp_path, "child-0")[0])
    await_end(pids(tmp_path, "child-1")[0])
    assert (tmp_path / "child-1.drained").exists()  # asked to finish, not cut off


def test_a_restart_that_takes_long_holds_up_nobody(supervise: Run, tmp_path: Path) -> None:
    process = supervise(STEADY, watch="blocks")
    await_true((tmp_path / "watched").exists)
    os.kill(pids(tmp_path, "child-0")[0], signal.SIGKILL)
    await_true(lambda: len(pids(tmp_path, "child-0")) == 2)
    process.terminate()
    output, _ = process.communicate(timeout=30)  # the restart would take for ever
    assert output.endswith("ended\n")
    assert process.returncode == 0


def test_a_restart_that_fails_is_tried_again_and_told_in_one_line(supervise: Run, tmp_path: Path) -> None:
    process = supervise(STEADY, watch="fails")
    await_true(
        lambda: (tmp_path / "watched").exists() and len((tmp_path / "watched").read_text().split()) > 4
    )
    process.terminate()
    output, _ = process.communicate(timeout=30)
    told = [line for line in output.splitlines() if "no luck" in line]
    assert [line.partition("again in ")[2] for line in told] == [
        "1 s",
        "2 s",
        "4 s",
    ]


def test_an_installation_that_cannot_start_says_so(supervise: Run) -> None:
    process = supervise(BROKEN, wait=False)
    output, _ = process.communicate(timeout=30)
    assert "child-0 ended 3 times while starting (status 3)" in output
    assert process.returncode == 1


def test_a_taken_port_is_one_clear_line() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SetupError, match=r"can't use port \d+ on 127\.0\.0\.1 .*WENYUE_PORT="),
    ):
        listening_socket("127.0.0.1", taken.getsockname()[1])


def test_an_address_of_nobody_is_named() -> None:
    with pytest.raises(SetupError, match=r"WENYUE_HOST=no\.such\.host\.invalid isn't an address"):
        listening_socket("no.such.host.invalid", 8000)


def answer_once(server: socket.socket, status: str) -> bytes:
    """Accept one connection, read a request, answer with ``status``; return the request."""
    connection, _ = server.accept()
    with connection:
        request = connection.recv(4096)
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
    return request


@pytest.mark.parametrize(("status", "expected"), [("200 OK", True), ("503 Service Unavailable", False)])
def test_readiness_is_a_200_and_nothing_else(status: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        request = pool.submit(answer_once, server, status)
        assert answers_ready("127.0.0.1", server.getsockname()[1]) is expected
        assert request.result(timeout=30).startswith(b"GET /readyz HTTP/1.1\r\n")


def test_nobody_there_is_not_ready() -> None:
    assert not answers_ready("127.0.0.1", free_port())
