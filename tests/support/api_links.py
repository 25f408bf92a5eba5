"""What an answer of the API can be followed by: which operation next, and what it takes of the answer."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.traveller_site import OTHER_DOCUMENT, OTHER_NAME


@dataclass(frozen=True)
class Taken:
    """A value of the answer, by its path; `*` is any of a list."""

    path: str

    def of(self, answer: Any, chance: random.Random) -> Any:
        """The value; LookupError: this answer has none."""
        for step in self.path.split("/"):
            if step == "*":
                if not answer:
                    raise LookupError(self.path)
                answer = chance.choice(answer)
            else:
                answer = answer[int(step) if isinstance(answer, list) else step]
        return answer


@dataclass(frozen=True)
class Link:
    """`takes`: values for the address of the next request; `body`: fields of its body."""

    source: str
    status: int
    target: str
    takes: dict[str, Taken] = field(default_factory=dict[str, Taken])
    body: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.source} {self.status} -> {self.target}"


def filled(wanted: Any, answer: Any, chance: random.Random) -> Any:
    """The same with values of the answer where they are taken from it; LookupError: there is none."""
    if isinstance(wanted, Taken):
        return wanted.of(answer, chance)
    if isinstance(wanted, dict):
        return {key: filled(one, answer, chance) for key, one in wanted.items()}  # type: ignore[misc] # parsed, of any type
    if isinstance(wanted, list):
        return [filled(one, answer, chance) for one in wanted]  # type: ignore[misc] # likewise
    return wanted


def _each(source: str, status: int, targets: tuple[str, ...], **takes: str) -> Iterator[Link]:
    for target in targets:
        yield Link(source, status, target, {name: Taken(path) for name, path in takes.items()})


_ME: Final = {"visitors": [{"name": OTHER_NAME, "number": OTHER_DOCUMENT}]}
_SLOT: Final = {"slot_id": Taken("slots/*/slot_id"), "visitors": [0]}
_ON_CARD: Final = _ME | {"card_id": Taken("card_id"), "lines": [_SLOT | {"on_card": True}]}
_LINE: Final = {"moves": [{"line_no": Taken("lines/*/line_no")}]}
_OF_BOOKING: Final = "post_bookings_booking_id_"
_CHANGES: Final = (f"{_OF_BOOKING}confirmation", f"{_OF_BOOKING}cancellation", f"{_OF_BOOKING}reschedule")
_CALENDARS: Final = ("get_availability", "get_cards_card_id_availability")
_READ: Final = ("get_bookings_booking_id",)
LINKS: Final = (
    *_each("get_venues", 200, ("get_venues_code",), code="items/*/code"),
    *_each("get_venues_code", 200, ("get_products_product_id", *_CALENDARS), product_id="products/*/id"),
    *_each("get_products_product_id", 200, _CALENDARS, product_id="id"),
    *_each("get_session", 200, _CALENDARS[1:], card_id="cards/*/card_id"),
    *_each("post_session", 201, _CALENDARS[1:], card_id="cards/*/card_id"),
    *_each("post_cards_activation", 200, _CALENDARS[1:], card_id="card_id"),
    Link("get_availability", 200, "post_bookings", body=_ME | {"lines": [_SLOT | {"price_minor": 0}]}),
    Link("get_cards_card_id_availability", 200, "post_bookings", body=_ON_CARD),
    *_each("post_bookings", 201, (*_READ, *_CHANGES), booking_id="id"),
    *_each("post_bookings", 200, (*_READ, *_CHANGES), booking_id="id"),
    *_each("get_bookings", 200, (*_READ, *_CHANGES), booking_id="items/*/id"),
    *_each("get_bookings_booking_id", 200, _CHANGES[:2], booking_id="id"),
    Link("get_bookings_booking_id", 200, _CHANGES[2], {"booking_id": Taken("id")}, _LINE),
    *(link for change in _CHANGES for link in _each(change, 200, (*_READ, *_CHANGES), booking_id="id")),
    Link("post_bookings", 201, "post_gate_scans", body={"presented": Taken("id")}),
    *_each("post_gate_scans", 200, ("post_gate_scans_scan_id_undo",), scan_id="scan_id"),
    *_each("get_visitors", 200, ("delete_visitors_visitor_id",), visitor_id="items/1/id"),  # 0 is oneself
    *_each("post_visitors", 201, ("delete_visitors_visitor_id",), visitor_id="id"),
    *_each("get_places-by-others", 200, ("post_places-by-others_slot_id_disowning",), slot_id="items/*/slot_id"),
    Link("post_rooms_event_pass", 201, "post_rooms_event_token", body={"pass": Taken("pass")}),
    Link("post_cards_lost", 202, "post_cards_lost_request_id_code", {"request_id": Taken("id")}),
    *_each("post_cards_card_no_loss", 200, ("post_cards_card_no_replacement",), card_no="card_no"),
)  # fmt: skip
