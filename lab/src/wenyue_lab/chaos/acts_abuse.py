"""Suspicious patterns, as attackers make them: guesses, scans, forged logins and vouchers, replays, accounts in turn.

The installation stands behind a proxy that it knows, which the drill is: each attacker has an address of the public internet,
and so has whoever is genuine. Every pattern must be found, shown and told; what a rule blocks is blocked for its time, and nobody
else; and a person lifts a block by command.
"""

import asyncio
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from wenyue.abuse import Pattern
from wenyue.accounts import save_staff, start_login
from wenyue.core.clock import local_date
from wenyue.core.duties import duties_of_role
from wenyue.core.personal import Vault
from wenyue.ops.processes import send
from wenyue.platform.keys import load_keys
from wenyue_lab.benchmark.wire import HOST
from wenyue_lab.chaos.abuse_attacks import book_for_many, forge, guess, replay, scan_ids
from wenyue_lab.chaos.abuse_outcome import blocked, free_again, missing, told, wait_until
from wenyue_lab.chaos.abuse_scene import (
    KNOWN_S,
    PASSWORD,
    RULES,
    TODAY,
    VENUE,
    Scene,
    command,
)
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.client import Wire
from wenyue_lab.chaos.fixtures import SQL, TIMEZONE
from wenyue_lab.chaos.runbook import CHECK


@contextmanager
def behind_a_proxy(_home: Path) -> Generator[Mapping[str, str]]:
    """The drill's word about addresses is believed."""
    yield {"WENYUE_TRUSTED_PROXIES": f"{HOST}/32"}


async def suspicious(stage: Stage) -> None:
    """All patterns at once while ordinary people book; then what must have come of it."""
    for pattern, (limit, block_s) in RULES.items():
        window = 86_400 if pattern in {Pattern.MANY_PERSONS, Pattern.ROTATED_ACCOUNTS} else 3_600
        await command(
            stage, "abuse", "set", pattern, str(limit), "--window", str(window), "--block", str(block_s)
        )
    staff, slot = await _arrange(stage)
    scene = Scene(stage, Wire(stage.installation.port), staff, slot)
    await asyncio.sleep(KNOWN_S)
    began = stage.history.now()
    stage.history.mark("attackers at addresses of their own; accounts that book in turn")
    try:
        await asyncio.gather(guess(scene), scan_ids(scene), forge(scene), replay(scene), book_for_many(scene))
        send(
            stage.installation.worker_pids(), signal.SIGTERM
        )  # a worker that begins looks at the bookings at once
        await wait_until(stage, lambda: missing(stage), "every pattern is found")
        await blocked(scene)
        await asyncio.gather(stage.follow(CHECK), told(scene))
        await free_again(scene)
    finally:
        scene.wire.close()
    stage.faults.append((began, stage.history.now()))
    await stage.rest_out()


async def _arrange(stage: Stage) -> tuple[str, int]:
    """(a token of staff, a session that lasts all of today)."""
    now = datetime.now(UTC)
    async with await psycopg.AsyncConnection.connect(stage.there().owner_url) as tx:
        vault = Vault(load_keys(stage.installation.home))
        staff = await save_staff(
            tx,
            vault,
            login="drill",
            password=PASSWORD,
            duties=duties_of_role("admin"),
            now=now,
            actor="drill",
        )
        shown = await start_login(tx, now=now, staff_id=staff)
        asked = {"venue": TODAY, "day": local_date(now, TIMEZONE)}
        [(slot,)] = await (await tx.execute(SQL["session_today"], asked)).fetchall()
        await tx.execute(SQL["free_venue"], {"venue": VENUE + 1})
    return shown, slot
