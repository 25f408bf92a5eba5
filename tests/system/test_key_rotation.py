"""Keys are rotated while real web processes book and scan: nothing fails, and what was sealed or signed before stays good."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api_site import PASSWORD
from tests.support.crowd import PEOPLE, Crowd, voucher, web, wenyue
from tests.support.database import DbUrls
from tests.support.traveller_site import seed
from wenyue.accounts import save_staff
from wenyue.core.clock import utc_now
from wenyue.core.duties import duties_of_role
from wenyue.core.personal import Vault
from wenyue.gate import load_gate_keys, read_token
from wenyue.gate.tokens import TokenClaims
from wenyue.ops.same_keys import claim_keys
from wenyue.platform.keys import load_keys

KEEPER: Any = {"login": "gate", "password": PASSWORD, "duties": duties_of_role("gate")}


@pytest.mark.anyio
async def test_security_data_and_gate_keys_rotate_under_bookings_and_scans(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    urls, home = make_database(), tmp_path / "home"
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        vault = Vault(load_keys(home))
        await seed(tx, utc_now(), vault)
        await save_staff(tx, vault, **KEEPER, now=utc_now(), actor="test")
        [[venue_id]] = await (
            await tx.execute("SELECT id FROM catalogue.venue WHERE code = 'lake'")
        ).fetchall()
    await asyncio.to_thread(claim_keys, home, urls.owner_url, is_accepted=True, say=print)
    old_gate = load_gate_keys(home)
    async with web(urls, home) as one, web(urls, home) as two:
        crowd = Crowd([one, two])
        await crowd.sign_in()
        running = [asyncio.create_task(crowd.go_on(person)) for person in range(len(PEOPLE))]
        while not crowd.booked:
            assert not any(task.done() for task in running), [task for task in running if task.done()]
            await asyncio.sleep(0.1)
        first = crowd.booked[0]
        old = voucher(old_gate, first, venue_id)
        running.append(asyncio.create_task(crowd.keep_scanning(lambda: old)))
        running.append(
            asyncio.create_task(crowd.keep_scanning(lambda: voucher(load_gate_keys(home), first, venue_id)))
        )
        await wenyue(urls, home, "keys", "rotate", "data", "--stage", "add")
        await wenyue(urls, home, "keys", "rotate", "data", "--stage", "use")
        await wenyue(urls, home, "keys", "rotate", "record", "--stage", "add")
        await wenyue(urls, home, "keys", "rotate", "gate")
        await asyncio.sleep(4)  # the last process has read both files, and somebody has booked since
        crowd.is_over = True
        await asyncio.gather(*running)
        assert crowd.scans > 10
        for person in range(len(PEOPLE)):
            await crowd.book(person, range(4, 8))
        await crowd.close()
    async with web(
        urls, home
    ) as again:  # a process that is started again reads what was sealed before and after
        crowd.clients = [httpx.AsyncClient(base_url=again, timeout=30)]
        await crowd.scan(old)
        for booking_id in crowd.booked:
            for token in crowd.tokens:
                seen = await crowd.clients[0].get(
                    f"/v1/bookings/{booking_id}", headers={"Authorization": f"Bearer {token}"}
                )
                assert seen.status_code in (200, 404), seen.text
        await crowd.close()
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        numbers = await tx.execute("SELECT DISTINCT get_byte(party, 0) FROM booking.booking ORDER BY 1")
        assert [row[0] for row in await numbers.fetchall()] == [1, 2]
        told = await tx.execute(
            "SELECT action, subject, detail FROM audit.entry WHERE action ^@ 'keys.' ORDER BY id"
        )
        assert await told.fetchall() == [
            ("keys.added", "keys:data", {"number": 2}),
            ("keys.used", "keys:data", {"number": 2}),
            ("keys.added", "keys:record", {"number": 2}),
            ("keys.used", "keys:gate", {}),
        ]
    new_gate = load_gate_keys(home)
    assert isinstance(read_token(old, new_gate), TokenClaims)
    fresh = voucher(new_gate, first, venue_id)
    assert isinstance(
        read_token(fresh, old_gate), TokenClaims
    )  # a gate that has not read it yet knew the next key
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.glob("*keys*")} == {0o600}
