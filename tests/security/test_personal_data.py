"""A journey with recognisable personal data at log level DEBUG: it must stand in no log, no plain column and no file."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.support.api_site import ApiSite, Person, api_site
from tests.support.cards import person
from tests.support.database import DbUrls, TestServer
from tests.support.traveller_site import NOW, Traveller
from wenyue import cards
from wenyue.core.ids import uuid7
from wenyue.platform.log import JsonLines

pytestmark = pytest.mark.anyio
NAME: Final = "欧阳金丝雀"
CHILD: Final = "欧阳小雀"
NUMBER: Final = person(777).document.number
CHILD_NUMBER: Final = person(776).document.number
PHONE: Final = "13977553311"
CARD: Final = ("7000111122223333", "73519428")
REASON: Final = "金丝雀生病了"
TYPO: Final = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
CANARIES: Final = (NAME, CHILD, NUMBER, CHILD_NUMBER, PHONE, CARD[1], REASON, TYPO)
_SCHEMAS: Final = (
    "catalogue",
    "policy",
    "accounts",
    "cards",
    "booking",
    "gate",
    "notifications",
    "audit",
    "public",
)


def sightings(text: str) -> list[str]:
    """Which canaries stand in a text, as they are or as the hex of their bytes."""
    return [one for one in CANARIES if one in text or one.encode().hex() in text]


async def book(site: ApiSite, who: Person, slot_id: int, **more: Any) -> httpx.Response:
    """Book for the canary and its child, with a contact."""
    body: dict[str, Any] = {
        "id": str(uuid7()),
        "lines": [{"slot_id": slot_id, "price_minor": 0, "quantity": 2, "visitors": [0, 1]}],
        "visitors": [{"name": NAME, "number": NUMBER}, {"name": CHILD, "number": CHILD_NUMBER}],
        "contact_name": NAME,
        "contact_phone": PHONE,
    }
    return await site.client.post("/v1/bookings", json=body | more, headers=who.headers)


async def live_through_the_api(site: ApiSite) -> Person:
    """Activation with every mistake, bookings in every state, visitors, the gate. Returns whoever did it."""
    ask = site.client.post
    given = {"card_no": CARD[0], "pin": CARD[1], "name": NAME, "number": NUMBER, "phone": PHONE}
    for wrong in ({"number": TYPO}, {"phone": f"{PHONE}9"}, {"name": f"{NAME}\x00<b>"}, {"extra": NUMBER}):
        assert (await ask("/v1/cards/activation", json=given | wrong)).status_code in (201, 422)
    assert (await ask("/v1/cards/activation", json=given)).status_code in (200, 201)
    assert (await ask("/v1/session", json={"card_no": NUMBER, "pin": CARD[1]})).status_code == 403
    signed = await ask("/v1/session", json={"card_no": CARD[0], "pin": CARD[1]})
    who = Person(signed.json()["token"])
    child = {"name": CHILD, "number": CHILD_NUMBER}
    assert (await ask("/v1/visitors", json=child, headers=who.headers)).status_code == 201
    first, second = await site.slots("lake")
    made = await book(site, who, first["slot_id"])
    assert made.status_code == 201, made.text
    twice = await book(site, who, second["slot_id"])
    assert twice.json()["outcome"] == "person_twice"
    assert (await book(site, who, 10**12, contact_phone=f"{PHONE}9")).status_code == 422
    path = f"/v1/bookings/{made.json()['id']}"
    move = {"moves": [{"line_no": 0, "slot_id": second["slot_id"], "price_minor": 0}]}
    assert (await ask(f"{path}/reschedule", json=move, headers=who.headers)).status_code == 200
    staff = await site.staff()
    for presented in (NUMBER, CARD[0], made.json()["id"], f"{NAME}{NUMBER}"):
        body = {"scan_id": str(uuid7()), "venue": "lake", "gate": "东门", "presented": presented}
        assert (await ask("/v1/gate/scans", json=body, headers=staff.headers)).status_code == 200
    gone = await ask(f"{path}/cancellation", json={"reason": f"{REASON} {NAME}"}, headers=who.headers)
    assert gone.status_code == 200, gone.text
    await site.client.get(f"/v1/venues/{NUMBER}?text={NAME}", headers=who.headers)
    return who


async def live_through_the_pages(site: ApiSite) -> None:
    """The same person on the pages."""
    browser = Traveller(site.app)
    await browser.get("/activate")
    typed = {"card_no": CARD[0], "pin": CARD[1], "name": NAME, "number": TYPO, "phone": PHONE}
    await browser.submit(browser.form("/activate"), typed, status=422)
    await browser.submit(browser.form("/activate"), typed | {"number": NUMBER})
    for path in ("/me", "/bookings", "/trip"):
        await browser.get(path)


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Everything that any logger says, at DEBUG, formatted with its traceback."""
    said: list[str] = []
    lines = JsonLines("web")

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(("httpx", "httpcore")):  # the test's own client
                said.append(self.format(record))
                said.append(lines.format(record))

    keep, root = Keep(logging.DEBUG), logging.getLogger()
    before = {None: root.level} | {
        name: logger.level
        for name, logger in logging.Logger.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(keep)
    yield said
    root.removeHandler(keep)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def plain_rows(owner_url: str) -> list[tuple[str, str]]:
    """(table, row as text) of every row that there is."""
    found: list[tuple[str, str]] = []
    with psycopg.connect(owner_url) as tx:
        tables = tx.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY (%s)", [list(_SCHEMAS)]
        ).fetchall()
        for schema, table in tables:
            statement = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table))
            found += [(f"{schema}.{table}", row[0]) for row in tx.execute(statement).fetchall()]
    return found


def kept_files(home: Path, server: TestServer) -> list[Path]:
    """The installation's files, and the database server's logs."""
    with psycopg.connect(server.superuser_url) as tx:
        [[folder]] = tx.execute("SHOW data_directory").fetchall()
    return [path for path in (*home.rglob("*"), *Path(folder).parent.glob("*.log")) if path.is_file()]


async def test_personal_data_stands_in_no_log_no_plain_column_and_no_file(
    make_database: Callable[[], DbUrls],
    database_server: TestServer,
    tmp_path: Path,
    logged: list[str],
) -> None:
    urls = make_database()
    async with api_site(lambda: urls, tmp_path) as site:
        async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
            await cards.issue(
                tx,
                site.app.services.vault,
                type_code="demo",
                now=NOW,
                actor="test",
                card_no=CARD[0],
                pin=CARD[1],
                is_shipped=True,
            )
        who = await live_through_the_api(site)
        await live_through_the_pages(site)
        async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
            await tx.execute("ALTER TABLE booking.booking ADD CHECK (currency <> 'CNY') NOT VALID")
        [slot, *_] = await site.slots("lake")
        failed = await book(site, who, slot["slot_id"])
        assert failed.status_code == 503, failed.text
        metrics = (await site.client.get("/metrics", headers={"Host": "127.0.0.1"})).text
    assert any("CheckViolation" in line for line in logged)  # a fault was logged with its traceback
    secrets = [who.token, urls.app_url.split(":")[2].split("@")[0]]
    for line in [*logged, metrics]:
        assert not sightings(line), line[:400]
        assert not any(secret in line for secret in secrets), line[:400]
    rows = plain_rows(urls.owner_url)
    assert {"booking.booking", "accounts.traveller", "gate.scan", "audit.entry"} <= {
        table for table, _ in rows
    }
    assert [(table, sightings(row)) for table, row in rows if sightings(row) or who.token in row] == []
    kept = kept_files(tmp_path, database_server)
    assert any(path.suffix == ".log" for path in kept)
    for path in kept:
        assert sightings(path.read_bytes().decode("utf-8", "replace")) == [], path
