"""How each command that somebody signs in for is typed, what it changes, and who may run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support.command_desk import MAP, PERSON, Clerk, Desk
from wenyue.core.duties import RIGHTS, Right


@dataclass(frozen=True, slots=True)
class Order:
    """One command as it is typed. `of_all`: only for somebody of the whole destination."""

    words: Callable[[Desk], list[str]]
    changes: frozenset[str]
    ready: Callable[[Desk], None] = lambda _: None
    of_all: bool = False
    typed: str = ""


def may_run(order: Order, right: Right, clerk: Clerk) -> bool:
    """What the table of rights says, worked out by itself."""
    if clerk.role not in RIGHTS[right]:
        return False
    return clerk.scope == "destination" if order.of_all else clerk.scope != "other"


_PROPOSED: Final = frozenset({"changes.change"})
_ROOM: Final = frozenset({"waiting_room.room"})
ORDERS: Final[dict[str, Order]] = {
    "slots close": Order(
        lambda desk: ["lake", "--from", desk.far_day(), "--reason", "大雾"], _PROPOSED | {"catalogue.closure"}
    ),
    "slots lift": Order(lambda desk: [desk.found["closure"], "--why", "test"], _PROPOSED, Desk.close_a_day),
    "slots price": Order(
        lambda desk: ["lake", "main", str(desk.n), "--from", desk.far_day(), "--why", "test"], _PROPOSED
    ),
    "slots capacity": Order(lambda desk: [desk.found["slot"], str(900 + desk.n), "--why", "test"], _PROPOSED),
    "slots day": Order(
        lambda desk: ["lake", desk.found["day"], str(900 + desk.n), "--why", "test"], _PROPOSED
    ),
    "changes approve": Order(
        lambda desk: [desk.found["change"], "--shown", desk.found["shown"]],
        _PROPOSED | {"audit.entry"},
        Desk.propose,
    ),
    "changes decline": Order(lambda desk: [desk.found["change"]], _PROPOSED | {"audit.entry"}, Desk.propose),
    "changes review": Order(lambda desk: [desk.found["change"]], _PROPOSED | {"audit.entry"}, Desk.restrict),
    "holidays set": Order(
        lambda desk: [desk.far_day(), "holiday", "国庆节", "--source", "通知"],
        _PROPOSED,
        of_all=True,
    ),
    "room open": Order(lambda desk: [*desk.room_words(), "--venue", "lake"], _ROOM),
    "room pause": Order(lambda desk: [desk.found["room"]], _ROOM, Desk.open_room),
    "room resume": Order(lambda desk: [desk.found["room"]], _ROOM, Desk.pause_room),
    "room tell": Order(lambda desk: [desk.found["room"], "马上开始"], _ROOM, Desk.open_room),
    "room rate": Order(lambda desk: [desk.found["room"], "7"], _ROOM, Desk.open_room),
    "room close": Order(lambda desk: [desk.found["room"]], _ROOM, Desk.open_room),
    "bans lift": Order(
        lambda _: ["account:1", "--why", "test"],
        frozenset({"policy.ban", "audit.entry"}),
        Desk.ban,
        of_all=True,
    ),
    "names strike": Order(
        lambda desk: [desk.found["name"], "--why", "test"],
        frozenset({"accounts.known_name", "audit.entry"}),
        Desk.note_name,
        of_all=True,
        typed=f"{PERSON}\n",
    ),
    "abuse block": Order(
        lambda desk: ["guessed-secrets", desk.address(), "--for", "30m", "--why", "test"],
        frozenset({"abuse.finding", "audit.entry"}),
        of_all=True,
    ),
    "abuse lift": Order(
        lambda desk: ["guessed-secrets", desk.found["subject"], "--why", "test"],
        frozenset({"abuse.finding", "audit.entry"}),
        Desk.block,
        of_all=True,
    ),
    "abuse set": Order(
        lambda desk: ["many-persons", str(100 + desk.n)],
        frozenset({"abuse.rule", "audit.entry"}),
        of_all=True,
    ),
    "record list": Order(lambda _: ["--what", "staff"], frozenset({"audit.entry"}), of_all=True),
    "import venues": Order(
        lambda desk: [desk.venue_file()], frozenset({"catalogue.venue", "audit.entry"}), of_all=True
    ),
    "import card-types": Order(
        lambda desk: [desk.type_file()], frozenset({"cards.card_type", "audit.entry"}), of_all=True
    ),
    "import products": Order(
        lambda desk: [desk.product_file()], frozenset({"catalogue.product", "audit.entry"}), of_all=True
    ),
    "import sessions": Order(
        lambda desk: [desk.session_file()],
        frozenset({"booking.slot", "booking.pool", "audit.entry"}),
        of_all=True,
    ),
    "import cards": Order(
        lambda desk: [desk.card_file()],
        frozenset({"cards.card", "cards.imported", "audit.entry"}),
        of_all=True,
    ),
    "pictures add": Order(
        lambda desk: ["lake", desk.picture_file()],
        frozenset({"catalogue.picture", "catalogue.picture_file", "audit.entry"}),
    ),
    "pictures remove": Order(
        lambda desk: ["lake", desk.found["picture"]],
        frozenset({"catalogue.picture", "catalogue.picture_file", "audit.entry"}),
        Desk.add_picture,
    ),
    "pictures order": Order(
        lambda desk: ["lake", desk.found["picture"]],
        frozenset({"catalogue.picture", "audit.entry"}),
        Desk.add_pictures,
    ),
    "export cards": Order(
        lambda desk: [str(desk.folder / f"out-{desk.n}.csv")], frozenset({"audit.entry"}), of_all=True
    ),
    "export bookings": Order(
        lambda desk: [str(desk.folder / f"out-{desk.n}.csv")], frozenset({"audit.entry"}), of_all=True
    ),
    "export products": Order(
        lambda desk: [str(desk.folder / f"out-{desk.n}.csv")], frozenset({"audit.entry"}), of_all=True
    ),
    "export sessions": Order(
        lambda desk: [str(desk.folder / f"out-{desk.n}.csv")], frozenset({"audit.entry"}), of_all=True
    ),
    "export venues": Order(
        lambda desk: [str(desk.folder / f"out-{desk.n}.csv")], frozenset({"audit.entry"}), of_all=True
    ),
    "import bookings": Order(
        lambda desk: [desk.booking_file(), "--map", str(MAP)],
        frozenset({"booking.booking", "audit.entry"}),
        of_all=True,
    ),
    "devices enrol": Order(
        lambda desk: ["lake", f"门{desk.n}"], frozenset({"accounts.gate_device", "audit.entry"})
    ),
    "devices revoke": Order(
        lambda desk: [desk.found["device"]],
        frozenset({"accounts.gate_device", "audit.entry"}),
        Desk.allow_device,
    ),
    "staff add": Order(
        lambda desk: [f"new{desk.n}", "--duty", "gate@venue:lake"],
        frozenset({"accounts.staff", "accounts.duty", "audit.entry"}),
    ),
    "staff grant": Order(
        lambda desk: [desk.found["keeper"], "desk@venue:lake"],
        frozenset({"accounts.duty", "audit.entry"}),
        Desk.hire_keeper,
    ),
    "staff withdraw": Order(
        lambda desk: [desk.found["keeper"], "gate@venue:lake"],
        frozenset({"accounts.duty", "audit.entry"}),
        Desk.hire_keeper,
    ),
    "staff retire": Order(
        lambda desk: [desk.found["keeper"]], frozenset({"accounts.staff", "audit.entry"}), Desk.hire_keeper
    ),
    "staff reset": Order(
        lambda desk: [desk.found["keeper"]], frozenset({"accounts.staff", "audit.entry"}), Desk.hire_keeper
    ),
    "staff unlock": Order(lambda desk: [desk.found["keeper"]], frozenset({"audit.entry"}), Desk.hire_keeper),
}
