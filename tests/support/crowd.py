"""Travellers and a keeper who go on booking, reading and scanning against real web processes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.support.api_site import PASSWORD
from tests.support.database import DbUrls
from tests.support.processes import await_true
from tests.support.traveller_site import CARD, DOCUMENT, NAME, OTHER_CARD, OTHER_DOCUMENT, OTHER_NAME
from wenyue.core.clock import local_date, utc_now
from wenyue.core.ids import uuid7
from wenyue.core.limits import VISITOR_ADDS_PER_DAY
from wenyue.gate.tokens import GateKeys, TokenClaims, voucher_token
from wenyue.ops.ports import free_port
from wenyue.platform.supervisor import answers_ready

PEOPLE = ((CARD, NAME, DOCUMENT), (OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT))


def environment(urls: DbUrls, home: Path, **more: str) -> dict[str, str]:
    """What a process of this installation is started with."""
    known = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    }
    own = {
        "WENYUE_HOME": str(home),
        "WENYUE_DATABASE_URL": urls.app_url,
        "WENYUE_OWNER_DATABASE_URL": urls.owner_url,
        "WENYUE_PERSON_BOOKINGS": "10000",
    }
    return known | own | more


@asynccontextmanager
async def web(urls: DbUrls, home: Path) -> AsyncGenerator[str]:
    """The address of one real web process."""
    port = free_port()
    more = {"WENYUE_PORT": str(port), "WENYUE_DATABASE_POOL": "4"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wenyue.cli", "web", env=environment(urls, home, **more), start_new_session=True
    )
    try:
        await asyncio.to_thread(
            await_true, lambda: answers_ready("127.0.0.1", port) or process.returncode is not None
        )
        assert process.returncode is None
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def wenyue(urls: DbUrls, home: Path, *words: str) -> str:
    """Run the command; what it printed. It must succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "wenyue.cli", *words),
        env=environment(urls, home),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


SEALED_MAX = VISITOR_ADDS_PER_DAY - 5  # more looks like guessing


class Crowd:
    """Travellers and a keeper who go on booking, reading and scanning until they are stopped."""

    def __init__(self, addresses: list[str]) -> None:
        self.clients = [httpx.AsyncClient(base_url=one, timeout=30) for one in addresses]
        self.booked: list[str] = []
        self.scans = 0
        self.is_over = False
        self.tokens: list[str] = []

    async def sign_in(self) -> None:
        """Activate two cards; sign their holders and the keeper in."""
        for card, name, number in PEOPLE:
            body = {"card_no": card[0], "pin": card[1], "name": name, "number": number}
            assert (await self.clients[0].post("/v1/cards/activation", json=body)).status_code in (200, 201)
            signed = await self.clients[0].post("/v1/session", json={"card_no": card[0], "pin": card[1]})
            self.tokens.append(signed.json()["token"])
        signed = await self.clients[0].post("/v1/gate/session", json={"login": "gate", "password": PASSWORD})
        self.keeper = {"Authorization": f"Bearer {signed.json()['token']}"}

    async def go_on(self, person: int) -> None:
        """Book a few days, then have a visitor sealed again and again, through every process; read what the others sealed."""
        await self.book(person, range(1, 4))
        headers = {"Authorization": f"Bearer {self.tokens[person]}"}
        sealed = 0
        while not self.is_over:
            if sealed < SEALED_MAX:
                body = {"name": "赵小刚", "number": "110101199003070599"}
                added = await self.clients[sealed % 2].post("/v1/visitors", json=body, headers=headers)
                assert added.status_code in (200, 201), added.text
                sealed += 1
            await self.read("", headers)
            await asyncio.sleep(1)

    async def book(self, person: int, days: range) -> None:
        """Book a place on each of these days."""
        headers = {"Authorization": f"Bearer {self.tokens[person]}"}
        _, name, number = PEOPLE[person]
        venue = (await self.clients[0].get("/v1/venues/lake")).json()
        query = {"product_id": venue["products"][0]["id"]}
        for ahead in days:
            day = local_date(utc_now(), "Asia/Shanghai") + timedelta(days=ahead)
            found = await self.clients[0].get("/v1/availability", params=query | {"from": day.isoformat()})
            for slot in found.json()["slots"][:1]:
                body: dict[str, Any] = {
                    "id": str(uuid7()),
                    "lines": [
                        {"slot_id": slot["slot_id"], "price_minor": slot["price_minor"], "visitors": [0]}
                    ],
                    "visitors": [{"name": name, "number": number}],
                }
                made = await self.clients[ahead % len(self.clients)].post(
                    "/v1/bookings", json=body, headers=headers
                )
                if made.status_code == 409 and "slot_closed" in made.text:
                    continue  # the venue is closed on some of these days
                assert made.status_code in (200, 201), made.text
                confirmed = await self.clients[0].post(
                    f"/v1/bookings/{body['id']}/confirmation", headers=headers
                )
                assert confirmed.status_code == 200, confirmed.text
                self.booked.append(body["id"])
                await self.read(body["id"], headers)

    async def read(self, booking_id: str, headers: dict[str, str]) -> None:
        """Open what is sealed, through every process."""
        for client in self.clients:
            for path in (f"/v1/bookings/{booking_id}",) * bool(booking_id) + ("/v1/visitors",):
                seen = await client.get(path, headers=headers)
                assert seen.status_code == 200, seen.text

    async def scan(self, text: str) -> str:
        """The answer's reason, the same of every process."""
        reasons: set[str] = set()
        for client in self.clients:
            body = {"scan_id": str(uuid7()), "venue": "lake", "gate": "北门", "presented": text}
            seen = await client.post("/v1/gate/scans", json=body, headers=self.keeper)
            assert seen.status_code in (200, 201), seen.text
            self.scans += 1
            reasons.add(str(seen.json()))
        return " ".join(reasons)

    async def keep_scanning(self, token: Callable[[], str]) -> None:
        """Present a voucher again and again."""
        while not self.is_over:
            answer = await self.scan(token())
            assert "token_" not in answer, answer
            await asyncio.sleep(0.5)

    async def close(self) -> None:
        """Let go of the connections."""
        for client in self.clients:
            await client.aclose()


def voucher(keys: GateKeys, booking_id: str, venue_id: int) -> str:
    """A QR code that is good at this venue from yesterday until the day after tomorrow."""
    now = utc_now()
    day = local_date(now, "Asia/Shanghai")
    claims = TokenClaims(
        UUID(booking_id),
        (venue_id,),
        day,
        day + timedelta(days=1),
        now - timedelta(days=1),
        now + timedelta(days=2),
        now,
    )
    return voucher_token(claims, keys)
