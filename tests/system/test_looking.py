"""Looking at a database changes nothing: not even the pid file that a killed server left, which a new one may be writing."""

import signal
from pathlib import Path

from tests.support.processes import await_end
from wenyue.ops.processes import children, send
from wenyue.platform.embedded_server import base_folder, ensure_started, erase, find_running, stop


def test_looking_leaves_the_pid_file_of_a_killed_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        server = ensure_started(home)
        killed = [server.pid, *children(server.pid)]
        assert send(killed, signal.SIGKILL) > 1  # one that vacuums may have ended by itself meanwhile
        assert server.process is not None
        server.process.wait(30)
        for pid in killed:
            await_end(pid)
        left = base_folder(home) / "data" / "postmaster.pid"
        assert left.exists()
        assert find_running(home) is None
        assert left.exists()
        again = ensure_started(home)
        try:
            found = find_running(home)
            assert found is not None
            assert found.pid == again.pid != server.pid
        finally:
            stop(again)
    finally:
        erase(home)
