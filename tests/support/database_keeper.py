"""Keeps one database server for a whole test session, shared by every test process.

Run as a child of the session's first process, it sleeps until somebody asks (a file appears), starts
the server, migrates it once as a template and says where it is. When its standard input closes (the
session ended, however it ended) it stops the server and has the data deleted.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ServerInfo, base_folder, ensure_started, stop
from wenyue.platform.embedded_server.place import socket_folder

POLL_S = 0.05
# The machine may lose power during a test run without anybody missing the data.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "1GB",
    "autovacuum_naptime": "10min",  # divided by the databases, of which there are hundreds
    "summarize_wal": "off",  # only backups read it; their tests have servers of their own
}


def main(session: Path) -> None:
    """Serve one session until its input closes."""
    home = session / "home"
    info: ServerInfo | None = None
    try:
        while not _input_closed(POLL_S if info is None else None):
            if info is None and (session / "request").exists():
                info = _start(session, home)
    finally:
        if info is not None:
            stop(info)
        _erase_beside(home)


def _erase_beside(home: Path) -> None:
    """Delete the data without waiting: half a million files take minutes on a disk that discards blocks."""
    base = base_folder(home)
    if not base.exists():
        return
    shutil.rmtree(socket_folder(base), ignore_errors=True)
    gone = base.rename(base.with_name(f"{base.name}.gone"))
    subprocess.Popen(
        ["rm", "-rf", str(gone)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _start(session: Path, home: Path) -> ServerInfo | None:
    try:
        info = ensure_started(home, overrides=SETTINGS)
        migrate(info.owner_url)
    except BaseException:
        _publish(session / "failed", traceback.format_exc())
        raise
    facts = {
        "app_url": info.app_url,
        "owner_url": info.owner_url,
        "superuser_url": info.superuser_url,
        "programs": str(info.programs),
        "pid": info.pid,
    }
    _publish(session / "ready", json.dumps(facts))
    return info


def _publish(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.rename(path)


def _input_closed(wait_s: float | None) -> bool:
    readable, _, _ = select.select([0], [], [], wait_s)
    return bool(readable) and os.read(0, 1) == b""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
