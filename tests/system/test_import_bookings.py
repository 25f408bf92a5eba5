"""The import of 9,999 real reservations: every row accounted for, counters equal bookings, a killed run continues."""

import asyncio
import csv
import gzip
import io
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, LiteralString

import pytest

from tests.support.database import DbUrls
from wenyue.booking import (
    ChangeKind,
    ChangeRequest,
    Engine,
    Outcome,
    Rulebook,
    availability,
    booking_view,
    importing,
)
from wenyue.core.personal import Vault
from wenyue.imports.bookings import ImportMap, Verdict, read_map
from wenyue.ops.imports import Importer, Options, Summary
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys
from wenyue.policy import HolidayCalendar, shipped_presets

pytestmark = pytest.mark.anyio
WHOLE = Path("tests/data/hotel-bookings-resort.csv.gz")
MAP = Path("examples/hotel-bookings.map.toml")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def database(make_database: Any) -> AsyncIterator[Database]:
    """A fresh database for each test."""
    urls: DbUrls = make_database()
    async with Database(urls.owner_url, size_max=4) as database:
        yield database


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault(load_keys(tmp_path_factory.mktemp("keys")))


@pytest.fixture
def chosen() -> ImportMap:
    return read_map(MAP)


async def scalar(database: Database, statement: LiteralString) -> Any:
    async with database.connection() as tx:
        row = await (await tx.execute(statement)).fetchone()
    return row[0] if row else None


async def run(
    database: Database, vault: Vault, chosen: ImportMap, path: Path = WHOLE, **options: Any
) -> Summary:
    return await Importer(database, vault, chosen, NOW).import_file(path, Options(**options))


async def test_whole_file_is_accounted_for(
    database: Database, vault: Vault, chosen: ImportMap, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    rehearsal = await run(database, vault, chosen, is_dry_run=True)
    assert await scalar(database, "SELECT count(*) FROM booking.booking") == 0
    assert await scalar(database, "SELECT count(*) FROM catalogue.venue") == 0

    summary = await run(database, vault, chosen, report=report)
    assert summary.tally == rehearsal.tally
    assert summary.tally.rows == 9_999
    assert summary.tally.is_complete
    assert summary.tally.verdicts == {Verdict.IMPORTED: 9_992, Verdict.REFUSED: 7}
    assert {reason.value: n for reason, n in summary.tally.reasons.items()} == {"no-guests": 7}

    with report.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["row"]) for line in lines] == list(range(1, 10_000))
    assert len({line["booking_id"] for line in lines if line["booking_id"]}) == 9_992
    assert [entry.name for entry in os.scandir(tmp_path)] == ["report.csv"]

    async with database.connection() as tx:
        states = dict(
            await (await tx.execute("SELECT state, count(*) FROM booking.booking GROUP BY state")).fetchall()
        )
        assert states == {2: 3_661, 3: 6_171, 5: 160}  # came, cancelled, did not come
        assert summary.venue_id is not None
        assert await importing.pools_that_differ(tx, summary.venue_id) == []
        sold = await (await tx.execute("SELECT sum(sold), sum(held) FROM booking.pool")).fetchone()
        live = await (await tx.execute("SELECT sum(quantity) FROM booking.line WHERE is_live")).fetchone()
        assert sold is not None
        assert live is not None
        assert (sold[0], sold[1]) == (live[0], 0)
    assert await scalar(
        database, "SELECT count(*) FROM audit.entry WHERE actor = 'import:hotel-bookings-resort'"
    ) == (9_992 + 1)
    assert await scalar(database, "SELECT count(*) FROM booking.outbox") == 0  # nobody is told again


async def test_nights_and_money_are_those_of_the_file(
    database: Database, vault: Vault, chosen: ImportMap
) -> None:
    """The sums, computed from the file with nothing of ours."""
    await run(database, vault, chosen)
    cents, nights = 0, 0
    with gzip.open(WHOLE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["adults"], row["children"], row["babies"]) == ("0", "0", "0"):
                continue
            stay = int(row["stays_in_weekend_nights"]) + int(row["stays_in_week_nights"])
            nights += stay if row["reservation_status"] != "Canceled" else 0
            whole, _, part = row["adr"].partition(".")
            cents += (int(whole) * 100 + int(part.ljust(2, "0")[:2] or 0)) * max(1, stay)
    assert await scalar(database, "SELECT sum(total_minor)::bigint FROM booking.booking") == cents
    assert (
        await scalar(
            database,
            "SELECT sum(l.quantity)::bigint FROM booking.line l JOIN catalogue.product p ON p.id = l.product_id"
            " WHERE l.is_live AND p.kind = 'night'",
        )
        == nights
    )


async def test_second_run_writes_nothing(database: Database, vault: Vault, chosen: ImportMap) -> None:
    await run(database, vault, chosen)
    before = await scalar(database, "SELECT max(id) FROM audit.entry")
    again = await run(database, vault, chosen, batch=777)
    assert again.tally.verdicts == {Verdict.ALREADY: 9_992, Verdict.REFUSED: 7}
    assert await scalar(database, "SELECT count(*) FROM booking.booking") == 9_992
    assert await scalar(database, "SELECT max(id) FROM audit.entry") == before


async def test_full_dates_refuse_and_never_oversell(
    database: Database, vault: Vault, chosen: ImportMap
) -> None:
    """With 40 rooms of type A where 98 were in use, the rest is refused by name; the dry run foretells it exactly."""
    tight = replace(chosen, products=chosen.products | {"A": replace(chosen.products["A"], capacity=40)})
    foretold = await run(database, vault, tight, is_dry_run=True)
    summary = await run(database, vault, tight)
    assert summary.tally == foretold.tally
    assert summary.tally.is_complete
    assert {reason.value for reason in summary.tally.reasons} == {"no-guests", "sold-out"}
    most = await scalar(
        database,
        "SELECT max(p.sold) FROM booking.pool p JOIN catalogue.product c ON c.id = p.product_id WHERE c.code = 'room-a'",
    )
    assert most == 40
    async with database.connection() as tx:
        assert summary.venue_id is not None
        assert await importing.pools_that_differ(tx, summary.venue_id) == []
    again = await run(database, vault, tight)  # what was refused stays refused, with the same reason
    assert again.tally.reasons == summary.tally.reasons


async def test_two_importers_at_once_make_one_import(
    database: Database, vault: Vault, chosen: ImportMap
) -> None:
    """Somebody starts it twice: each row is imported by exactly one of the two."""
    first, second = await asyncio.gather(
        run(database, vault, chosen, batch=200), run(database, vault, chosen, batch=330)
    )
    assert first.tally.is_complete
    assert second.tally.is_complete
    imported = first.tally.verdicts[Verdict.IMPORTED] + second.tally.verdicts[Verdict.IMPORTED]
    assert imported == await scalar(database, "SELECT count(*) FROM booking.booking") == 9_992
    async with database.connection() as tx:
        assert first.venue_id is not None
        assert await importing.pools_that_differ(tx, first.venue_id) == []


async def test_a_row_that_was_cancelled_since_cancels_its_booking(
    database: Database, vault: Vault, chosen: ImportMap, tmp_path: Path
) -> None:
    keyed = replace(chosen, key_columns=("agent",))
    with gzip.open(WHOLE, "rt", encoding="utf-8", newline="") as file:
        header, row = [next(file) for _ in range(2)]
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text(header + row.replace("NULL,NULL", "A-17,NULL"), encoding="utf-8")
    second.write_text(
        header + row.replace("NULL,NULL", "A-17,NULL").replace("Check-Out", "Canceled"), encoding="utf-8"
    )
    assert (await run(database, vault, keyed, first)).tally.verdicts == {Verdict.IMPORTED: 1}
    assert (await run(database, vault, keyed, second)).tally.verdicts == {Verdict.CANCELLED: 1}
    assert await scalar(database, "SELECT state FROM booking.booking") == 3


async def test_a_stay_reads_back_as_a_booking(
    database: Database, vault: Vault, chosen: ImportMap, tmp_path: Path
) -> None:
    """Row 3 of the file: one night from 1 July 2015 at 75.00, booked 7 days before, one adult from Great Britain."""
    with gzip.open(WHOLE, "rt", encoding="utf-8", newline="") as file:
        lines = [next(file) for _ in range(4)]
    path = tmp_path / "one.csv"
    path.write_text(lines[0] + lines[3], encoding="utf-8")
    await run(database, vault, chosen, path)
    async with database.connection() as tx:
        row = await (await tx.execute("SELECT id, party FROM booking.booking")).fetchone()
        assert row is not None
        assert b"GBR" not in row[1]  # sealed
        view = await booking_view(tx, vault, row[0])
    assert view is not None
    assert view.created_at.date() == date(2015, 6, 24)
    assert view.total_minor == 7_500
    assert view.currency == "EUR"
    assert "country GBR" in view.party.note
    (line,) = view.lines
    assert (line.on_date, line.product["zh-CN"], line.redeemed) == (date(2015, 7, 1), "A 型客房", 1)


_SCRIPT = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from wenyue.application.bring_bookings import WRITING
from wenyue.platform.keys import load_keys
from wenyue.platform.database.db import Database
from wenyue.core.personal import Vault
from wenyue.policy import HolidayCalendar, shipped_presets
from wenyue.imports.bookings import read_map
from wenyue.ops.imports import Importer, Options

def tell(phase, done, total):
    if phase == WRITING:
        print(done, flush=True)

async def main(url, home):
    async with Database(url, size_max=4) as database:
        vault, chosen = Vault(load_keys(Path(home))), read_map(Path(sys.argv[3]))
        await Importer(database, vault, chosen, datetime.now(UTC), tell).import_file(Path(sys.argv[4]), Options(batch=50))

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def killed_run(url: str, home: Path) -> None:
    """An import in a process of its own that dies by SIGKILL once it has reported 1,000 rows."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, url, str(home), str(MAP), str(WHOLE)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    done = 0
    while done < 1_000 and (line := process.stdout.readline()):
        done = int(line)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    process.stdout.close()
    assert done >= 1_000


CHINESE = """预订号,下单时间,入住日期,离店日期,房型,间数,成人,儿童,总价,状态,更新时间
A1,2026-02-20 09:12:00,2026-05-01,2026-05-04,大床房,1,2,无,1000.00,已预订,2026-02-20 09:12:00
A2,2026-02-21 10:00:00,2026/05/01,2026/05/02,大床房,1,2,1,400,已预订,2026-02-21 10:00:00
A3,2026-02-22 11:30:00,2026年5月1日,2026年5月2日,大床房,1,1,0,400,已预订,2026-02-22 11:30:00
A4,2026-01-02,2026-01-05,2026-01-07,双床房,2,4,0,1200,已离店,2026-01-07
A5,2026-01-03,2026-01-06,2026-01-07,双床房,1,2,0,300,已取消,2026-01-04
A1,2026-01-03,2026-01-06,2026-01-07,双床房,1,2,0,300,未到店,2026-01-06
A6,2026-01-03,2026-02-30,2026-03-01,双床房,1,2,0,300,未到店,2026-01-06
"""


async def test_chinese_export_with_bookings_to_come(database: Database, vault: Vault, tmp_path: Path) -> None:
    """GB18030, own keys, three spellings of dates, two king rooms wanted three times; what is to come can be cancelled."""
    path, report = tmp_path / "导出.csv", tmp_path / "report.csv"
    path.write_bytes(CHINESE.encode("gb18030"))
    summary = await run(database, vault, read_map(Path("examples/chinese-pms.map.toml")), path, report=report)
    assert summary.sheet.encoding == "gb18030"
    assert summary.tally.is_complete
    lines = list(csv.DictReader(io.StringIO(report.read_text(encoding="utf-8-sig"))))
    assert [(line["verdict"], line["reason"], line["column"]) for line in lines] == [
        ("imported", "", ""),
        ("imported", "", ""),
        ("refused", "sold-out", ""),
        ("imported", "", ""),
        ("imported", "", ""),
        ("refused", "key-twice", "预订号"),
        ("refused", "bad-date", "入住日期"),
    ]
    totals = "SELECT array_agg(total_minor ORDER BY source_key) FROM booking.booking"
    assert await scalar(database, totals) == [100_000, 40_000, 120_000, 30_000]
    nights = (
        "SELECT array_agg(l.price_minor ORDER BY l.line_no)"
        " FROM booking.line l JOIN booking.booking b ON b.id = l.booking_id WHERE b.source_key = 'k:A1'"
    )
    assert await scalar(database, nights) == [33_334, 33_333, 33_333]

    product_id = await scalar(database, "SELECT id FROM catalogue.product WHERE code = 'king'")
    day = date(2026, 5, 1)
    async with database.connection() as tx:
        assert [view.left for view in await availability(tx, product_id, day, day, NOW)] == [0]
    booking_id = await scalar(database, "SELECT id FROM booking.booking WHERE source_key = 'k:A2'")
    engine = Engine(
        database,
        Rulebook(card_types={}, presets=shipped_presets(), calendar=HolidayCalendar()),
        clock=lambda: NOW,
    )
    await engine.start()
    answer = await engine.change(ChangeRequest(ChangeKind.CANCEL, booking_id, "staff:1"))
    await engine.drain()
    assert answer.outcome is Outcome.CANCELLED
    async with database.connection() as tx:
        assert [view.left for view in await availability(tx, product_id, day, day, NOW)] == [1]
        assert summary.venue_id is not None
        assert await importing.pools_that_differ(tx, summary.venue_id) == []


@pytest.mark.slow
async def test_killed_run_continues_without_duplicates(
    make_database: Any, vault: Vault, chosen: ImportMap, tmp_path: Path
) -> None:
    """`kill -9` after some batches; the next run finds them by their keys and adds the rest."""
    urls: DbUrls = make_database()
    await asyncio.to_thread(killed_run, urls.owner_url, tmp_path)
    async with Database(urls.owner_url, size_max=4) as database:
        written = await scalar(database, "SELECT count(*) FROM booking.booking")
        assert 900 <= written < 9_992
        summary = await run(database, vault, chosen)
        assert summary.tally.verdicts[Verdict.ALREADY] == written
        assert summary.tally.verdicts[Verdict.IMPORTED] == 9_992 - written
        keys = await scalar(database, "SELECT count(DISTINCT source_key) FROM booking.booking")
        assert keys == await scalar(database, "SELECT count(*) FROM booking.booking") == 9_992
        async with database.connection() as tx:
            assert summary.venue_id is not None
            assert await importing.pools_that_differ(tx, summary.venue_id) == []


def test_identical_rows_are_counted_not_merged() -> None:
    """The file really has 2,453 rows that repeat an earlier one word for word: group rooms. Each is a reservation."""
    with gzip.open(WHOLE, "rt", encoding="utf-8", newline="") as file:
        counts = Counter(file.read().splitlines()[1:])
    assert sum(n - 1 for n in counts.values()) == 2_453
