"""Who changes a base backup while it is being taken, its manifest included, gets nothing of his vouched for."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.backup_site import Site, Terminal, terminal
from tests.support.backup_site import site as empty_site
from wenyue.ops.backup import existing
from wenyue.platform.embedded_server import erase
from wenyue.platform.embedded_server.place import settle

__all__ = ["empty_site", "terminal"]
_PLANTED = "# planted"


@pytest.fixture(scope="module")
def site(empty_site: Site) -> Site:
    empty_site.book(1)
    return empty_site


def _manifest(folder: int) -> bytes:
    """What is complete of it, by whatever name it is being written; empty when it is not."""
    for name in ("backup_manifest", "backup_manifest.tmp"):
        try:
            file = os.open(name, os.O_RDONLY, dir_fd=folder)
        except FileNotFoundError:
            continue
        with os.fdopen(file, "rb") as opened:
            content = opened.read()
        return content if content.endswith(b'"}\n') else b""
    return b""


def _write(name: str, content: bytes, folder: int) -> None:
    with os.fdopen(os.open(name, os.O_WRONLY | os.O_TRUNC, dir_fd=folder), "wb") as file:
        file.write(content)


def _a_file(folder: int, manifest: bytes) -> None:
    """A file of the database, with what the manifest says of it and of itself."""
    content = f"{_PLANTED}\n".encode()
    entry = re.compile(rb'(\{ "Path": "pg_ident.conf", "Size": )\d+(, [^{}]*"Checksum": ")[0-9a-f]{64}(" \})')
    size, checksum = str(len(content)).encode(), hashlib.sha256(content).hexdigest().encode()
    changed, count = entry.subn(rb"\g<1>" + size + rb"\g<2>" + checksum + rb"\g<3>", manifest)
    assert count == 1
    body = changed[: changed.rindex(b'"Manifest-Checksum"')]
    own = hashlib.sha256(body).hexdigest().encode()
    whole = body + b'"Manifest-Checksum": "' + own + b'"}\n'
    _write("pg_ident.conf", content, folder)
    for name in ("backup_manifest", "backup_manifest.tmp"):
        if name in os.listdir(folder):
            _write(name, whole, folder)


def _a_segment(folder: int, _manifest: bytes) -> None:
    """The log that the backup carries, which the manifest does not list."""
    log = os.open("pg_wal", os.O_RDONLY, dir_fd=folder)
    name = min(one for one in os.listdir(log) if len(one) == 24)  # noqa: PTH208 - of an open folder
    with os.fdopen(os.open(name, os.O_RDWR, dir_fd=log), "r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(b"planted!")
    os.close(log)


@contextmanager
def _somebody(target: Path, change: Callable[[int, bytes], None]) -> Generator[list[str]]:
    """Somebody who waits for a backup's manifest and then changes the backup, at once; what he has changed."""
    changed: list[str] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            for data in target.glob(".partial-*/data"):
                folder = os.open(data, os.O_RDONLY)
                while not is_over.is_set():
                    if manifest := _manifest(folder):
                        change(folder, manifest)
                        changed.append(str(data))
                        break
                os.close(folder)
                return
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield changed
    finally:
        is_over.set()
        watcher.join()


@pytest.mark.parametrize("change", [_a_file, _a_segment])
def test_security_eighth_F2_a_base_that_is_changed_while_it_is_taken_is_refused(
    site: Site, terminal: Terminal, change: Callable[[int, bytes], None]
) -> None:
    target = site.home.with_name(f"backups-{time.monotonic_ns()}")
    target.mkdir()
    new = target.with_name(f"{target.name}-new")
    try:
        with _somebody(target, change) as changed:
            terminal.good(site.home, "backup", "--full", "--to", target)
        assert changed
        status, _, err = terminal.run(site.home, "restore", "--from", target, "--into", new, "--to", "backup")
        assert status == 1, (settle(new, lambda _: None).data / "pg_ident.conf").read_text(encoding="utf-8")
        assert f"{existing(target).backups()[-1].name} is damaged" in err
        assert "its checksum differs" in err
        assert not new.exists()
    finally:
        erase(new)
