"""What the forms of proposals hold, and the request that they make."""

import re
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final
from uuid import UUID

from msgspec import Struct

from wenyue.application.capacities import CAPACITY_MAX, BelowTaken, SetCapacity, SetDayCapacity
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.closing import CloseSlots
from wenyue.application.lift_closure import LiftClosure
from wenyue.application.operating import NotDone
from wenyue.application.operator_checks import are_dates
from wenyue.application.reprice import Reprice
from wenyue.booking import touched
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import at_local, days
from wenyue.core.ids import uuid7
from wenyue.locale import DEFAULT, SOURCE, Message, written
from wenyue.platform.database.db import Tx
from wenyue.web.console.context import OperatorContext
from wenyue.web.console.not_done import SAID, field_of
from wenyue.web.shared.forms import parse_day

# The fields of each act's form, in order.
FIELDS: Final = {
    "slots.close": ("product", "from", "to", "told", "told_en"),
    "slots.reopen": ("closure",),
    "prices.set": ("product", "from", "to", "yuan"),
    "capacity.set": ("product", "from", "starts", "places", "follow"),
    "capacity.day": ("from", "places", "follow"),
}
PLACES_MAX_FIELD: Final = "places_max"
NAMES: Final = (
    *dict.fromkeys(name for names in FIELDS.values() for name in names),
    "reason",
    PLACES_MAX_FIELD,
)
_ID_MAX: Final = 2**53
_YUAN: Final = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,2}))?")


@dataclass(slots=True)
class Entered:
    """A form as it was filled in, and what is wrong with it, by field."""

    act: str
    venue: Venue
    values: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict[str, str])

    def say(self, context: OperatorContext, name: str, message: Message) -> None:
        """Note what is wrong with a field; the first thing stands."""
        self.wrong.setdefault(name, context.say(message))

    def refuse(self, context: OperatorContext, why: NotDone) -> None:
        """Note what the act said, at the field that it is about."""
        is_told = why in {NotDone.REASON_NEEDED, NotDone.REASON_RESERVED}
        name = "told" if is_told and self.act == "slots.close" else field_of(why)
        known = (*FIELDS[self.act], "reason")
        self.say(context, name if name in known else known[0], SAID[why][1])


def entered(context: OperatorContext, act: str, venue: Venue) -> Entered:
    """The submitted form."""
    return Entered(act, venue, {name: context.form.one(name) for name in NAMES})


def read_places_max(context: OperatorContext, form: Entered) -> int | None:
    """The stated bound; None where it was left out or is no number (which is noted)."""
    raw = form.values[PLACES_MAX_FIELD]
    if not raw:
        return None
    found = context.form.number(PLACES_MAX_FIELD, 0, 10**9)
    if found is None:
        form.say(
            context,
            PLACES_MAX_FIELD,
            Message("Enter a whole number, or leave it empty."),
        )
    return found


async def read_request(
    context: OperatorContext, tx: Tx, form: Entered, products: list[Product]
) -> Struct | None:
    """The act's request; None: something is wrong, and noted."""
    product_id = _product(context, form, products) if "product" in FIELDS[form.act] else None
    if form.act == "slots.reopen":
        return _lifting(context, form)
    if form.act in {"capacity.set", "capacity.day"}:
        return await _capacity(context, tx, form, product_id)
    span = _span(context, form)
    minor = _minor(context, form) if form.act == "prices.set" else None
    if span is None or form.wrong:
        return None
    if minor is None or product_id is None:
        told = written({DEFAULT: form.values["told"], SOURCE: form.values["told_en"]})
        return CloseSlots(form.venue.id, *span, told, product_id)
    return Reprice(product_id, dict.fromkeys(days(*span), minor))


def _lifting(context: OperatorContext, form: Entered) -> LiftClosure | None:
    closure_id = context.form.number("closure", 1, _ID_MAX)
    if closure_id is not None:
        return LiftClosure(closure_id)
    form.say(context, "closure", Message("Choose a closure."))
    return None


async def _capacity(context: OperatorContext, tx: Tx, form: Entered, product_id: int | None) -> Struct | None:
    day = _day(context, form, "from")
    places = context.form.number("places", 0, CAPACITY_MAX)
    if places is None:
        form.refuse(context, NotDone.BAD_CAPACITY)
    below: BelowTaken = "follow" if form.values["follow"] else "refuse"
    if form.act == "capacity.day":
        return SetDayCapacity(form.venue.id, day, places, below) if day and places is not None else None
    wall = _wall(context, form)
    if day is None or places is None or wall is None or product_id is None:
        return None
    slot_id = await touched.slot_at(tx, product_id, day, at_local(day, wall, form.venue.timezone))
    if slot_id is None:
        form.refuse(context, NotDone.SLOT_UNKNOWN)
        return None
    return SetCapacity(slot_id, places, below)


def _product(context: OperatorContext, form: Entered, products: list[Product]) -> int | None:
    raw = form.values["product"]
    if not raw and form.act == "slots.close":
        return None
    for one in products:
        if raw == str(one.id):
            return one.id
    form.say(context, "product", Message("Choose a product."))
    return None


def _span(context: OperatorContext, form: Entered) -> tuple[date, date] | None:
    first = _day(context, form, "from")
    last = _day(context, form, "to") if form.values["to"] else first
    if first is None or last is None:
        return None
    if not are_dates(first, last):
        form.refuse(context, NotDone.BAD_DATES)
        return None
    return first, last


def _day(context: OperatorContext, form: Entered, name: str) -> date | None:
    found = parse_day(form.values[name])
    if found is None:
        form.say(context, name, Message("Enter a date, such as 2027-10-01."))
    return found


def _wall(context: OperatorContext, form: Entered) -> time | None:
    try:
        found = time.fromisoformat(form.values["starts"])
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        form.say(context, "starts", Message("Enter the start time, such as 09:00."))
        return None
    return found


def _minor(context: OperatorContext, form: Entered) -> int | None:
    found = _YUAN.fullmatch(form.values["yuan"].removeprefix("¥").replace(",", ""))
    if found is None:
        form.refuse(context, NotDone.BAD_PRICE)
        return None
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def is_act(name: str) -> bool:
    """Whether it can be proposed by a form."""
    return name in FIELDS and name in CHANGEABLES


def proposal_id(raw: str) -> UUID:
    """The id that a form was given when it was shown, so sent twice it proposes once; a new one for what is none."""
    try:
        return UUID(raw)
    except ValueError:
        return uuid7()
