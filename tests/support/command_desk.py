"""People of every role at every scope who run commands with `--as`, and each command as one that does something when it may."""

import csv
import gzip
import hashlib
import itertools
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
from PIL import Image
from typer import Typer

from tests.support.commands import said_by
from tests.support.traveller_site import DOCUMENT as PERSON
from wenyue.accounts import save_staff
from wenyue.accounts.names import name_key
from wenyue.booking import account_subject
from wenyue.core.clock import utc_now
from wenyue.core.documents import document_candidates
from wenyue.core.duties import AT_POSTS, Duties, Duty, Role
from wenyue.core.personal import Vault
from wenyue.ops import (
    abuse,
    bans,
    changes,
    devices,
    exports,
    holidays,
    imports,
    names,
    pictures,
    record,
    slots,
    staff,
    waiting_rooms,
)
from wenyue.platform.database.db import Tx
from wenyue.platform.keys import load_keys

PASSWORD: Final = "correct horse battery"
POST: Final = "北门"
MAP: Final = Path("examples/hotel-bookings.map.toml")
ROWS: Final = Path("tests/data/hotel-bookings-resort.csv.gz")
TYPE: Final = Path("src/wenyue/cards/types/hainan-annual.json")
_numbers = itertools.count(1)
_APPS: Final[dict[str, Typer]] = {
    "abuse": abuse.app,
    "bans": bans.app,
    "changes": changes.app,
    "devices": devices.app,
    "export": exports.app,
    "holidays": holidays.app,
    "import": imports.app,
    "names": names.app,
    "pictures": pictures.app,
    "record": record.app,
    "room": waiting_rooms.app,
    "slots": slots.app,
    "staff": staff.app,
}


@dataclass(frozen=True, slots=True)
class Clerk:
    """A member of staff with one duty."""

    login: str
    role: Role
    scope: str


class Desk:
    """An installation with people; commands are about the lake unless they are about everything."""

    def __init__(self, owner_url: str, home: Path) -> None:
        self.owner_url, self.folder = owner_url, home
        self.vault = Vault(load_keys(home))
        self.numbers = itertools.count(1)
        self.n = 0
        self.found: dict[str, str] = {}
        self.clerks: list[Clerk] = []

    async def hire(self) -> None:
        """Everybody, with the same password."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            rows = await (await tx.execute("SELECT code, id FROM catalogue.venue")).fetchall()
            venues: dict[str, int] = dict(rows)
            places: dict[str, tuple[int | None, str]] = {
                "destination": (None, ""),
                "own": (venues["lake"], ""),
                "other": (venues["temple"], ""),
                "own post": (venues["lake"], POST),
            }
            for role in Role:
                for scope, place in places.items():
                    if "post" in scope and role not in AT_POSTS:
                        continue
                    login = f"{role}-{scope.replace(' ', '-')}"
                    duties = frozenset({Duty(role, *place)})
                    await self._hire(tx, login, duties)
                    self.clerks.append(Clerk(login, role, scope))
            await self._hire(tx, "colleague", frozenset({Duty(Role.OPERATOR, venues["lake"])}))
            row = await (
                await tx.execute(
                    "INSERT INTO booking.pool (kind, venue_id, on_date, capacity) VALUES ('day', %s, %s, 50) RETURNING on_date",
                    [venues["lake"], utc_now().date() + timedelta(days=500)],
                )
            ).fetchone()
            assert row is not None
            self.found["day"] = row[0].isoformat()
            row = await (
                await tx.execute("SELECT min(id) FROM booking.slot WHERE venue_id = %s", [venues["lake"]])
            ).fetchone()
            assert row is not None
            self.found["slot"] = str(row[0])

    async def _hire(self, tx: Tx, login: str, duties: Duties) -> None:
        now = utc_now()
        await save_staff(tx, self.vault, login=login, password=PASSWORD, duties=duties, now=now, actor="test")

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """As the owner of the database; rows, where it gives any."""
        with psycopg.connect(self.owner_url, autocommit=True) as tx:
            done = tx.execute(statement.encode(), values)
            return done.fetchall() if done.description is not None else []

    def far_day(self) -> str:
        """A day of its own each time, beyond those that are open."""
        return (utc_now().date() + timedelta(days=600 + self.n)).isoformat()

    def run(self, command: str, words: list[str], by: str = "", typed: str = "") -> str:
        """The command, as the server or as somebody."""
        tool, *rest = command.split()
        as_whom = ["--as", by] if by else []
        secret = f"{PASSWORD}\n" if by else ""
        # A document's number is read before the login's password.
        return said_by(_APPS[tool], *rest, *words, *as_whom, typed=typed + secret)

    def newest(self, of: str) -> str:
        """The greatest id of a table."""
        return str(self.ask(f"SELECT max(id) FROM {of}")[0][0])

    def propose(self) -> None:
        """Somebody who runs none of the commands proposed a price; the last line of what is shown is kept, too."""
        words = ["lake", "main", str(self.n), "--from", self.far_day(), "--why", "test"]
        self._by_colleague("slots price", words)
        self.found["shown"] = self.run("changes show", [self.found["change"]]).split()[-1]

    def restrict(self) -> None:
        """… and closed a day, which took effect at once."""
        self._by_colleague("slots close", ["lake", "--from", self.far_day(), "--reason", "大雾"])

    def _by_colleague(self, command: str, words: list[str]) -> None:
        self.run(command, words, by="colleague")
        [(change_id,)] = self.ask("SELECT id FROM changes.change ORDER BY proposed_at DESC, id DESC LIMIT 1")
        self.found["change"] = str(change_id)

    def close_a_day(self) -> None:
        """A closure stands."""
        self.run("slots close", ["lake", "--from", self.far_day(), "--reason", "大雾"])
        self.found["closure"] = self.newest("catalogue.closure")

    def open_room(self) -> None:
        """A waiting room stands in front of the lake."""
        self.found["room"] = f"room-{self.n}"
        self.run("room open", [*self.room_words(), "--venue", "lake"])

    def room_words(self) -> list[str]:
        """Its code, and days of its own."""
        day = self.far_day()
        return [f"room-{self.n}", "--from", day, "--to", day, "--release", "2030-01-01T08:00"]

    def pause_room(self) -> None:
        """… and is paused."""
        self.open_room()
        self.run("room pause", [self.found["room"]])

    def ban(self) -> None:
        """An account is banned."""
        self.ask("DELETE FROM policy.ban")
        self.ask(
            "INSERT INTO policy.ban (subject_key, policy_code, until, reason)"
            " VALUES (%s, 'gugong', now() + interval '30 days', 'no_show')",
            account_subject(1),
        )

    def note_name(self) -> None:
        """Staff saw a name on somebody's document."""
        [key, *_] = [
            self.vault.person_key(one.key) for one in document_candidates(PERSON, today=utc_now().date())
        ]
        name = name_key(self.vault, key, f"假{self.n}")
        self.found["name"] = name.hex()[:12]
        self.ask(
            "INSERT INTO accounts.known_name (person_key, name_key, added_at, seen_at, seen_by, noted_at)"
            " VALUES (%s, %s, now(), now(), 7, now())",
            key,
            name,
        )

    def block(self) -> None:
        """An address is blocked."""
        self.run("abuse block", ["guessed-secrets", self.address(), "--for", "30m", "--why", "test"])
        [(self.found["subject"],)] = self.ask(
            "SELECT subject FROM abuse.finding ORDER BY last_at DESC LIMIT 1"
        )

    def address(self) -> str:
        """One of its own each time."""
        return f"address:203.0.{self.n // 250}.{self.n % 250}"

    def allow_device(self) -> None:
        """A device waits for its code."""
        self.run("devices enrol", ["lake", f"门{self.n}"])
        self.found["device"] = self.newest("accounts.gate_device")

    def hire_keeper(self) -> None:
        """Somebody lets people in at the lake."""
        self.found["keeper"] = f"keeper{self.n}"
        self.run("staff add", [self.found["keeper"], "--duty", "gate@venue:lake"])

    def picture_file(self) -> str:
        """A picture that no venue has yet."""
        path = self.folder / f"picture-{next(_numbers)}.png"
        Image.new("RGB", (360, 240), f"#{hashlib.sha256(path.name.encode()).hexdigest()[:6]}").save(path)
        return str(path)

    def add_picture(self) -> None:
        """The lake has one picture."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute("DELETE FROM catalogue.picture")
        self.add_another()

    def add_another(self) -> None:
        """The lake has one more picture, which is the last."""
        path = self.picture_file()
        self.run("pictures add", ["lake", path])
        self.found["picture"] = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]

    def add_pictures(self) -> None:
        """… and another one before it."""
        self.add_picture()
        self.add_another()

    def venue_file(self) -> str:
        """One venue that is not there yet."""
        path = self.folder / "venues.csv"
        path.write_text(f"province,name,latitude,longitude\n浙江,景区{self.n},30,120\n", encoding="utf-8")
        return str(path)

    def type_file(self) -> str:
        """A card type that is not there yet."""
        shipped = json.loads(TYPE.read_bytes())
        path = self.folder / "type.json"
        path.write_text(json.dumps(shipped | {"code": f"type-{self.n}"}), encoding="utf-8")
        return str(path)

    def product_file(self) -> str:
        """One product that is not there yet."""
        path = self.folder / "products.csv"
        path.write_text(f"场馆,代码,产品名称,价格\nlake,p-{self.n},票{self.n},1\n", encoding="utf-8")
        return str(path)

    def session_file(self) -> str:
        """One session that is not there yet."""
        path, day = self.folder / "sessions.csv", utc_now().date() + timedelta(days=self.n)
        path.write_text(
            f"场馆,产品,日期,开始时间,结束时间,容量\nlake,main,{day},05:11,05:12,1\n", encoding="utf-8"
        )
        return str(path)

    def card_file(self) -> str:
        """One card that is not there yet."""
        path = self.folder / "cards.csv"
        path.write_text(
            f"卡号,卡种,姓名,证件号,到期日期\nQ-{self.n},demo,张演示,{PERSON},2099-12-31\n", encoding="utf-8"
        )
        return str(path)

    def booking_file(self) -> str:
        """One real reservation, each time another."""
        path = self.folder / "bookings.csv"
        with (
            gzip.open(ROWS, "rt", encoding="utf-8") as stream,
            path.open("w", encoding="utf-8", newline="") as out,
        ):
            lines = csv.reader(stream)
            csv.writer(out).writerows([next(lines), next(itertools.islice(lines, self.n, None))])
        return str(path)

    def tidy(self) -> None:
        """Neither proposals nor rooms fill their lists."""
        self.ask("UPDATE waiting_room.room SET closed_at = now() WHERE closed_at IS NULL")
        self.ask("UPDATE changes.change SET state = 'withdrawn', decided_at = now() WHERE state = 'waiting'")
