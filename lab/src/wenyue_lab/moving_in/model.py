"""What the made-up destination is, and what is true of it: the writer's own record, which the count reads as plain JSON."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

OLD_TICKETS: Final = "old-tickets"
OLD_PMS: Final = "old-pms"
State = Literal["confirmed", "redeemed", "cancelled", "no-show"]
SESSIONS: Final = {  # as the ticket system calls it → (begins, ends)
    "08:30-11:30": ("08:30", "11:30"),
    "上午场": ("08:30", "11:30"),
    "下午场": ("13:00", "16:30"),
    "13:00～16:30": ("13:00", "16:30"),
}
TICKETS: Final = {"成人票": "adult", "优待票": "concession"}
ROOMS: Final = {"大床房": "king", "双床房": "twin", "家庭房": "family"}
FAMILY_ROOMS: Final = 6  # the only capacity that the map states: what exceeds it is refused


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything; 1 is the whole destination."""

    attractions: int
    hotels: int
    cards: int
    orders: int
    stays: int
    planted: int  # rows of each kind that must be refused

    @classmethod
    def of(cls, factor: float) -> "Scale":
        """`factor` from 0.005 to 1: 30 attractions, 12 hotels, 20,000 cards, 160,000 orders and 40,000 stays at 1."""
        return cls(
            max(3, round(30 * factor)),
            max(2, round(12 * factor)),
            round(20_000 * factor),
            round(160_000 * factor),
            round(40_000 * factor),
            max(2, round(40 * factor)),
        )


@dataclass(frozen=True, slots=True)
class MadeVenue:
    """An attraction or a hotel. `sessions`: as its tickets call them. `prices`: product here → minor units."""

    code: str
    name: str
    kind: Literal["attraction", "hotel"]
    province: str
    city: str
    level: str
    position: tuple[float, float]
    closed: str  # 周一, or nothing
    sessions: tuple[str, ...]
    prices: dict[str, int]


@dataclass(slots=True)
class Booking:
    """One booking of the old systems in its final state. `used`: (date, begins, places) of each session or night."""

    source: str
    key: str
    venue: str
    product: str
    used: list[tuple[str, str, int]]
    state: State
    total_minor: int
    named: int = 0  # live places of people with a document
    came: int = 0  # admissions
    is_refused: bool = False


@dataclass(slots=True)
class Card:
    """One card of the old system, as the list says it."""

    no: str
    type_code: str
    state: str
    name: str = ""
    number: str = ""
    phone: str = ""
    valid_to: str = ""
    companions: int = 0
    left: dict[int, int] = field(default_factory=dict[int, int])


@dataclass(slots=True)
class File:
    """One file as it was written. `refused`: line → the reason that must be told; `rows`: data rows."""

    name: str
    kind: Literal["venues", "products", "sessions", "cards", "tickets", "stays"]
    rows: int = 0
    refused: dict[int, str] = field(default_factory=dict[int, str])
    verdicts: dict[str, int] = field(default_factory=dict[str, int])
    gone: int = 0


@dataclass(slots=True)
class Truth:
    """Everything after one round of files."""

    today: date
    venues: list[MadeVenue] = field(default_factory=list[MadeVenue])
    products: dict[str, int] = field(default_factory=dict[str, int])  # venue/product → price
    # venue, product, first day, last day, when it begins, places
    sessions: list[list[str | int]] = field(default_factory=list[list[str | int]])
    cards: dict[str, Card] = field(default_factory=dict[str, Card])
    bookings: dict[str, Booking] = field(default_factory=dict[str, Booking])
    files: list[File] = field(default_factory=list[File])
