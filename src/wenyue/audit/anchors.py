"""Anchors of the record outside the database: a file that only grows, `home/record/anchors-YYYY-MM.jsonl`, mode 0600.

Each line is an anchor and its HMAC under the seals' key: a line that somebody without the key wrote or changed counts as none.
"""

import hmac
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from wenyue.audit.model import Anchor
from wenyue.core.personal import SealKeys

ANCHOR_EVERY: Final = timedelta(minutes=1)
ANCHORS_READ_MAX: Final = 200  # of the newest, and as many accepted ones
_TAIL_BYTES_MAX: Final = 256 * 1024
_FILES_MAX: Final = 2
_WHY_CHARS_MAX: Final = 500
_PURPOSE: Final = b"wenyue audit anchor\0"


class _Line(msgspec.Struct, frozen=True):
    anchor: Anchor
    key_no: int
    mac: str


_decode: Final = msgspec.json.Decoder(_Line).decode


def _accepted(anchor: Anchor, now: datetime, who: str, why: str) -> Anchor:
    return msgspec.structs.replace(anchor, at=now, accepted_by=who[:80], why=why[:_WHY_CHARS_MAX])


class Anchors:
    """The anchors in one home. Every method reads or writes files: keep it off the event loop."""

    def __init__(self, home: Path, keys: SealKeys) -> None:
        self.folder, self._keys = home / "record", keys

    def recent(self) -> list[Anchor]:
        """What counts: the newest genuine anchors, oldest first, from the last that a person accepted on. Raises OSError."""
        found: list[Anchor] = []
        for path in self._files()[-_FILES_MAX:]:
            found += self._read(path)
        last = max((at for at, one in enumerate(found) if one.accepted_by), default=0)
        return found[last:][-ANCHORS_READ_MAX:]

    def accepted(self) -> list[Anchor]:
        """What people accepted, newest last. Raises OSError."""
        path = self.folder / "accepted.jsonl"
        return self._read(path)[-ANCHORS_READ_MAX:] if path.exists() else []

    def keep(self, anchor: Anchor) -> None:
        """Append one. Raises OSError."""
        self._append(f"anchors-{anchor.at:%Y-%m}.jsonl", anchor)

    def accept(self, anchor: Anchor, now: datetime, *, who: str, why: str) -> Anchor:
        """A person has looked at this broken link: `verify_from` passes it over from now on. Raises OSError."""
        accepted = _accepted(anchor, now, who, why)
        self._append("accepted.jsonl", accepted)
        return accepted

    def begin_anew(self, anchor: Anchor, now: datetime, *, who: str, why: str) -> None:
        """A person says that the chain ends here: anchors from before count no more. Raises OSError."""
        self.keep(_accepted(anchor, now, who, why))

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("anchors-*.jsonl")) if self.folder.is_dir() else []

    def _read(self, path: Path) -> list[Anchor]:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES_MAX))
            lines = file.read().split(b"\n")
        found: list[Anchor] = []
        for line in lines:
            try:
                read = _decode(line)
            except msgspec.DecodeError:  # the first of the tail is cut, the last may be torn
                continue
            if read.key_no in self._keys.keys and hmac.compare_digest(
                self._mac(read.anchor, read.key_no), read.mac
            ):
                found.append(read.anchor)
        return found

    def _append(self, name: str, anchor: Anchor) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = self._keys.current
        line = msgspec.json.encode(_Line(anchor, number, self._mac(anchor, number)))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self.folder / name, flags, 0o600), "ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _mac(self, anchor: Anchor, number: int) -> str:
        return hmac.digest(self._keys.keys[number], _PURPOSE + msgspec.json.encode(anchor), "sha256").hex()
