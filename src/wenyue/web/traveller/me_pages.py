"""Home and what is mine: card, coming bookings, visitors, a lost card."""

import re
from typing import Final

from starlette.responses import Response

from wenyue.accounts import VisitorRefusal, traveller, visitors
from wenyue.application import keep_visitor as keeping
from wenyue.application.keep_visitor import companion_card, forget_visitor, keep_visitor, main_card
from wenyue.application.lift_loss import lift_loss
from wenyue.application.report_loss import report_loss
from wenyue.booking import bookings_of
from wenyue.cards import (
    CardProblem,
    CardState,
    Denied,
    cards_of,
    recovery,
)
from wenyue.catalogue import venues
from wenyue.core.clock import local_date, zone
from wenyue.core.documents import mask_name
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
from wenyue.web.traveller.booking_views import is_over, say_age_on, shown_lines, ticket_view
from wenyue.web.traveller.card_desk import card_view
from wenyue.web.traveller.context import TravellerContext, get, post
from wenyue.web.traveller.people import person_of
from wenyue.web.traveller.views import KIND_ICONS, KIND_NAMES, venue_view
from wenyue.web.wording.api import API_WORDS
from wenyue.web.wording.cards import say_denied

_TIMEZONE: Final = "Asia/Shanghai"
_HOME_VENUES: Final = 6
_HOME_BOOKINGS: Final = 3
_LOOKED_AT: Final = 20
_BIGGEST_ID: Final = 2**63 - 1
_PERSON_KEY: Final = re.compile(r"[0-9a-f]{32}")
_BACK: Final = {"trip": "/trip", "me": "/me"}


async def home(visit: TravellerContext) -> Response:
    """My card and what is coming up; for strangers, what this is and how it starts."""
    today = local_date(visit.now, _TIMEZONE)
    shown: views.CardView | None = None
    upcoming: list[views.TicketView] = []
    name = ""
    async with visit.reading() as tx:
        places = await venues(tx, limit=_HOME_VENUES)
        if visit.traveller_id is not None:
            name = await _name(visit, tx)
            card = main_card(await cards_of(tx, visit.services.vault, visit.holder_id))
            shown = card_view(card, name, today, visit.locale) if card else None
            found = await bookings_of(tx, visit.services.vault, visit.holder_id, limit=_LOOKED_AT)
            coming = [one for one in found if one.lines and not is_over(one, visit.now)]
            coming.sort(key=lambda one: min(line.starts_at for line in shown_lines(one)))
            upcoming = [ticket_view(one, visit.now, visit.locale) for one in coming[:_HOME_BOOKINGS]]
    return visit.page(
        "home",
        tab="home",
        signed_in=visit.traveller_id is not None,
        greeting=_greeting(visit),
        is_welcome="welcome" in visit.request.query_params,
        name=name,
        card_view=shown,
        upcoming=upcoming,
        kinds=[(kind, visit.say(names), KIND_ICONS[kind]) for kind, names in KIND_NAMES.items()],
        venues=[venue_view(one, visit.locale) for one in places],
    )


async def show_me(visit: TravellerContext) -> Response:
    """Cards, visitors, and where everything else is."""
    today = local_date(visit.now, _TIMEZONE)
    async with visit.reading() as tx:
        name = await _name(visit, tx)
        cards = await cards_of(tx, visit.services.vault, visit.holder_id)
        known = await visitors(tx, visit.services.vault, visit.holder_id)
    return visit.page(
        "me",
        tab="me",
        cards=[card_view(one, name, today, visit.locale) for one in cards],
        companions={one.id: [(c.person_key.hex(), c.label) for c in one.companions] for one in cards},
        people=[person_of(one, visit.locale, say_age_on(one.birth, today, visit.locale)) for one in known],
        is_saved="saved" in visit.request.query_params,
        can_report_loss=any(one.state in (CardState.ACTIVE, CardState.FROZEN) for one in cards),
    )


async def ask_visitor(visit: TravellerContext) -> Response:
    """The empty form."""
    return await _visitor_page(
        visit, PersonForm(blank_values(), None, ()), visit.request.query_params.get("back", "")
    )


async def save_visitor(visit: TravellerContext) -> Response:
    """Keep a visitor and, when asked, name them on the card."""
    back = visit.form.one("back")
    person = read_person(visit.form, local_date(visit.now, _TIMEZONE), visit.locale)
    if person.identity is None:
        return await _visitor_page(visit, person, back)
    is_companion = bool(visit.form.one("companion"))
    kept = await keep_visitor(visit.services, visit.traveller, person.identity, is_companion=is_companion)
    answer, denied = kept.visitor, kept.denied
    if answer is VisitorRefusal.TOO_OFTEN:
        text = visit.gettext("Too many visitors were added today: add more tomorrow.")
        return await _visitor_page(visit, PersonForm(person.values, None, (FieldError("name", text),)), back)
    if answer is VisitorRefusal.NAME_DIFFERS:
        text = visit.say(API_WORDS["name_differs"])
        return await _visitor_page(visit, PersonForm(person.values, None, (FieldError("name", text),)), back)
    if isinstance(answer, VisitorRefusal):
        text = visit.gettext("You have 20 visitors already; remove one first.")
        return await _visitor_page(visit, PersonForm(person.values, None, (FieldError("name", text),)), back)
    if denied is not None:
        saved = visit.gettext("The visitor is saved, but not named on the card: ")
        error = FieldError("companion", saved + say_denied(denied, visit.locale))
        return await _visitor_page(visit, PersonForm(person.values, None, (error,)), back)
    return redirect(_BACK.get(back, "/me") + "?saved=1")


async def drop_visitor(visit: TravellerContext) -> Response:
    """Take a visitor off the list; bookings they are in stay."""
    raw = str(visit.request.path_params["id"])
    if raw.isascii() and raw.isdigit() and int(raw[:19]) <= _BIGGEST_ID:
        await forget_visitor(visit.services, visit.traveller, int(raw[:19]))
    return redirect("/me")


async def drop_companion(visit: TravellerContext) -> Response:
    """Take a named person off the card; bookings made before stay."""
    wanted, raw = visit.form.number("card", 1, _BIGGEST_ID), visit.form.one("person")
    person_key = bytes.fromhex(raw) if _PERSON_KEY.fullmatch(raw) else None
    if wanted is None or person_key is None:
        return visit.not_found()
    denied = await keeping.drop_companion(visit.services, visit.traveller, wanted, person_key)
    return _not_done(visit, denied) if denied is not None else redirect("/me")


async def ask_loss(visit: TravellerContext) -> Response:
    """What reporting a loss means, before it is done."""
    today = local_date(visit.now, _TIMEZONE)
    async with visit.reading() as tx:
        name = await _name(visit, tx)
        cards = await cards_of(tx, visit.services.vault, visit.holder_id)
        proof = await recovery.recovery_of(tx, visit.holder_id, visit.now, login_key=visit.login_key)
    return visit.page(
        "loss",
        tab="me",
        cards=[card_view(one, name, today, visit.locale) for one in cards if one.state is CardState.ACTIVE],
        frozen=[card_view(one, name, today, visit.locale) for one in cards if one.state is CardState.FROZEN],
        proven=proof.card_ids if proof is not None else frozenset[int](),
    )


async def freeze_or_thaw(visit: TravellerContext) -> Response:
    """挂失 or, when the card was found again and its holder has proved to be that, 解挂. Doing it twice is doing it once."""
    wanted = visit.form.number("card", 1, _BIGGEST_ID)
    async with visit.reading() as tx:
        cards = await cards_of(tx, visit.services.vault, visit.holder_id)
    card = next((one for one in cards if one.id == wanted), None)
    if card is None:
        return visit.not_found()
    if visit.form.one("found"):
        answer = await lift_loss(visit.services, visit.traveller, card.card_no)
    else:
        token = login_token(visit.request)
        answer = await report_loss(visit.services, visit.traveller, card.card_no, token=token)
    if isinstance(answer, Denied) and answer.problem is CardProblem.PROOF_NEEDED:
        return redirect("/card/lost?for=found")
    return _not_done(visit, answer) if isinstance(answer, Denied) else redirect("/me")


def _not_done(visit: TravellerContext, denied: Denied) -> Response:
    title, actions = visit.gettext("Not done"), (("/me", visit.gettext("Me"), True),)
    return visit.message(title, say_denied(denied, visit.locale), status=409, actions=actions)


async def _name(visit: TravellerContext, tx: Tx) -> str:
    known = await traveller(tx, visit.services.vault, visit.holder_id)
    return mask_name(known.name.reveal()) if known else ""


def _greeting(visit: TravellerContext) -> str:
    hour = visit.now.astimezone(zone(_TIMEZONE)).hour
    if hour < 11:
        return visit.gettext("Good morning")
    return visit.gettext("Good afternoon") if hour < 18 else visit.gettext("Good evening")


async def _visitor_page(visit: TravellerContext, person: PersonForm, back: str) -> Response:
    async with visit.reading() as tx:
        card = companion_card(await cards_of(tx, visit.services.vault, visit.holder_id))
    return visit.page(
        "visitor_new",
        tab="me",
        status=422 if person.errors else 200,
        values=person.values,
        errors=person.errors,
        error_of=error_finder(person.errors),
        kinds_of_document=kinds_of_document(visit.locale),
        back=back if back in _BACK else "me",
        back_href=_BACK.get(back, "/me"),
        companion_room=card.rules.companions_max - len(card.companions) if card else 0,
        is_companion=bool(visit.form.one("companion")) or visit.request.method == "GET",
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
