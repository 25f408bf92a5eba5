"""At the counter, with a document in hand: whose account is it? What settling that would do is shown first, then one button."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from wenyue.accounts import Identity, traveller
from wenyue.application.holder_outlook import NotSettled, Outlook, SettleHolder
from wenyue.application.on_duty import NotAtPost, Place
from wenyue.application.second_proofs import NotConfirmed
from wenyue.application.settle_holder import settle_holder
from wenyue.application.settled import Settled
from wenyue.cards import cards_of
from wenyue.catalogue import venues_by_id
from wenyue.core.clock import local_date
from wenyue.core.documents import mask_document, mask_name
from wenyue.core.limits import CARDS_SHOWN_MAX
from wenyue.gate import LookupProblem
from wenyue.locale import text_in
from wenyue.platform.database.db import Tx
from wenyue.web.gate.confirming import LOGIN, says, second_fields, second_of, what_to_sign
from wenyue.web.gate.context import GateContext, Station
from wenyue.web.gate.passkeys import asks_what_to_sign, said_of
from wenyue.web.shared.card_numbers import masked_card_no
from wenyue.web.shared.forms import FieldError
from wenyue.web.shared.person_form import (
    PersonForm,
    blank_values,
    error_finder,
    kinds_of_document,
    read_person,
)
from wenyue.web.shared.request_context import redirect
from wenyue.web.wording.api import API_WORDS
from wenyue.web.wording.lookup import LOOKUP_PROBLEMS

_TIMEZONE: Final = "Asia/Shanghai"
_SECOND: Final = frozenset({NotSettled.SECOND_NEEDED, NotSettled.SECOND_UNFIT})
_BETWEEN_CARDS: Final = re.compile("[,;，；、\n]+")


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account that has the document. `fate`: what settling does to it; `tone` good, bad, or '' where nothing changes."""

    label: str
    cards: tuple[str, ...]
    fate: str
    tone: str


@dataclass(frozen=True, slots=True)
class OutlookView:
    """What settling would do, and as what the form says that it was shown; with `asks_second` somebody else confirms it."""

    accounts: tuple[AccountView, ...]
    key: str
    asks_second: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """The form, read. `cards` as it was typed."""

    person: PersonForm
    cards: str = ""
    has_none: bool = False

    @property
    def card_nos(self) -> tuple[str, ...]:
        """The numbers that were typed."""
        return tuple(one.strip() for one in _BETWEEN_CARDS.split(self.cards) if one.strip())


async def show_holders(context: GateContext) -> Response:
    """An empty form."""
    station = context.station
    return await _page(context, station, Typed(PersonForm(blank_values(), None, ()))) if station else _setup()


async def do_holders(context: GateContext) -> Response:
    """What settling would do; and once that was shown, do it. The document is sent in the body, never in an address."""
    station = context.station
    if station is None or not context.is_page_of(station):
        return _setup() if station is None else redirect("/gate/holders")
    typed = _typed(context)
    identity, shown = typed.person.identity, context.form.one("shown")
    if identity is None:
        return await _page(context, station, typed)
    place = Place(station.venue_id, station.gate)
    request = SettleHolder(place, identity, typed.card_nos, agreed=shown)
    act = said_of("settle", station.key, identity.document.key, identity.name, typed.cards, shown)
    if shown and asks_what_to_sign(context):
        return await what_to_sign(context, station, act)
    second = second_of(context, station, act) if shown else None
    found = await settle_holder(context.services, context.login_key, request, second)
    is_asked = isinstance(found, NotConfirmed) or (isinstance(found, NotSettled) and found in _SECOND)
    if isinstance(found, (NotConfirmed, NotSettled)) and is_asked:  # shown again, for the second person
        typed = _with(typed, _second_problem(context, found))
        again = SettleHolder(place, identity, typed.card_nos, agreed="")
        found = await settle_holder(context.services, context.login_key, again)
    if isinstance(found, NotConfirmed):
        raise TypeError("nobody was asked for a password")
    if isinstance(found, NotAtPost):  # the duty was taken away meanwhile
        return _setup()
    has_changed = bool(shown) and not is_asked
    return await _said(context, station, typed, found, identity=identity, has_changed=has_changed)


async def _said(
    context: GateContext,
    station: Station,
    typed: Typed,
    found: Settled | Outlook | NotSettled | LookupProblem,
    *,
    identity: Identity,
    has_changed: bool,
) -> Response:
    if isinstance(found, Settled):
        return await _page(context, station, Typed(PersonForm(blank_values(), None, ())), done=found)
    if isinstance(found, Outlook):
        async with context.services.db.reading() as tx:
            view = await _outlook(context, tx, found)
        return await _page(context, station, typed, view=view, identity=identity, has_changed=has_changed)
    problem = _problem(context, found)
    return await _page(
        context, station, _with(typed, problem), status=429 if found is LookupProblem.TOO_OFTEN else 422
    )


def _second_problem(context: GateContext, found: NotConfirmed | NotSettled) -> FieldError:
    if isinstance(found, NotConfirmed):
        return FieldError(*says(context, found))
    return FieldError(LOGIN, API_WORDS[found.value].say(context.locale))


def _setup() -> Response:
    return redirect("/gate/setup")


def _typed(context: GateContext) -> Typed:
    """The form; either cards are shown, or there are none."""
    person = read_person(context.form, local_date(context.now, _TIMEZONE), context.locale)
    typed = Typed(person, context.form.one("cards"), context.form.one("none") == "1")
    if bool(typed.card_nos) == typed.has_none:
        return _with(typed, FieldError("cards", API_WORDS["cards_or_none"].say(context.locale)))
    if len(typed.card_nos) > CARDS_SHOWN_MAX:
        too_many = context.gettext("At most {n} cards at a time.", n=CARDS_SHOWN_MAX)
        return _with(typed, FieldError("cards", too_many))
    return typed


def _with(typed: Typed, error: FieldError) -> Typed:
    person = PersonForm(typed.person.values, None, (*typed.person.errors, error))
    return Typed(person, typed.cards, typed.has_none)


def _problem(context: GateContext, found: NotSettled | LookupProblem) -> FieldError:
    if isinstance(found, LookupProblem):
        return FieldError("number", LOOKUP_PROBLEMS[found].say(context.locale))
    if found in {NotSettled.SEEN_BEFORE, NotSettled.TOO_MANY}:
        return FieldError("cards", API_WORDS[found.value].say(context.locale))
    text = context.gettext(
        "One of these cards isn't linked to this document. Nothing was changed. Check the card numbers."
    )
    return FieldError("cards", text)


async def _outlook(context: GateContext, tx: Tx, found: Outlook) -> OutlookView:
    gettext = context.gettext
    stays = gettext("Verified before, still theirs")
    seen = gettext("Will be confirmed as theirs")
    kept = gettext("Verified before, no change")
    back = gettext(
        "Lost this document before, gets it back now: cards unfrozen, sign-in restored, phone notified"
    )
    lost = gettext(
        "Loses this document: cards frozen, signed out, phone notified; can be restored with "
        "the document and a card"
    )
    fates = dict.fromkeys(found.own, stays) | dict.fromkeys(found.fresh, seen)
    fates |= dict.fromkeys(found.back, back)
    accounts = [
        *[await _account(context, tx, one, fates[one], "good") for one in found.own],
        *[await _account(context, tx, one, kept, "") for one in found.kept],
        *[await _account(context, tx, one, lost, "bad") for one in found.lost],
    ]
    return OutlookView(tuple(accounts), found.key, found.asks_second)


async def _account(context: GateContext, tx: Tx, account_id: int, fate: str, tone: str) -> AccountView:
    vault = context.services.vault
    known = await traveller(tx, vault, account_id)
    held = await cards_of(tx, vault, account_id)
    numbers = tuple(masked_card_no(one.card_no) for one in held)
    return AccountView(known.label if known else "", numbers, fate, tone)


async def _page(
    context: GateContext,
    station: Station,
    typed: Typed,
    *,
    view: OutlookView | None = None,
    identity: Identity | None = None,
    done: Settled | None = None,
    has_changed: bool = False,
    status: int = 200,
) -> Response:
    async with context.services.db.reading() as tx:
        venue = (await venues_by_id(tx, [station.venue_id])).get(station.venue_id)
    if venue is None:
        return _setup()
    errors: Sequence[FieldError] = typed.person.errors
    return context.page(
        "holders",
        status=status if status != 200 or not errors else 422,
        venue=text_in(venue.name, context.locale),
        station_key=station.key,
        values=typed.person.values,
        cards=typed.cards,
        has_none=typed.has_none,
        errors=errors,
        error_of=error_finder(typed.person.errors),
        kinds_of_document=kinds_of_document(context.locale),
        cards_max=CARDS_SHOWN_MAX,
        view=view,
        label=f"{mask_name(identity.name)} {mask_document(identity.document.number)}" if identity else "",
        has_changed=has_changed,
        second_login=context.form.one(LOGIN).strip()[:64],
        second_error={one.field: one.text for one in errors},
        **second_fields(context),
        done=done,
    )
