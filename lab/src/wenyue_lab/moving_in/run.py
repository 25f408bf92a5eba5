"""The whole move: write, import, count, sell; each step told as it is done."""

import json
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wenyue.platform.embedded_server import erase
from wenyue_lab.moving_in.follow_up import write_later
from wenyue_lab.moving_in.programs import House, Ran
from wenyue_lab.moving_in.selling import Shop
from wenyue_lab.moving_in.writing import FIRST, LATER, Writer

Tell = Callable[[str], None]


@dataclass(slots=True)
class Moved:
    """What was measured, counted and sold. `counts`: what, how many values, how many differ, the first that do."""

    ran: list[Ran] = field(default_factory=list[Ran])
    counts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    sold: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def is_equal(self) -> bool:
        """Everything that was counted is as it was written."""
        return bool(self.counts) and not any(one["differ"] for one in self.counts)


def move_in(writer: Writer, tell: Tell, meanwhile: Callable[[House], None] = lambda _: None) -> Moved:
    """Into the writer's folder, which is emptied. `meanwhile` is called before anything is sold, for tests.

    Raises SetupError when a command fails, NotSold when what came in does not sell.
    """
    moved, folder = Moved(), writer.folder
    with _home(folder) as home:
        house = House(home, folder, tell)
        orders, stays = writer.write()
        with house.up():
            house.run("import", "card-types", "city-annual.json", "city-family.json")
            for name, words in {
                "venues.xlsx": ("venues",), "products.xlsx": ("products",), "sessions.csv": ("sessions",),
                "members.xlsx": ("cards",),
                "tickets.csv": ("bookings", "--map", "tickets.map.toml"),
                "stays.csv": ("bookings", "--map", "stays.map.toml"),
            }.items():  # fmt: skip
                _bring(house, name, *words)
            moved.counts += _count(house, FIRST)
            write_later(writer, orders, stays)
            _bring(house, "members-later.xlsx", "cards")
            _bring(house, "tickets-later.csv", "bookings", "--map", "tickets.map.toml")
            _bring(house, "stays-later.csv", "bookings", "--map", "stays.map.toml")
            moved.counts += _count(house, LATER)
            meanwhile(house)
            moved.sold = _sell(house, writer, tell)
    moved.ran = house.ran
    moved.files = {
        one.name: one.stat().st_size for one in sorted(folder.iterdir()) if one.suffix in {".csv", ".xlsx"}
    }
    return moved


@contextmanager
def _home(folder: Path) -> Generator[Path]:
    """An installation's home in the folder, erased at the end; the files stay."""
    home = folder / "home"
    if folder.exists():
        erase(home)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        yield home
    finally:
        erase(home)
        shutil.rmtree(home, ignore_errors=True)


def _bring(house: House, name: str, kind: str, *more: str) -> None:
    house.run(
        "import",
        kind,
        name,
        *more,
        "--report",
        f"{name}.report.csv",
        "--refused",
        f"{name}.refused{Path(name).suffix}",
    )


def _count(house: House, truth: str) -> list[dict[str, Any]]:
    house.run("export", "cards", f"{truth}-cards.csv")
    lines = house.count(truth).splitlines()
    counts: list[dict[str, Any]] = [json.loads(line) for line in lines if line.startswith("{")]
    for one in counts:
        house.tell(
            f"{'=' if not one['differ'] else '!'} {one['what']}: {one['counted']} {one['first'] or ''}"
        )
    if len(counts) < len(lines):
        house.tell("\n".join(lines[-5:]))
    return counts or [{"what": "the count failed", "counted": 0, "differ": 1, "first": lines[-5:]}]


def _sell(house: House, writer: Writer, tell: Tell) -> dict[str, str]:
    """Over the public interface."""
    shop, venues, today = Shop(house, writer.today), writer.truth.venues, writer.today.isoformat()
    card = shop.sign_in([one for one in writer.members if writer.truth.cards[one.card.no] is one.card])
    sold = {"holder": f"card {card['card_no'][:4]}…, {card['type']}"}
    sold["visit"] = shop.book_visit([one.code for one in venues if one.kind == "attraction"], card)
    sold["night"] = shop.book_night([one.code for one in venues if one.kind == "hotel"])
    coming = [
        one for one in writer.truth.bookings.values()
        if one.source == "old-tickets" and one.state == "confirmed" and one.used[0][0] == today
    ]  # fmt: skip
    sold["gate"] = shop.find_at_gate(coming, lambda key: f"yd {key[2:]}")
    for what, words in sold.items():
        tell(f"{what}: {words}")
    return sold
