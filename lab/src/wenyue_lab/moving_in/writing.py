"""Writing everything: the first round of files, the later one, and what is true after each. Uses nothing of `wenyue`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from wenyue_lab.moving_in.destination import attractions, hotels
from wenyue_lab.moving_in.maps import stay_map, ticket_map
from wenyue_lab.moving_in.members import (
    make_members,
    planted_members,
    write_members,
    write_types,
    write_venues,
)
from wenyue_lab.moving_in.model import File, Scale, Truth
from wenyue_lab.moving_in.offers import write_products, write_sessions
from wenyue_lab.moving_in.people import People
from wenyue_lab.moving_in.stays import FrontDesk, Stay, write_stays
from wenyue_lab.moving_in.tickets import Office, Order, write_orders

FIRST: Final = "truth-1"
LATER: Final = "truth-2"
Tell = Callable[[str], None]


class Writer:
    """Writes into a folder. The same seed, scale and day write the same files."""

    def __init__(self, folder: Path, scale: Scale, seed: int, today: date, tell: Tell) -> None:
        self.folder, self.scale, self.today, self._tell = folder, scale, today, tell
        self.chance = Random(seed)  # noqa: S311 - made-up people, no secrets
        self.people = People(self.chance)
        self.truth = Truth(today, [*attractions(self.chance, scale), *hotels(self.chance, scale)])

    def write(self) -> tuple[list[Order], list[Stay]]:
        """The first round."""
        folder, scale, truth = self.folder, self.scale, self.truth
        folder.mkdir(parents=True, exist_ok=True)
        self._tell("venues, card types")
        write_types(folder)
        write_venues(folder, truth, scale)
        write_products(folder, truth, scale)
        write_sessions(folder, truth, scale)
        (folder / "tickets.map.toml").write_text(ticket_map(truth.venues), encoding="utf-8")
        (folder / "stays.map.toml").write_text(stay_map(truth.venues), encoding="utf-8")
        self._tell("members")
        self.members = make_members(self.chance, self.people, scale, self.today)
        file = write_members(
            folder, "members.xlsx", truth, self.members, planted_members(self.people, self.members, scale)
        )
        file.verdicts = {"new": len(self.members), "refused": len(file.refused)}
        self._tell("orders")
        self.office = Office(self.chance, self.people, truth.venues, self.today)
        orders = sorted(
            (self.office.order() for _ in range(scale.orders)), key=lambda one: (one.booked, one.key)
        )
        file = write_orders(folder / "tickets.csv", truth, orders, self.office, scale)
        file.verdicts = {"imported": file.rows - len(file.refused), "refused": len(file.refused)}
        self._tell("stays")
        self.desk = FrontDesk(self.chance, self.people, truth.venues, self.today)
        stays = sorted((self.desk.stay() for _ in range(scale.stays)), key=lambda one: (one.booked, one.key))
        file = write_stays(folder / "stays.csv", truth, stays, self.desk, scale)
        file.verdicts = {"imported": file.rows - len(file.refused), "refused": len(file.refused)}
        record(folder / FIRST, truth)
        return orders, stays


def record(folder: Path, truth: Truth) -> None:
    """The truth as plain JSON: one file of what is few, one of a line for each booking and card."""
    folder.mkdir(exist_ok=True)
    few = {
        "today": truth.today.isoformat(),
        "venues": [asdict(one) for one in truth.venues],
        "products": truth.products,
        "sessions": truth.sessions,
        "files": _files(truth.files),
    }
    (folder / "truth.json").write_text(json.dumps(few, ensure_ascii=False), encoding="utf-8")
    for name, many in (("bookings", truth.bookings), ("cards", truth.cards)):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for one in many.values():
                file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")


def _files(files: Sequence[File]) -> list[dict[str, object]]:
    return [asdict(one) for one in files]
