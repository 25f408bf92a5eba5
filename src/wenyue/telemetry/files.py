"""Small files in the home that processes read of each other: written whole, and taken away once nobody needs them."""

import contextlib
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that a reader sees whole or not at all. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = path.with_suffix(".tmp")
    staged.write_bytes(content)
    staged.replace(path)


def forget(folder: Path, oldest: float) -> None:
    """Remove what was last written before `oldest` (Unix time), by processes that were killed. Never raises OSError."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
