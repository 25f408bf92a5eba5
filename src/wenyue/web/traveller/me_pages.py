"""Home and what is mine: card, coming bookings, visitors, a lost card."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from wenyue.accounts import VisitorRefusal, traveller, visitors
from wenyue.application import keep_visitor as keeping
from wenyue.application.keep_visitor import companion_card, forget_visitor, keep_visitor, main_card
from wenyue.application.lift_loss import lift_loss
from wenyue.application.report_loss import report_loss
from wenyue.booking import bookings_of, outlook
from wenyue.cards import (
    CardProblem,
    CardState,
    Denied,
    cards_of,
    recovery,
)
from wenyue.catalogue import listing
from wenyue.catalogue.picturing import pictures
from wenyue.core.clock import local_date, zone
from wenyue.platform.database.db import Tx
from wenyue.web.shared.forms import FieldError
from wenyue.web.shared.person_form import (
    PersonForm,
    blank_values,
    error_finder,
    kinds_of_document,
    read_person,
)
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.session import login_token
from wenyue.web.traveller import views
from wenyue.web.traveller.booking_views import is_over, say_age_on, tickets_of
from wenyue.web.traveller.card_desk import card_view
from wenyue.web.traveller.context import TravellerContext, get, post
from wenyue.web.traveller.list_query import AHEAD_DAYS
from wenyue.web.traveller.people import person_of
from wenyue.web.traveller.picture_pages import first_view
from wenyue.web.traveller.trip import TRIP_PEOPLE_MAX, set_trip
from wenyue.web.traveller.views import KIND_ICONS, KIND_NAMES, venue_view
from wenyue.web.wording.api import API_WORDS
from wenyue.web.wording.cards import say_denied

_TIMEZONE: Final = "Asia/Shanghai"
_HOME_VENUES: Final = 8
_HOME_BOOKINGS: Final = 3
_LOOKED_AT: Final = 20
_BIGGEST_ID: Final = 2**63 - 1
_PERSON_KEY: Final = re.compile(r"[0-9a-f]{32}")
_BACK: Final = {"trip": "/trip", "me": "/me"}


async def home(context: TravellerContext) -> Response:
    """My card and what is coming up; for strangers, what this is and how it starts."""
    today = local_date(context.now, _TIMEZONE)
    shown: views.CardView | None = None
    upcoming: list[views.TicketView] = []
    name = ""
    async with context.reading() as tx:
        places = await listing.venues_of_provinces(tx, _HOME_VENUES)
        first = await pictures(tx, [one.id for one in places], is_first=True)
        if context.traveller_id is not None:
            name = await _name(context, tx)
            card = main_card(await cards_of(tx, context.services.vault, context.holder_id))
            shown = card_view(card, name, today, context.locale) if card else None
            found = await bookings_of(tx, context.services.vault, context.holder_id, limit=_LOOKED_AT)
            coming = [one for one in found if one.lines and not is_over(one, context.now)]
            tickets = [pair for one in coming for pair in tickets_of(one, context.now, context.locale)]
            tickets.sort(key=lambda pair: pair[0].starts_at)
            upcoming = [one for _, one in tickets if not one.is_past][:_HOME_BOOKINGS]
    return context.page(
        "home",
        tab="home",
        signed_in=context.traveller_id is not None,
        first_day=today.isoformat(),
        last_day=(today + timedelta(days=AHEAD_DAYS)).isoformat(),
        party_max=outlook.PARTY_MAX,
        greeting=_greeting(context),
        is_welcome="welcome" in context.request.query_params,
        name=name,
        card_view=shown,
        upcoming=upcoming,
        kinds=[(kind, context.say(names), KIND_ICONS[kind]) for kind, names in KIND_NAMES.items()],
        venues=[venue_view(one, context.locale, first_view(first, one, context.locale)) for one in places],
        has_demo=any(one.is_demo for one in places),
    )


async def show_me(context: TravellerContext) -> Response:
    """Cards, visitors, and where everything else is."""
    today = local_date(context.now, _TIMEZONE)
    async with context.reading() as tx:
        name = await _name(context, tx)
        cards = await cards_of(tx, context.services.vault, context.holder_id)
        known = await visitors(tx, context.services.vault, context.holder_id)
    return context.page(
        "me",
        tab="me",
        cards=[card_view(one, name, today, context.locale) for one in cards],
        companions={one.id: [(c.person_key.hex(), c.label) for c in one.companions] for one in cards},
        people=[
            person_of(one, context.locale, say_age_on(one.birth, today, context.locale)) for one in known
        ],
        is_saved="saved" in context.request.query_params,
        can_report_loss=any(one.state in (CardState.ACTIVE, CardState.FROZEN) for one in cards),
    )


async def ask_visitor(context: TravellerContext) -> Response:
    """The empty form."""
    return await _visitor_page(
        context, PersonForm(blank_values(), None, ()), context.request.query_params.get("back", "")
    )


async def save_visitor(context: TravellerContext) -> Response:
    """Keep a visitor and, when asked, name them on the card."""
    back = context.form.one("back")
    person = read_person(context.form, local_date(context.now, _TIMEZONE), context.locale)
    if person.identity is None:
        return await _visitor_page(context, person, back)
    is_companion = bool(context.form.one("companion"))
    kept = await keep_visitor(context.services, context.traveller, person.identity, is_companion=is_companion)
    answer, denied = kept.visitor, kept.denied
    if answer is VisitorRefusal.TOO_OFTEN:
        text = context.gettext("You've added too many visitors today. Add more tomorrow.")
        return await _visitor_page(
            context, PersonForm(person.values, None, (FieldError("name", text),)), back
        )
    if answer is VisitorRefusal.NAME_DIFFERS:
        text = context.say(API_WORDS["name_differs"])
        return await _visitor_page(
            context, PersonForm(person.values, None, (FieldError("name", text),)), back
        )
    if isinstance(answer, VisitorRefusal):
        text = context.gettext("You already have 20 visitors. Remove one first.")
        return await _visitor_page(
            context, PersonForm(person.values, None, (FieldError("name", text),)), back
        )
    if denied is not None:
        saved = context.gettext("The visitor was saved, but not added to the card: ")
        error = FieldError("companion", saved + say_denied(denied, context.locale))
        return await _visitor_page(context, PersonForm(person.values, None, (error,)), back)
    response = redirect(_BACK.get(back, "/me") + "?saved=1")
    if back == "trip":  # whoever was added for this trip goes along
        async with context.reading() as tx:
            known = await visitors(tx, context.services.vault, context.holder_id)
        going = context.trip.people or tuple(one.id for one in known if one.is_self)
        people = tuple(dict.fromkeys((*going, answer.id)))[:TRIP_PEOPLE_MAX]
        set_trip(response, replace(context.trip, people=people), context.services)
    return response


async def drop_visitor(context: TravellerContext) -> Response:
    """Take a visitor off the list; bookings they are in stay."""
    raw = str(context.request.path_params["id"])
    if raw.isascii() and raw.isdigit() and int(raw[:19]) <= _BIGGEST_ID:
        await forget_visitor(context.services, context.traveller, int(raw[:19]))
    return redirect("/me")


async def drop_companion(context: TravellerContext) -> Response:
    """Take a named person off the card; bookings made before stay."""
    wanted, raw = context.form.number("card", 1, _BIGGEST_ID), context.form.one("person")
    person_key = bytes.fromhex(raw) if _PERSON_KEY.fullmatch(raw) else None
    if wanted is None or person_key is None:
        return context.not_found()
    denied = await keeping.drop_companion(context.services, context.traveller, wanted, person_key)
    return _not_done(context, denied) if denied is not None else redirect("/me")


async def ask_loss(context: TravellerContext) -> Response:
    """What reporting a loss means, before it is done."""
    today = local_date(context.now, _TIMEZONE)
    async with context.reading() as tx:
        name = await _name(context, tx)
        cards = await cards_of(tx, context.services.vault, context.holder_id)
        proof = await recovery.recovery_of(tx, context.holder_id, context.now, login_key=context.login_key)
    return context.page(
        "loss",
        tab="me",
        cards=[card_view(one, name, today, context.locale) for one in cards if one.state is CardState.ACTIVE],
        frozen=[
            card_view(one, name, today, context.locale) for one in cards if one.state is CardState.FROZEN
        ],
        proven=proof.card_ids if proof is not None else frozenset[int](),
    )


async def freeze_or_thaw(context: TravellerContext) -> Response:
    """挂失 or, when the card was found again and its holder has proved to be that, 解挂. Doing it twice is doing it once."""
    wanted = context.form.number("card", 1, _BIGGEST_ID)
    async with context.reading() as tx:
        cards = await cards_of(tx, context.services.vault, context.holder_id)
    card = next((one for one in cards if one.id == wanted), None)
    if card is None:
        return context.not_found()
    if context.form.one("found"):
        answer = await lift_loss(context.services, context.traveller, card.card_no)
    else:
        token = login_token(context.request)
        answer = await report_loss(context.services, context.traveller, card.card_no, token=token)
    if isinstance(answer, Denied) and answer.problem is CardProblem.PROOF_NEEDED:
        return redirect("/card/lost?for=found")
    return _not_done(context, answer) if isinstance(answer, Denied) else redirect("/me")


def _not_done(context: TravellerContext, denied: Denied) -> Response:
    title, actions = context.gettext("Not done"), (("/me", context.gettext("Me"), True),)
    return context.message(title, say_denied(denied, context.locale), status=409, actions=actions)


async def _name(context: TravellerContext, tx: Tx) -> str:
    known = await traveller(tx, context.services.vault, context.holder_id)
    return known.name.reveal() if known else ""


def _greeting(context: TravellerContext) -> str:
    hour = context.now.astimezone(zone(_TIMEZONE)).hour
    if hour < 11:
        return context.gettext("Good morning")
    return context.gettext("Good afternoon") if hour < 18 else context.gettext("Good evening")


async def _visitor_page(context: TravellerContext, person: PersonForm, back: str) -> Response:
    async with context.reading() as tx:
        card = companion_card(await cards_of(tx, context.services.vault, context.holder_id))
    return context.page(
        "visitor_new",
        tab="me",
        status=422 if person.errors else 200,
        values=person.values,
        errors=person.errors,
        error_of=error_finder(person.errors),
        kinds_of_document=kinds_of_document(context.locale),
        back=back if back in _BACK else "me",
        back_href=_BACK.get(back, "/me"),
        companion_room=card.rules.companions_max - len(card.companions) if card else 0,
        is_companion=bool(context.form.one("companion")) or context.request.method == "GET",
    )


routes = [
    get("/", home),
    get("/me", show_me, needs_login=True),
    get("/visitors/new", ask_visitor, needs_login=True),
    post("/visitors/new", save_visitor),
    post("/visitors/{id}/remove", drop_visitor),
    post("/card/companions/remove", drop_companion),
    get("/card/loss", ask_loss, needs_login=True),
    post("/card/loss", freeze_or_thaw),
]
