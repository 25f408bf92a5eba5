"""A whole release through the waiting room: opened, 500 accounts, released, let in step by step, booked, and proved fair."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api_site import TODAY, ApiSite, Person, furnish, serve_api, settings_for
from tests.support.clock import Clock
from tests.support.database import DbUrls
from tests.support.room import ROOM, keep, look, open_room_for
from tests.support.traveller_site import NOW
from wenyue import waiting_room
from wenyue.accounts import start_login
from wenyue.cli import TOOLS
from wenyue.core.ids import uuid7
from wenyue.ops.fairness.command import check
from wenyue.ops.fairness.record import Record, write_record
from wenyue.platform.fault import SetupError

pytestmark = pytest.mark.anyio
PEOPLE, PLACES, LATE, IMPATIENT = 500, 400, 20, 3
DAY = TODAY + timedelta(days=2)


class Release:
    """The site, its clock, and five hundred travellers with a login each."""

    def __init__(self, site: ApiSite, clock: Clock, owner_url: str) -> None:
        self.site, self.clock, self.owner_url = site, clock, owner_url
        self.people: list[Person] = []
        self.tokens: dict[int, str] = {}
        self.passes: dict[int, str] = {}

    async def invite(self) -> None:
        """Accounts as an import makes them, each with a bearer token."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as owner:
            made = await owner.execute(
                "INSERT INTO accounts.traveller (sealed) SELECT '\\x00' FROM generate_series(1, %s) RETURNING id",
                [PEOPLE],
            )
            ids = [row[0] for row in await made.fetchall()]
            for number, id_ in enumerate(ids):
                token = await start_login(owner, now=self.clock(), traveller_id=id_)
                self.people.append(Person(token, holder_id=id_, name="张演示", number=document(number)))

    async def take_passes(self, people: list[Person]) -> None:
        """Everybody takes one."""
        for person in people:
            taken = await self.site.client.post(f"/v1/rooms/{ROOM}/pass", headers=person.headers)
            assert taken.status_code == 201, taken.text
            self.passes[person.holder_id] = taken.json()["pass"]

    async def try_to_enter(self) -> set[int]:
        """Everybody whose turn came, as the public file says, goes in; returns who got a token just now."""
        file = (await self.site.client.get(f"/room/{ROOM}.json")).json()
        new: set[int] = set()
        waiting = [one for one in self.people if one.holder_id not in self.tokens]
        waiting.sort(key=lambda one: place_of(self.site, one, self.passes[one.holder_id]))
        door = sum(
            place_of(self.site, one, self.passes[one.holder_id]) < tuple(file["threshold"]) for one in waiting
        )
        for person in waiting[: door + IMPATIENT]:
            body = {"pass": self.passes[person.holder_id]}
            answer = await self.site.client.post(f"/v1/rooms/{ROOM}/token", json=body, headers=person.headers)
            place = place_of(self.site, person, self.passes[person.holder_id])
            assert (answer.status_code == 201) == (place < tuple(file["threshold"])), answer.text
            if answer.status_code == 201:
                self.tokens[person.holder_id] = answer.json()["token"]
                new.add(person.holder_id)
            else:
                assert answer.json()["outcome"] == "room_not_yet"
        return new

    async def book(self, person: Person, slot_id: int, token: str = "") -> httpx.Response:
        """One place in the own name."""
        body = {
            "id": str(uuid7()),
            "lines": [{"slot_id": slot_id, "price_minor": 0, "visitors": [0]}],
            "visitors": [{"name": person.name, "number": person.number}],
        }
        headers = person.headers | ({"Room-Token": token} if token else {})
        return await self.site.client.post("/v1/bookings", json=body, headers=headers)


def place_of(site: ApiSite, person: Person, text: str) -> tuple[int, int]:
    room = site.app.services.room
    known, shown = room.find(ROOM), room.shown_pass(ROOM, person.holder_id, text)
    assert known is not None
    assert shown is not None
    place = room.place_of(known.room, shown)
    assert place is not None
    return place.epoch, place.rank


def document(number: int) -> str:
    """A valid number of a person born in 1980."""
    body = f"11010119800101{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return (
        body + "10X98765432"[sum(int(one) * weight for one, weight in zip(body, weights, strict=True)) % 11]
    )


@pytest.fixture
async def release(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Release]:
    urls, clock = make_database(), Clock(NOW)
    await furnish(urls, tmp_path)
    async with serve_api(settings_for(urls, tmp_path), clock=clock) as site:
        made = Release(site, clock, urls.owner_url)
        await made.invite()
        yield made


async def test_a_release_through_the_waiting_room(release: Release, tmp_path: Path) -> None:
    site, services = release.site, release.site.app.services
    slot = (await site.slots("lake", DAY))[0]
    assert slot["capacity"] == PLACES
    room = await open_room_for(services, await site.product_id("lake"), DAY)
    promise = (await site.client.get(f"/room/{ROOM}.json")).json()["commitment"]

    early, late = release.people[:-LATE], release.people[-LATE:]
    refused = await release.book(early[0], slot["slot_id"])
    assert (refused.status_code, refused.json()["outcome"]) == (403, "waiting_room")
    assert refused.json()["room"] == f"/room/{ROOM}"
    await release.take_passes([*reversed(early)])  # whoever came last of the early ones loses nothing by it
    await look(services)
    release.clock.now = room.release_at
    await release.take_passes(late)
    tokens_per_step = await let_in(release)
    assert len(release.tokens) == PEOPLE
    assert sum(1 for count in tokens_per_step if count) > 3
    firsts = sorted(early, key=lambda one: place_of(site, one, release.passes[one.holder_id]))
    in_order = list(release.tokens)
    assert set(in_order[-LATE:]) == {one.holder_id for one in late}
    assert in_order.index(firsts[0].holder_id) < in_order.index(firsts[-1].holder_id)

    booked = [await release.book(one, slot["slot_id"], release.tokens[one.holder_id]) for one in firsts[:40]]
    assert {answer.status_code for answer in booked} == {201}
    stolen = await release.book(firsts[50], slot["slot_id"], release.tokens[firsts[51].holder_id])
    assert stolen.json()["outcome"] == "waiting_room"
    other_day = (await site.slots("lake", DAY + timedelta(days=2)))[0]
    assert (await release.book(firsts[60], other_day["slot_id"])).status_code == 201

    path = tmp_path / "record.jsonl"
    await export(release, path)
    await prove(path, promise, release)
    await plant(path, release)


async def let_in(release: Release) -> list[int]:
    """Second by second, until everybody is in: how many got a token in each."""
    services, counts = release.site.app.services, list[int]()
    for _ in range(60):
        release.clock.forward(1)
        await look(services)
        await keep(services, PLACES)
        counts.append(len(await release.try_to_enter()))
        if len(release.tokens) == PEOPLE:
            break
    return counts


async def export(release: Release, path: Path) -> None:
    async with release.site.app.services.db.transaction() as tx:
        await waiting_room.freeze(tx)
        room = await waiting_room.room_by_code(tx, ROOM)
        assert room is not None
        steps = await waiting_room.steps_of(tx, room.id)
        written = await write_record(
            path, room, steps, waiting_room.exchanges_of(tx, room.id), release.clock()
        )
    assert written == PEOPLE


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


async def prove(path: Path, promise: str, release: Release) -> None:
    """From the file alone: fair; and each finds the own line by the own code."""
    said: list[str] = []
    someone = release.people[7]
    shown = release.site.app.services.room.shown_pass(
        ROOM, someone.holder_id, release.passes[someone.holder_id]
    )
    assert shown is not None
    code = "-".join(shown.code[at : at + 4] for at in range(0, 16, 4)).lower()
    assert check(Record(path), ROOM, promise=promise, code=code, say=said.append) == []
    assert f"{PEOPLE} tokens" in said[0]
    assert "let in at" in said[1]
    text = read(path)
    assert someone.number not in text
    assert '"account' not in text


async def plant(path: Path, release: Release) -> None:
    """Each cheat, done in the file or in the database, is found."""
    lines = read(path).splitlines()
    promise = json.loads(lines[0])["commitment"]

    def judged(changed: list[str], noted: str = promise) -> str:
        other = path.with_name("changed.jsonl")
        other.write_text("\n".join(changed) + "\n", encoding="utf-8")
        return " | ".join(check(Record(other), ROOM, promise=noted, code="", say=lambda _line: None))

    def with_line(number: int, **more: Any) -> list[str]:
        return [*lines[:number], json.dumps(json.loads(lines[number]) | more), *lines[number + 1 :]]

    token = next(number for number, line in enumerate(lines) if '"token"' in line)
    assert judged(lines) == ""
    assert "promised" in judged(with_line(0, seed="00" * 32))
    assert "not the one that you noted" in judged(lines, "11" * 32)
    assert "not what the seed gives" in judged(with_line(token, rank=5))
    assert "never in force" in judged(with_line(token, threshold=[9, 9]))
    assert "the threshold fell" in judged([lines[0], lines[2], lines[1], *lines[3:]])
    assert "cut off" in judged(lines[:-1])
    assert "changed after it was written" in judged([*lines[:token], *lines[token + 1 :]])
    assert "behind the end" in judged([*lines, lines[1]])
    assert "of the room" in " ".join(
        check(Record(path), "another", promise="", code="", say=lambda _line: None)
    )
    with pytest.raises(SetupError, match="line 2"):
        judged([lines[0], "{}", *lines[1:]])
    async with await psycopg.AsyncConnection.connect(release.owner_url, autocommit=True) as owner:
        await owner.execute(
            "UPDATE waiting_room.exchange SET exchanged_at = exchanged_at - interval '1 minute' WHERE code ="
            " (SELECT max(code) FROM waiting_room.exchange)"
        )
    await export(release, path)
    assert "was in force" in " ".join(check(Record(path), ROOM, promise="", code="", say=lambda _line: None))


async def test_what_was_not_released_has_no_record(release: Release, tmp_path: Path) -> None:
    services = release.site.app.services
    room = await open_room_for(services, await release.site.product_id("lake"), DAY)
    async with services.db.transaction() as tx:
        with pytest.raises(SetupError, match="not released"):
            await write_record(
                tmp_path / "x", replace(room, seed=None), [], waiting_room.exchanges_of(tx, room.id), NOW
            )


def test_the_commands_are_there() -> None:
    assert {"room", "fairness"} <= set(TOOLS)
