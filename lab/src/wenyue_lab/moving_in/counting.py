"""The count: what the writer recorded as true beside what is in the database and in the reports. A program of its own.

    python -m wenyue_lab.moving_in.counting FOLDER TRUTH        (the database's address in WENYUE_COUNTED)

It shares no code with `wenyue` and none with the writer: it reads plain JSON and CSV, and asks plain SQL. Prints a JSON object a
line for each thing that is counted, and ends with status 1 when any differs.
"""

import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg

_STATES = {"confirmed": 2, "redeemed": 2, "cancelled": 3, "no-show": 5}
_CARDS = {"shipped": 2, "active": 3, "frozen": 4, "cancelled": 6, "expired": 7}
_SHOWN = 5


class Count:
    """One count of one installation."""

    def __init__(self, folder: Path, truth: str, tx: psycopg.Connection) -> None:
        self.folder, self.tx, self.is_equal = folder, tx, True
        self.few: dict[str, Any] = json.loads((folder / truth / "truth.json").read_text(encoding="utf-8"))
        self.bookings = list(_lines(folder / truth / "bookings.jsonl"))
        self.cards = {one["no"]: one for one in _lines(folder / truth / "cards.jsonl")}
        self.exported = folder / f"{truth}-cards.csv"

    def ask(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        """What the database says."""
        return self.tx.execute(statement).fetchall()

    def compare(self, what: str, expected: dict[Any, Any], found: dict[Any, Any]) -> None:
        """Print whether both are the same, and the first that differ."""
        differ = [one for one in expected.keys() | found.keys() if expected.get(one) != found.get(one)]
        self.is_equal &= not differ
        shown = [
            f"{one}: {expected.get(one)} != {found.get(one)}" for one in sorted(differ, key=str)[:_SHOWN]
        ]
        said = {"what": what, "counted": len(expected), "differ": len(differ), "first": shown}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")

    def venues(self) -> None:
        """Venues by code, with kind and province."""
        said = {one["code"]: (one["kind"], one["province"], one["name"]) for one in self.few["venues"]}
        rows = self.ask("SELECT code, kind, province, name ->> 'zh-CN' FROM catalogue.venue")
        self.compare("venues", said, {code: tuple(rest) for code, *rest in rows})

    def offers(self) -> None:
        """Products with their prices, and the places of every session to come that was listed."""
        rows = self.ask(
            "SELECT v.code || '/' || p.code, p.price_minor FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id"
        )
        self.compare("products and prices", self.few["products"], dict(cast("list[tuple[str, int]]", rows)))
        said: dict[tuple[str, str, str, str], int] = {}
        for venue, product, first, last, begins, capacity in self.few["sessions"]:
            day = date.fromisoformat(first)
            while day <= date.fromisoformat(last):
                said[venue, product, day.isoformat(), begins] = capacity
                day += timedelta(days=1)
        rows = self.ask(
            "SELECT v.code, p.code, s.on_date::text, to_char(s.starts_at AT TIME ZONE v.timezone, 'HH24:MI'), o.capacity"
            " FROM booking.slot s JOIN booking.pool o ON o.id = s.pool_ids[1] JOIN catalogue.venue v ON v.id = s.venue_id"
            " JOIN catalogue.product p ON p.id = s.product_id"
        )
        found = {tuple(key): n for *key, n in rows if str(key[2]) > self.few["today"]}
        self.compare("places of sessions to come", said, found)

    def by_state_and_venue(self) -> None:
        """Bookings and money by venue and state, and every key once."""
        number, money = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
        for one in self.bookings:
            number[one["venue"], _STATES[one["state"]]] += 1
            money[one["venue"], _STATES[one["state"]]] += one["total_minor"]
        rows = self.ask(
            "SELECT v.code, b.state, count(*), sum(b.total_minor)::bigint FROM booking.booking b JOIN catalogue.venue v ON"
            " v.id = (SELECT l.venue_id FROM booking.line l WHERE l.booking_id = b.id LIMIT 1)"
            " WHERE b.source IS NOT NULL GROUP BY 1, 2"
        )
        self.compare(
            "bookings by venue and state", dict(number), {(code, state): n for code, state, n, _ in rows}
        )
        self.compare(
            "money by venue and state", dict(money), {(code, state): sum_ for code, state, _, sum_ in rows}
        )
        said = Counter((one["source"], f"k:{one['key']}") for one in self.bookings)
        rows = self.ask(
            "SELECT source, source_key, count(*) FROM booking.booking WHERE source IS NOT NULL GROUP BY 1, 2"
        )
        self.compare("keys, each once", dict(said), {(source, key): n for source, key, n in rows})

    def places(self) -> None:
        """Held and sold of every pool are its live lines; live places by session are those of the files."""
        said = Counter[tuple[str, str, str, str]]()
        for one in self.bookings:
            if one["state"] != "cancelled":
                for day, begins, places in one["used"]:
                    said[one["venue"], one["product"], day, begins] += places
        rows = self.ask(
            "SELECT v.code, p.code, s.on_date::text, to_char(s.starts_at AT TIME ZONE v.timezone, 'HH24:MI'), o.sold + o.held"
            " FROM booking.slot s JOIN booking.pool o ON o.id = s.pool_ids[1] JOIN catalogue.venue v ON v.id = s.venue_id"
            " JOIN catalogue.product p ON p.id = s.product_id WHERE o.sold + o.held > 0"
        )
        self.compare("places by session and night", dict(said), {tuple(key): n for *key, n in rows})
        rows = self.ask(
            "SELECT o.id, o.sold + o.held, coalesce(sum(l.quantity), 0)::bigint FROM booking.pool o LEFT JOIN"
            " (SELECT unnest(pool_ids) AS pool_id, quantity FROM booking.line WHERE is_live) l ON l.pool_id = o.id GROUP BY 1"
        )
        self.compare(
            "held and sold of each pool are its live lines",
            {one: n for one, _, n in rows},
            {one: n for one, n, _ in rows},
        )

    def people(self) -> None:
        """Named places and admissions by venue."""
        named, came = Counter[str](), Counter[str]()
        for one in self.bookings:
            named[one["venue"]] += one["named"]
            came[one["venue"]] += one["came"]
        rows = self.ask(
            "SELECT v.code, count(*) FROM booking.place p JOIN booking.line l USING (booking_id, line_no)"
            " JOIN catalogue.venue v ON v.id = l.venue_id WHERE p.is_live GROUP BY 1"
        )
        self.compare("named places by venue", +named, dict(cast("list[tuple[str, int]]", rows)))
        rows = self.ask(
            "SELECT v.code, count(*) FROM booking.redemption r"
            " JOIN booking.line l USING (booking_id, line_no) JOIN catalogue.venue v ON v.id = l.venue_id"
            " WHERE r.undone_at IS NULL GROUP BY 1"
        )
        self.compare("admissions by venue", +came, dict(cast("list[tuple[str, int]]", rows)))

    def members(self) -> None:
        """Every card: type, state, last day, companions, what is left; and the holders by `wenyue export cards`."""
        said = {
            no: (
                one["type_code"],
                _CARDS[one["state"]],
                one["valid_to"],
                one["companions"],
                {int(k): v for k, v in one["left"].items()},
            )
            for no, one in self.cards.items()
        }
        left: dict[str, dict[int, int]] = {}
        for no, entitlement, n in self.ask(
            "SELECT c.card_no, e.no, e.granted - e.used FROM cards.card c JOIN cards.entitlement e ON e.card_id = c.id"
        ):
            left.setdefault(no, {})[entitlement] = n
        rows = self.ask(
            "SELECT c.card_no, c.type_code, c.state, coalesce(c.valid_to::text, ''),"
            " (SELECT count(*) FROM cards.companion p WHERE p.card_id = c.id AND p.removed_at IS NULL) FROM cards.card c"
        )
        self.compare("cards", said, {no: (*rest, left.get(no, {})) for no, *rest in rows})
        held = {(one["name"], one["number"], one["phone"]) for one in self.cards.values() if one["name"]}
        [(holders,)] = self.ask("SELECT count(DISTINCT holder_id) FROM cards.card")
        self.compare("holders", {"holders": len(held)}, {"holders": holders})
        with self.exported.open(encoding="utf-8-sig", newline="") as file:
            out = {
                one["卡号"].lstrip("'"): (one["姓名"], one["证件号"].lstrip("'"), one["手机"][-11:])
                for one in csv.DictReader(file)
            }
        said_of = {no: (one["name"], one["number"], one["phone"]) for no, one in self.cards.items()}
        self.compare("holders as they are exported", said_of, out)

    def reports(self) -> None:
        """Of each file: exactly the planted rows were refused, for the planted reasons; the verdicts of all; what is gone."""
        for file in self.few["files"]:
            refused, verdicts, gone = dict[int, str](), Counter[str](), 0
            path = self.folder / f"{file['name']}.report.csv"
            with path.open(encoding="utf-8-sig", newline="") as lines:
                for one in csv.DictReader(lines):
                    if one["verdict"] == "gone":
                        gone += 1
                        continue
                    verdicts[one["verdict"]] += 1
                    if one["verdict"] == "refused":
                        refused[int(one["line"])] = one["reason"]
            said = {int(line): reason for line, reason in file["refused"].items()}
            self.compare(f"{file['name']}: refused rows and reasons", said, refused)
            self.compare(
                f"{file['name']}: verdicts", {k: v for k, v in file["verdicts"].items() if v}, dict(verdicts)
            )
            if file["kind"] in {"cards", "tickets", "stays"}:
                self.compare(f"{file['name']}: gone", {"gone": file["gone"]}, {"gone": gone})


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def main() -> None:
    """The count of what the arguments name."""
    folder, truth = Path(sys.argv[1]), sys.argv[2]
    with psycopg.connect(os.environ["WENYUE_COUNTED"]) as tx:
        count = Count(folder, truth, tx)
        for counted in (
            count.venues,
            count.offers,
            count.by_state_and_venue,
            count.places,
            count.people,
            count.members,
            count.reports,
        ):
            counted()
    sys.exit(0 if count.is_equal else 1)


if __name__ == "__main__":
    main()
