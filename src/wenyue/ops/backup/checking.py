"""Looks into a restored database: rows, standing invariants, the record's chain."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import psycopg

from wenyue.audit import verify
from wenyue.locale import Message
from wenyue.ops.backup.model import Checked
from wenyue.ops.backup.source import SQL, counts
from wenyue.ops.invariants import upon_standing
from wenyue.platform.fault import SetupError

# Nothing deletes these, so a restored copy can never have fewer than there were when its backup began.
KEPT: Final = ("bookings", "lines", "entries")


def examine(url: str) -> Checked:
    """Count and check the database at `url` (its owner's). Nothing is changed."""
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        found = counts(connection)
        if not found:
            return Checked(counts={}, violations=("there are no tables",), sealed_broken=None)
        rows = connection.execute(upon_standing(SQL["violations"]), {}).fetchall()
    return Checked(
        counts=found,
        violations=tuple(str(row[0]) for row in rows),
        sealed_broken=asyncio.run(_verify(url)),
    )


def complaints(found: Checked, expected: Mapping[str, int]) -> list[str]:
    """What is wrong with a restored database, in words; `expected` are the counts of its backup."""
    wrong = [f"invariant broken: {one}" for one in found.violations]
    if found.sealed_broken is not None:
        wrong.append(f"the record's chain is broken at link {found.sealed_broken}")
    wrong += [
        f"{found.counts.get(name, 0)} {name}, there were {expected[name]} when the backup began"
        for name in KEPT
        if found.counts.get(name, 0) < expected.get(name, 0)
    ]
    return wrong


def require_sound(found: Checked, expected: Mapping[str, int]) -> None:
    """Raise SetupError when something is wrong."""
    wrong = complaints(found, expected)
    if wrong:
        raise SetupError(
            Message.plural(
                "a check failed: {wrong}; restore to an earlier time, or keep this with --even-if-unsound",
                "{n} checks failed, the first: {wrong}; restore to an earlier time, or keep this with --even-if-unsound",
                len(wrong),
            ).filled(wrong=wrong[0]),
        )


async def _verify(url: str) -> int | None:
    async with await psycopg.AsyncConnection.connect(url) as tx:
        return await verify(tx, None)
