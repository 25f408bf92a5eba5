"""Keys are rotated while real web processes book and scan: nothing fails, and what was sealed or signed before stays good."""

import asyncio
import json
import logging
import os
import signal
import stat
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.support.api_site import PASSWORD
from tests.support.database import DbUrls
from tests.support.processes import await_true
from tests.support.traveller_site import CARD, DOCUMENT, NAME, OTHER_CARD, OTHER_DOCUMENT, OTHER_NAME, seed
from wenyue.accounts import save_staff
from wenyue.gate import load_gate_keys, read_token
from wenyue.gate.tokens import GateKeys, TokenClaims, TokenProblem, voucher_token
from wenyue.infra.config import load, load_keys, load_seal_keys
from wenyue.infra.fault import SetupError
from wenyue.infra.keys import KEYS, read_content, reading_again, replace, vault_file
from wenyue.infra.supervisor import answers_ready
from wenyue.kernel.clock import local_date, utc_now
from wenyue.kernel.ids import uuid7
from wenyue.kernel.limits import VISITOR_ADDS_PER_DAY
from wenyue.kernel.personal import SealBroken, Vault
from wenyue.tools.backup.keys import find, prints
from wenyue.tools.ports import free_port
from wenyue.tools.rotating import KeyStore, Kind, add, use, without
from wenyue.tools.same_keys import claim_keys, note_in_use, require_keys

PEOPLE = ((CARD, NAME, DOCUMENT), (OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT))


def environment(urls: DbUrls, home: Path, **more: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
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


@pytest.mark.anyio
async def test_security_data_and_gate_keys_rotate_under_bookings_and_scans(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    urls, home = make_database(), tmp_path / "home"
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        vault = Vault(load_keys(home))
        await seed(tx, utc_now(), vault)
        await save_staff(tx, vault, login="gate", password=PASSWORD, role="gate", now=utc_now(), actor="test")
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


def test_a_machine_without_the_key_in_use_does_not_start_and_one_with_a_further_key_does(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    urls, first, second = make_database(), tmp_path / "first", tmp_path / "second"
    claim_keys(first, urls.owner_url, is_accepted=False, say=print)
    second.mkdir()
    for name in ("keys.json", "gate-keys.json"):
        (second / name).write_bytes((first / name).read_bytes())
    of = {
        home: load({"WENYUE_HOME": str(home), "WENYUE_DATABASE_URL": urls.app_url})
        for home in (first, second)
    }
    store = KeyStore(first, print)
    store.put(add(store.content(), Kind.DATA)[0])
    for settings in of.values():
        require_keys(settings)  # added, not used: both are of one installation
    store.put(use(store.content(), Kind.DATA)[0])
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        note_in_use(connection, first)
    require_keys(of[first])
    with pytest.raises(SetupError, match=r"lack keys that this installation uses now \(data:2\)"):
        require_keys(of[second])
    replace(second / KEYS, read_content(first / KEYS))
    require_keys(of[second])


def test_a_damaged_or_missing_key_file_keeps_the_keys_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    vault = Vault(load_keys(tmp_path))
    file, whole = vault_file(tmp_path, vault), (tmp_path / KEYS).read_text()
    sealed = vault.seal(b"x", purpose=b"p")
    other = json.loads(whole) | {"index": "00" * 32}
    no_current = json.loads(whole) | {"current": 9}
    short = json.loads(whole) | {"sealing": {"1": "00"}}
    with caplog.at_level(logging.ERROR):
        for text in (
            "",
            "{",
            "[]",
            '"x"',
            "{}",
            whole[:-20],
            json.dumps(other),
            json.dumps(no_current),
            json.dumps(short),
        ):
            (tmp_path / KEYS).write_text(text)
            caplog.clear()
            assert not file.look()
            assert not file.look()
            assert len(caplog.records) == 1
            assert vault.open_sealed(sealed, purpose=b"p") == b"x"
            assert vault.seal(b"x", purpose=b"p")[0] == 1
        (tmp_path / KEYS).unlink()
        caplog.clear()
        assert not file.look()
        assert not file.look()
        assert len(caplog.records) == 1
    assert not (tmp_path / KEYS).exists()  # a process that runs makes no keys
    content, number = add(json.loads(whole), Kind.DATA)
    content, _ = use(content, Kind.DATA)
    replace(tmp_path / KEYS, content)
    assert file.look()
    assert not file.look()
    assert vault.seal(b"x", purpose=b"p")[0] == number == 2


def test_a_value_under_an_unknown_key_makes_a_process_read_the_file_again(tmp_path: Path) -> None:
    late = Vault(load_keys(tmp_path), reading_again(tmp_path))
    content, _ = use(add(read_content(tmp_path / KEYS), Kind.DATA)[0], Kind.DATA)
    replace(tmp_path / KEYS, content)
    sealed = Vault(load_keys(tmp_path)).seal(b"x", purpose=b"p")
    assert late.open_sealed(sealed, purpose=b"p") == b"x"
    asked: list[int] = []
    strange = Vault(load_keys(tmp_path), lambda: asked.append(1))
    with pytest.raises(SealBroken):
        strange.open_sealed(b"\x09" + sealed[1:], purpose=b"p")
    assert asked == [1]


def test_two_stages_of_data_and_record_keys_and_what_is_refused(tmp_path: Path) -> None:
    load_keys(tmp_path)
    for kind in (Kind.DATA, Kind.RECORD):
        store = KeyStore(tmp_path, print)
        with pytest.raises(SetupError, match="is the newest and in use"):
            use(store.content(), kind)
        store.put(add(store.content(), kind)[0])
        with pytest.raises(SetupError, match="was added and is not used yet"):
            add(store.content(), kind)
        store.put(use(store.content(), kind)[0])
    assert load_keys(tmp_path).current == load_seal_keys(tmp_path).current == 2
    for number, words in ((2, "is in use"), (7, "there is no data key")):
        with pytest.raises(SetupError, match=words):
            without(store.content(), number)
    assert sorted(without(store.content(), 1)["sealing"]) == ["2"]
    with store.alone(), pytest.raises(SetupError, match="another command"), KeyStore(tmp_path, print).alone():
        pass


def test_the_gate_accepts_the_voucher_of_every_key_before(tmp_path: Path) -> None:
    store, texts = KeyStore(tmp_path, print), list[str]()
    for _ in range(4):
        texts.append(voucher(load_gate_keys(tmp_path), str(uuid7()), 1))
        store.turn_gate_over()
    assert [type(read_token(text, load_gate_keys(tmp_path))) for text in texts] == [TokenClaims] * 4
    assert read_token(texts[0], load_gate_keys(tmp_path / "other")) is TokenProblem.UNKNOWN_KEY


def test_a_key_file_from_after_a_rotation_belongs_to_the_backup_from_before(tmp_path: Path) -> None:
    home, stranger = tmp_path / "home", tmp_path / "stranger"
    for one in (home, stranger):
        load_keys(one)
        load_gate_keys(one)
    wanted, store = prints(home), KeyStore(home, print)
    before = store.content()
    for kind in (Kind.DATA, Kind.RECORD):
        store.put(use(add(store.content(), kind)[0], kind)[0])
    store.turn_gate_over()
    assert find(wanted, None, home)[KEYS] == (home / KEYS).read_text()
    later = prints(home)
    for files, marks in ((stranger, wanted), (stranger, later)):
        with pytest.raises(SetupError, match=r"does not have the keys\.json of this backup"):
            find(marks, None, files)
    store.put(before)
    with pytest.raises(SetupError, match=r"does not have the keys\.json of this backup"):
        find(later, None, home)
