"""What `wenyue doctor` says of the audit record: whether it is what its anchors outside the database say."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from wenyue.audit import Anchor, Anchors, differing
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.folder import existing
from wenyue.ops.doctor.report import Finding, Mark
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_seal_keys


async def check_record(url: str, home: Path) -> Finding:
    """The audit record is what its anchors say."""
    is_well, text = await _compare(url, home)
    remedy = (
        ""
        if is_well
        else gettext("keep a backup as it is, then find out who changed it (docs/monitoring.md#record)")
    )
    return Finding(Mark.GOOD if is_well else Mark.FAULT, gettext("record"), text, remedy)


async def _compare(url: str, home: Path) -> tuple[bool, str]:
    """(is well, what was found): the record against the anchors in `home` and in the manifests of its backups."""
    kept = _anchors(home)
    begun_at = max((one.at for one in kept if one.accepted_by), default=datetime.min.replace(tzinfo=UTC))
    anchors = kept + _of_backups(home, begun_at)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as tx:
        other = await differing(tx, anchors)
    if other:
        text = gettext(
            "{n} of {total} anchors disagree, the first at seal {no}: the record was cut off or rewritten",
            n=len(other),
            total=len(anchors),
            no=other[0].no,
        )
        return False, text
    return True, gettext("as {n} anchors outside the database say", n=len(anchors))


def _anchors(home: Path) -> list[Anchor]:
    if not (home / "keys.json").exists():
        return []
    with suppress(OSError):
        return Anchors(home, load_seal_keys(home)).recent()
    return []


def _of_backups(home: Path, begun_at: datetime) -> list[Anchor]:
    """From manifests in the usual folder, of backups since people last began the record anew."""
    with suppress(SetupError, OSError):
        return [
            Anchor(int(no), digest, one.finished_at)
            for one in existing(home / "backups").backups()
            if one.record and one.started_at >= begun_at
            for no, digest in [one.record.split(":")]
        ]
    return []
