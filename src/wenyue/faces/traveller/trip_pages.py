"""From a chosen session to a booking: the trip, who goes, the review, and the one button that books."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.responses import Response

from wenyue.accounts import VisitorRecord, visitors
from wenyue.booking import (
    Answer,
    BookingRequest,
    Channel,
    Outcome,
    Party,
    PartyVisitor,
    SlotState,
    SlotView,
    Visitor,
    WantedLine,
    availability,
    seal_party,
)
from wenyue.cards import CardRefusal
from wenyue.catalogue import Product, Venue, product, venues_by_id
from wenyue.faces.shared import whole_number
from wenyue.faces.shared.i18n import pick, say_date, say_money, say_span
from wenyue.faces.traveller.booking_views import say_age_on, say_quantity, say_terms
from wenyue.faces.traveller.calendar_views import (
    NIGHTS_MAX,
    Bearer,
    CalendarFacts,
    card_verdict,
    refusal_title,
)
from wenyue.faces.traveller.card_desk import bearer_of
from wenyue.faces.traveller.outcome import refusal
from wenyue.faces.traveller.people import person_of
from wenyue.faces.traveller.trip import (
    TRIP_ITEMS_MAX,
    TRIP_PEOPLE_MAX,
    Trip,
    TripItem,
    parse_day,
    parse_item,
    set_trip,
)
from wenyue.faces.traveller.views import KIND_ICONS, FieldError, LineView, NoteView
from wenyue.faces.traveller.visit import Visit, get, post, redirect
from wenyue.infra.db import Tx
from wenyue.kernel.clock import local_date, zone
from wenyue.kernel.ids import parse_uuid, uuid7
from wenyue.policy import cancel_terms

_BIGGEST_ID: Final = 2**63 - 1
_COUNT_MAX: Final = 50
_BODY_HASH_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Chosen:
    """One item of the trip with what the database says about it now; `pays` None: nobody asked a card."""

    item: TripItem
    venue: Venue
    product: Product
    slot: SlotView
    quantity: int
    pays: int | CardRefusal | None

    @property
    def is_on_card(self) -> bool:
        """A card entitlement pays."""
        return self.pays is not None and not isinstance(self.pays, CardRefusal)

    @property
    def due_minor(self) -> int:
        """What is to be paid on site, in minor units."""
        return 0 if self.is_on_card else self.slot.price_minor * self.quantity


async def add_to_trip(visit: Visit) -> Response:
    """Choose a session (or the nights from one day on)."""
    form = visit.form
    product_id, slot_id = form.number("product", 1, _BIGGEST_ID), form.number("slot", 1, _BIGGEST_ID)
    day, count = parse_day(form.one("day")), form.number("count", 1, _COUNT_MAX) or 1
    if product_id is None or slot_id is None or day is None:
        return visit.not_found()
    async with visit.tx() as tx:
        item = await product(tx, product_id)
        nights = min(count, NIGHTS_MAX) if item and item.kind == "night" else 1
        slots = await availability(tx, product_id, day, day + timedelta(days=nights - 1), visit.now)
    if item is None or not any(slot.slot_id == slot_id for slot in slots):
        return visit.not_found()
    by_day = {slot.on_date: slot for slot in slots}
    if nights > 1 and len(by_day) == nights:
        items = tuple(TripItem(product_id, one.on_date, one.slot_id) for one in by_day.values())
    else:
        items = (TripItem(product_id, day, slot_id, 1 if item.kind == "night" else count),)
    response = redirect("/trip")
    set_trip(response, visit.trip.adding(items), visit.services)
    return response


async def remove_from_trip(visit: Visit) -> Response:
    """Take one item out."""
    response = redirect("/trip")
    set_trip(response, visit.trip.without(visit.form.number("slot", 1, _BIGGEST_ID) or 0), visit.services)
    return response


async def show_trip(visit: Visit) -> Response:
    """The chosen items, and who goes."""
    return await _trip_page(visit, ())


async def choose_people(visit: Visit) -> Response:
    """Remember who goes, then show everything once more."""
    ids = [whole_number(raw, 1, _BIGGEST_ID) for raw in visit.form.many("visitor", TRIP_PEOPLE_MAX)]
    trip = Trip(visit.trip.items, tuple(one for one in ids if one is not None))
    async with visit.tx() as tx:
        found = await _choose(visit, tx, trip.items, ())
    if not trip.people and any(one.product.needs_visitors for one in found):
        text = visit.t("请至少选择一位游客。", "Choose at least one visitor.")
        return await _trip_page(visit, (FieldError("people", text),))
    response = redirect("/trip/review")
    set_trip(response, trip, visit.services)
    return response


async def review(visit: Visit) -> Response:
    """Everything once more, with the terms, and a button that carries the booking's own id."""
    async with visit.tx() as tx:
        going = await _going(visit, tx, visit.trip.people)
        chosen = await _choose(visit, tx, visit.trip.items, going)
    if not chosen or (not going and any(one.product.needs_visitors for one in chosen)):
        return redirect("/trip")
    t, locale = visit.t, visit.locale
    due = sum(one.due_minor for one in chosen)
    fields = [("id", str(uuid7()))]
    fields += [
        ("line", f"{one.item.written()}.{one.slot.price_minor}.{int(one.is_on_card)}") for one in chosen
    ]
    fields += [("visitor", str(one.id)) for one in going]
    terms: list[NoteView] = []
    for one in chosen:
        preset = visit.services.presets.get(one.product.policy_code)
        if preset is not None:
            said = cancel_terms(preset, one.slot.on_date, one.slot.starts_at, one.venue.timezone, visit.now)
            name = pick(one.venue.name_zh, one.venue.name_en, locale)
            terms.append(say_terms(said, name, one.venue.timezone, locale))
    day = chosen[0].slot.on_date
    return visit.page(
        "review",
        tab="trip",
        lines=[_line(visit, one) for one in chosen],
        people=[person_of(one, locale, say_age_on(one.birth, day, locale)) for one in going],
        terms=list(dict.fromkeys(terms)),
        total=say_money(due, chosen[0].slot.currency) if due else t("无需付款", "Nothing to pay"),
        total_label=t("到店付款", "To pay on site"),
        fields=fields,
        is_hold=due > 0,
    )


async def back_to_trip(_visit: Visit) -> Response:
    """Where a reload of an answer to a form leads."""
    return redirect("/trip")


async def book(visit: Visit) -> Response:
    """Book what the form says. The same form again is the same booking."""
    booking_id = parse_uuid(visit.form.one("id"))
    lines = [_read_line(raw) for raw in visit.form.many("line", TRIP_ITEMS_MAX)]
    wanted = [line for line in lines if line is not None]
    if booking_id is None or not wanted or len(wanted) != len(lines):
        return visit.not_found()
    ids = [whole_number(raw, 1, _BIGGEST_ID) for raw in visit.form.many("visitor", TRIP_PEOPLE_MAX)]
    async with visit.tx() as tx:
        going = await _going(visit, tx, [one for one in ids if one is not None])
        bearer = await bearer_of(visit, tx)
        chosen = await _choose(visit, tx, [line.item for line in wanted], going)
    if len(chosen) != len(wanted):
        return _refuse(visit, Answer(Outcome.SLOT_UNKNOWN, booking_id), chosen)
    wanted.sort(key=lambda line: [one.item.slot_id for one in chosen].index(line.item.slot_id))
    request = _request(visit, booking_id, wanted, chosen, going, bearer)
    answer = await visit.services.engine.book(request)
    if not answer.outcome.is_success:
        return _refuse(visit, answer, chosen)
    response = redirect(f"/bookings/{booking_id}?done=booked")
    set_trip(response, Trip(), visit.services)
    return response


@dataclass(frozen=True, slots=True)
class _FormLine:
    item: TripItem
    price_minor: int
    is_on_card: bool
    written: str


def _read_line(raw: str) -> _FormLine | None:
    head, _, pays = raw.rpartition(".")
    head, _, price = head.rpartition(".")
    item, price_minor = parse_item(head), whole_number(price, 0, 10**12)
    if item is None or price_minor is None or pays not in ("0", "1"):
        return None
    return _FormLine(item, price_minor, pays == "1", raw)


def _request(  # noqa: PLR0917 - what a booking is made of
    visit: Visit,
    booking_id: UUID,
    wanted: Sequence[_FormLine],
    chosen: Sequence[Chosen],
    going: Sequence[VisitorRecord],
    bearer: Bearer | None,
) -> BookingRequest:
    """The engine's request. The body's hash covers what was submitted, so a replay is recognised and a change is not."""
    card_id = bearer.card.id if bearer and any(line.is_on_card for line in wanted) else None
    body = [
        str(visit.holder_id),
        *(line.written for line in wanted),
        *(one.person_key.hex() for one in going),
    ]
    everybody = tuple(range(len(going)))
    lines = tuple(
        WantedLine(
            slot_id=line.item.slot_id,
            quantity=one.quantity,
            visitors=everybody if one.product.needs_visitors else (),
            is_on_card=line.is_on_card,
            price_minor=None if line.is_on_card else line.price_minor,
        )
        for line, one in zip(wanted, chosen, strict=True)
    )
    party = Party(
        tuple(
            PartyVisitor(one.name.reveal(), one.document_kind, one.document_number.reveal(), one.birth)
            for one in going
        ),
        contact_name=going[0].name.reveal() if going else "",
        contact_phone=next((phone for one in going if (phone := one.phone.reveal())), ""),
    )
    return BookingRequest(
        id=booking_id,
        body_hash=hashlib.sha256("\n".join(body).encode()).digest()[:_BODY_HASH_BYTES],
        channel=Channel.ONLINE,
        holder_id=visit.holder_id,
        card_id=card_id,
        lines=lines,
        visitors=tuple(Visitor(one.person_key, one.birth) for one in going),
        party=seal_party(visit.services.vault, party),
        is_hold=any(not line.is_on_card and line.price_minor for line in wanted),
        actor=visit.actor,
    )


def _refuse(visit: Visit, answer: Answer, chosen: Sequence[Chosen]) -> Response:
    """Say no: which line, which reason, and the way back with everything still chosen."""
    about = ""
    if answer.line is not None and answer.line < len(chosen):
        one = chosen[answer.line]
        name = pick(one.venue.name_zh, one.venue.name_en, visit.locale)
        about = f"{name} · {say_date(one.slot.on_date, visit.locale)} {_time_of(visit, one)}"
    fields = [
        (name, value) for name in ("id", "line", "visitor") for value in visit.form.many(name, TRIP_ITEMS_MAX)
    ]
    actions = [("/trip", visit.t("返回行程修改", "Back to my trip"), True)]
    if chosen and (answer.outcome.is_full or answer.outcome in (Outcome.SLOT_CLOSED, Outcome.SALES_ENDED)):
        one = chosen[min(answer.line or 0, len(chosen) - 1)]
        actions.append((f"/venues/{one.venue.code}#calendar", visit.t("换一天看看", "Other days"), False))
    return refusal(visit, answer, again=("/trip/book", fields), about=about, actions=actions)


async def _trip_page(visit: Visit, errors: tuple[FieldError, ...]) -> Response:
    async with visit.tx() as tx:
        known = await visitors(tx, visit.services.vault, visit.holder_id)
        chosen = await _choose(
            visit, tx, visit.trip.items, [one for one in known if one.id in visit.trip.people]
        )
    today = local_date(visit.now, "Asia/Shanghai")
    day = chosen[0].slot.on_date if chosen else today
    selected = set(visit.trip.people) or {one.id for one in known if one.is_self}
    people = [
        person_of(one, visit.locale, say_age_on(one.birth, day, visit.locale), is_chosen=one.id in selected)
        for one in known
    ]
    return visit.page(
        "trip",
        tab="trip",
        status=422 if errors else 200,
        lines=[_line(visit, one) for one in chosen],
        people=people,
        is_saved="saved" in visit.request.query_params,
        errors=errors,
    )


async def _going(visit: Visit, tx: Tx, ids: Sequence[int]) -> list[VisitorRecord]:
    known = {one.id: one for one in await visitors(tx, visit.services.vault, visit.holder_id)}
    return [known[one] for one in dict.fromkeys(ids) if one in known]


async def _choose(
    visit: Visit, tx: Tx, items: Sequence[TripItem], going: Sequence[VisitorRecord]
) -> list[Chosen]:
    """The items that still exist, with their slots as they are now, and whether the card would pay."""
    bearer = await bearer_of(visit, tx)
    offered: dict[int, Product] = {}
    slots: dict[int, SlotView] = {}
    for product_id in dict.fromkeys(item.product_id for item in items):
        found = await product(tx, product_id)
        if found is None:
            continue
        offered[product_id] = found
        span = [item.on_date for item in items if item.product_id == product_id]
        last = min(max(span), min(span) + timedelta(days=60))
        slots |= {one.slot_id: one for one in await availability(tx, product_id, min(span), last, visit.now)}
    places = await venues_by_id(tx, sorted({one.venue_id for one in offered.values()}))
    keys = tuple(one.person_key for one in going)
    chosen: list[Chosen] = []
    for item in items:
        slot, one = slots.get(item.slot_id), offered.get(item.product_id)
        if slot is None or one is None:
            continue
        quantity = max(1, len(going)) if one.needs_visitors else item.count
        facts = CalendarFacts(
            venue=places[one.venue_id],
            product=one,
            slots=(),
            holidays=visit.services.calendar,
            bearer=bearer,
            read_at=visit.now,
            now=visit.now,
            chosen=None,
            href="",
        )
        pays = card_verdict(facts, slot, quantity, keys or None) if bearer else None
        chosen.append(Chosen(item, places[one.venue_id], one, slot, quantity, pays))
    return sorted(chosen, key=lambda one: (one.slot.starts_at, one.slot.slot_id))


def _line(visit: Visit, one: Chosen) -> LineView:
    t, locale, place = visit.t, visit.locale, one.venue
    due = say_money(one.due_minor, one.slot.currency) if one.due_minor else ""
    pays = (
        t("本卡可用", "On your card")
        if one.is_on_card
        else t("到店付款", "Pay on site")
        if due
        else t("免费", "Free")
    )
    if isinstance(one.pays, CardRefusal):
        pays += t("（本卡不可用：{x}）", " (card: {x})", x=refusal_title(one.pays, locale))
    problem = ""
    if one.slot.state not in (SlotState.PLENTY, SlotState.TIGHT):
        problem = t(
            "这一场现在不能预约，请移除或换一场。",
            "This session cannot be booked now; remove it or choose another.",
        )
    elif one.slot.left < one.quantity:
        problem = t("只剩{n}个名额了。", "Only {n} places are left.", n=one.slot.left)
    return LineView(
        slot_id=one.slot.slot_id,
        kind=place.kind,
        icon=KIND_ICONS[place.kind],
        title=pick(place.name_zh, place.name_en, locale),
        product=pick(one.product.name_zh, one.product.name_en, locale),
        when=f"{say_date(one.slot.on_date, locale)} {_time_of(visit, one)}",
        quantity=say_quantity(one.product.kind, one.quantity, locale),
        price=due,
        pays=pays,
        pays_tone="good" if one.is_on_card else "",
        pays_icon="card" if one.is_on_card else "check",
        problem=problem,
    )


def _time_of(visit: Visit, one: Chosen) -> str:
    if one.product.kind == "night":
        starts = one.slot.starts_at.astimezone(zone(one.venue.timezone))
        return visit.t("{a:%H:%M} 入住", "check in {a:%H:%M}", a=starts)
    return say_span(one.slot.starts_at, one.slot.ends_at, one.venue.timezone)


routes = [
    get("/trip", show_trip, needs_login=True),
    post("/trip/add", add_to_trip, needs_login=False),
    post("/trip/remove", remove_from_trip, needs_login=False),
    post("/trip/people", choose_people),
    get("/trip/review", review, needs_login=True),
    post("/trip/book", book),
    get("/trip/book", back_to_trip),
    get("/trip/people", back_to_trip),
]
