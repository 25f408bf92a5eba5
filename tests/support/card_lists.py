"""Lists of cards, brought into a database of the test as the command does it, and what is there afterwards."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.support.api_site import TODAY, Person
from tests.support.card_desk import Desk
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW
from wenyue.core.ids import uuid7
from wenyue.core.personal import Vault
from wenyue.imports.column_maps import guessed_map, read_column_map
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.mapping import ColumnMap
from wenyue.imports.reading import Sheet, open_sheet
from wenyue.ops.acting_as import SERVER, Acting
from wenyue.ops.imports.card_run import CardImporter, CardSummary, Options
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys

HEADER: Final = "卡号,卡种,姓名,身份证号,手机,生效日期,到期日期,状态,剩余次数"
ZHANG: Final = "A-1001,demo,张演示,11010519491231002X,13800138000,2026-01-01,2026-12-31,正常,2:6"
WANG: Final = "A-1002,demo,王大同,110101198003078115,13900139000,2026-01-01,2026-12-31,挂失,2:10"


def list_of(*rows: str, header: str = HEADER) -> str:
    """A file's text."""
    return "\n".join((header, *rows)) + "\n"


@dataclass
class CardLists:
    """An installation that lists are brought into. `now`: of what is brought next."""

    urls: DbUrls
    home: Path
    folder: Path
    now: datetime = NOW
    heard: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])

    @property
    def vault(self) -> Vault:
        """Its keys."""
        return Vault(load_keys(self.home))

    async def bring(
        self,
        content: str | bytes | Path,
        *,
        map_text: str = "",
        progress: Callable[[str, int, int], None] | None = None,
        **options: Any,
    ) -> CardSummary:
        """One import; `map_text` empty: the columns are guessed."""
        sheet, chosen = self._understood(content, map_text)

        def hear(phase: str, done: int, total: int) -> None:
            self.heard.append((phase, done, total))

        async with Database(self.urls.owner_url, size_max=4, keeps=0) as database:
            works = Acting(database, self.vault, lambda: self.now)
            importer = CardImporter(works, SERVER, chosen, sheet, locale="en", progress=progress or hear)
            return await importer.import_file(Options(**options))

    def _understood(self, content: str | bytes | Path, map_text: str) -> tuple[Sheet, ColumnMap]:
        path = content if isinstance(content, Path) else self.folder / "cards.csv"
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        if not map_text:
            sheet = open_sheet(path, known_names(Kind.CARDS))
            return sheet, guessed_map(sheet, Kind.CARDS, self.now.date())[0]
        map_path = self.folder / "cards.map.toml"
        map_path.write_text(map_text, encoding="utf-8")
        chosen = read_column_map(map_path, Kind.CARDS)
        return open_sheet(path, known_names(Kind.CARDS), chosen.options), chosen

    async def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database says."""
        async with await psycopg.AsyncConnection.connect(self.urls.owner_url, autocommit=True) as tx:
            return await (await tx.execute(query, values or None)).fetchall()  # pyright: ignore[reportArgumentType]

    async def cards(self) -> list[tuple[Any, ...]]:
        """(number, type, state, first, last day) of every card that an import brought, by number."""
        return await self.ask(
            "SELECT c.card_no, c.type_code, c.state, c.valid_from, c.valid_to FROM cards.card c"
            " JOIN cards.imported i ON i.card_id = c.id ORDER BY c.card_no"
        )


def outcomes(summary: CardSummary) -> dict[str, int]:
    """How many rows became what; they add up to the rows of the file."""
    assert summary.is_complete
    return {verdict.value: n for verdict, n in summary.verdicts.items()}


async def sign_in(desk: Desk, name: str, number: str, phone: str) -> Person:
    """The way in of whoever has no PIN: document, name, and a code to the phone on file."""
    request_id = str(uuid7())
    about = {"name": name, "number": number, "phone": phone, "is_lost": False}
    assert (await desk.post("/v1/cards/lost", {"id": request_id} | about)).status_code == 202
    code = re.search(r"\d{6}", await desk.deliver())
    assert code is not None
    signed = await desk.post(f"/v1/cards/lost/{request_id}/code", {"code": code[0], "is_lost": False})
    assert signed.status_code == 201, signed.text
    found = signed.json()
    return Person(found["token"], found["holder_id"], name=name, number=number)


async def held(desk: Desk, who: Person) -> list[dict[str, Any]]:
    """The cards of whoever is signed in."""
    return (await desk.site.client.get("/v1/session", headers=who.headers)).json()["cards"]


async def book(desk: Desk, who: Person, card_id: int, venue: str = "lake", day: date = TODAY) -> str:
    """The outcome of a place that the card pays for."""
    slot = (await desk.site.slots(venue, day))[0]
    line: dict[str, Any] = {"slot_id": slot["slot_id"], "visitors": [0], "on_card": True}
    if venue == "inn":
        line |= {"visitors": [], "quantity": 1}
    return (await desk.site.book(who, slot["slot_id"], lines=[line], card_id=card_id)).json()["outcome"]


async def scan(desk: Desk, presented: str) -> dict[str, Any]:
    """What the gate at the lake says."""
    gate = await desk.site.staff()
    body = {"scan_id": str(uuid7()), "venue": "lake", "gate": "北门", "presented": presented}
    return (await desk.post("/v1/gate/scans", body, gate)).json()
