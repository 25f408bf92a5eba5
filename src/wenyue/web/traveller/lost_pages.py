"""A lost card, for whoever cannot sign in any more: document and phone, the code, the new card – and how the holder stops it."""

from typing import Final
from uuid import UUID

from starlette.responses import Response

from wenyue.accounts import Throttled, traveller
from wenyue.application import replace_card as replacing
from wenyue.application import stop_replacement as stopping
from wenyue.application.ask_for_code import ask_for_code
from wenyue.application.replacement_outlook import waits_until, was_told
from wenyue.application.replacing import NotYet, SameMoment
from wenyue.application.sign_in_by_code import sign_in_by_code
from wenyue.application.sign_in_with_card import NewLogin
from wenyue.cards import CardState, CardView, Denied, Replaced, cards_of, recovery
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.clock import local_date
from wenyue.core.documents import mask_name, mask_phone
from wenyue.core.ids import parse_uuid, uuid7
from wenyue.platform.database.db import Tx
from wenyue.web.shared.caller import caller_of, keep_device
from wenyue.web.shared.forms import FieldError
from wenyue.web.shared.person_form import (
    PersonForm,
    blank_values,
    error_finder,
    kinds_of_document,
    read_person,
)
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.session import login_token, set_login
from wenyue.web.traveller.card_desk import card_view
from wenyue.web.traveller.context import TravellerContext, get, post, with_query
from wenyue.web.traveller.preferences import language_to_keep, speak_as_before
from wenyue.web.wording import say_instant, say_wait
from wenyue.web.wording.cards import say_denied

_TIMEZONE: Final = "Asia/Shanghai"
_UNPROCESSABLE, _TOO_MANY = 422, 429
_BIGGEST_ID: Final = 2**63 - 1
_KEEPS: Final = ("signin", "pin", "found")  # what it may be asked for when no card is to be frozen


async def ask_lost(context: TravellerContext) -> Response:
    """Who lost a card: document, name and the phone on record."""
    return _lost_page(context, PersonForm(blank_values(), None, ()))


async def send_code(context: TravellerContext) -> Response:
    """A code goes to the phone on record, if there is one that fits; the page that follows is the same either way."""
    person = read_person(context.form, local_date(context.now, _TIMEZONE), context.locale, has_phone=True)
    errors = person.errors
    if not context.form.one("phone"):
        text = context.gettext("Enter the phone number on record")
        errors += (FieldError("phone", text),)
    if person.identity is None or errors:
        return _lost_page(context, PersonForm(person.values, None, errors))
    request_id = parse_uuid(context.form.one("id")) or uuid7()
    try:
        is_lost = not _purpose(context)
        await ask_for_code(
            context.services,
            caller_of(context.request),
            request_id,
            person.identity,
            locale=context.locale,
            is_lost=is_lost,
        )
    except Throttled as slowed:
        error = FieldError("phone", say_wait(slowed.at, context.now, context.locale))
        return _lost_page(context, PersonForm(person.values, None, (error,)), status=_TOO_MANY)
    return redirect(with_query(f"/card/lost/{request_id}", {"for": _purpose(context)}))


async def ask_code(context: TravellerContext) -> Response:
    """Where the code is typed."""
    request_id = _request_id(context)
    return context.not_found() if request_id is None else _code_page(context, request_id)


async def check_code(context: TravellerContext) -> Response:
    """The right code freezes the cards, signs in and leads to the replacement."""
    request_id = _request_id(context)
    if request_id is None:
        return context.not_found()
    try:
        proven = await sign_in_by_code(
            context.services,
            caller_of(context.request),
            request_id,
            context.form.one("code"),
            begins=NewLogin(login_token(context.request), language_to_keep(context)),
            is_lost=not _purpose(context),
        )
    except Throttled as slowed:
        return _code_page(
            context, request_id, say_wait(slowed.at, context.now, context.locale), status=_TOO_MANY
        )
    if proven is None:
        text = context.gettext(
            "The code is wrong or has expired. Try again. After five wrong codes, ask for a new one."
        )
        return _code_page(context, request_id, text)
    after = {"found": "/card/loss", "pin": "/card/pin"}.get(_purpose(context), "/me")
    response = redirect("/card/replacement" if proven.is_lost else after)
    if proven.card_nos:
        keep_device(response, context.request, "card", *(clean_card_no(one) for one in proven.card_nos))
    set_login(response, proven.token, is_secure=context.services.settings.web.is_secure)
    await speak_as_before(context, response, proven.holder_id)
    return response


async def ask_replacement(context: TravellerContext) -> Response:
    """The frozen cards, and from when on each gets a new number."""
    async with context.reading() as tx:
        return await _replacement_page(context, tx)


async def replace_card(context: TravellerContext) -> Response:
    """补卡: the new number and PIN, shown this once; reloading gives a fresh PIN for the same number."""
    wanted, request_id = context.form.number("card", 1, _BIGGEST_ID), parse_uuid(context.form.one("id"))
    async with context.reading() as tx:
        held = await cards_of(tx, context.services.vault, context.holder_id)
    card = next((one for one in held if one.id == wanted), None)
    if card is None or request_id is None:
        return context.not_found()
    try:
        made = await replacing.replace_card(context.services, context.traveller, request_id, card.card_no)
    except SameMoment:  # asked twice at once: the form is there to be sent again
        made = None
    if isinstance(made, NotYet) or made is None:
        async with context.reading() as tx:
            return await _replacement_page(context, tx)
    if isinstance(made, Denied):
        actions = (("/me", context.gettext("Me"), True),)
        return context.message(
            context.gettext("Not done"), say_denied(made, context.locale), status=409, actions=actions
        )
    return _new_card_page(context, made)


async def ask_objection(context: TravellerContext) -> Response:
    """Where the code of the message is typed."""
    return _objection_page(context)


async def stop_replacement(context: TravellerContext) -> Response:
    """The holder did not ask for a new card: what came of it is frozen."""
    try:
        is_stopped = await stopping.stop_replacement(
            context.services, caller_of(context.request), context.form.one("code")
        )
    except Throttled as slowed:
        return _objection_page(context, say_wait(slowed.at, context.now, context.locale), status=_TOO_MANY)
    if not is_stopped:
        text = context.gettext("The code is wrong, or more than seven days have passed.")
        return _objection_page(context, text)
    return context.message(
        context.gettext("The replacement is stopped"),
        context.gettext(
            "The new number no longer works, and everyone is signed out. You keep your "
            "bookings. Bring your document to the staffed counter, where an administrator "
            "replaces the card."
        ),
        status=200,
        is_waiting=True,
    )


def _purpose(context: TravellerContext) -> str:
    """Empty: a card is lost. Else it is there: 'signin' by document and phone, a new 'pin', or 'found' again, to be unfrozen.

    What the code then does was decided when it was asked for, if that request was kept (`recovery.begin`).
    """
    asked = (context.form.one("for"), context.request.query_params.get("for"))
    return next((one for one in _KEEPS if one in asked), "")


def _request_id(context: TravellerContext) -> UUID | None:
    return parse_uuid(str(context.request.path_params["id"]))


def _lost_page(context: TravellerContext, person: PersonForm, *, status: int = _UNPROCESSABLE) -> Response:
    return context.page(
        "lost",
        tab="me",
        status=status if person.errors else 200,
        values=person.values,
        errors=person.errors,
        error_of=error_finder(person.errors),
        kinds_of_document=kinds_of_document(context.locale),
        request_id=parse_uuid(context.form.one("id")) or uuid7(),
        purpose=_purpose(context),
    )


def _code_page(
    context: TravellerContext, request_id: UUID, problem: str = "", *, status: int = _UNPROCESSABLE
) -> Response:
    errors = (FieldError("code", problem),) if problem else ()
    return context.page(
        "lost_code",
        tab="me",
        status=status if problem else 200,
        request_id=request_id,
        minutes=recovery.CODE_TTL_S // 60,
        purpose=_purpose(context),
        errors=errors,
        error_of=error_finder(errors),
    )


def _objection_page(
    context: TravellerContext, problem: str = "", *, status: int = _UNPROCESSABLE
) -> Response:
    errors = (FieldError("code", problem),) if problem else ()
    return context.page(
        "objection",
        tab="me",
        status=status if problem else 200,
        errors=errors,
        error_of=error_finder(errors),
    )


async def _replacement_page(context: TravellerContext, tx: Tx) -> Response:
    today = local_date(context.now, _TIMEZONE)
    known = await traveller(tx, context.services.vault, context.holder_id)
    name = mask_name(known.name.reveal()) if known else ""
    frozen = [one for one in await cards_of(tx, context.services.vault, context.holder_id) if _is_frozen(one)]
    found = await recovery.recovery_of(tx, context.holder_id, context.now, login_key=context.login_key)
    good_for = found.card_ids if found is not None and found.is_lost else frozenset[int]()
    proven = [one for one in frozen if one.id in good_for]
    at = await waits_until(context.services, tx, found) if found is not None else None
    phone = known.phone.reveal() if known else ""
    return context.page(
        "replacement",
        tab="me",
        cards=[(card_view(one, name, today, context.locale), uuid7()) for one in frozen],
        proven={one.id for one in proven},
        is_told=found is not None and await was_told(tx, found),
        waits=say_instant(at, context.locale) if at is not None else "",
        phone=mask_phone(phone) if phone else "",
        fees=[one.rules.replacement_fee_minor for one in frozen],
    )


def _is_frozen(card: CardView) -> bool:
    return card.state is CardState.FROZEN


def _new_card_page(context: TravellerContext, made: Replaced) -> Response:
    number = " ".join(made.card_no[at : at + 4] for at in range(0, len(made.card_no), 4))
    response = context.page(
        "new_card",
        tab="me",
        number=number,
        pin=made.pin.reveal(),
        fee_minor=made.fee_minor,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


routes = [
    get("/card/lost", ask_lost),
    post("/card/lost", send_code, needs_login=False),
    get("/card/lost/{id}", ask_code),
    post("/card/lost/{id}", check_code, needs_login=False),
    get("/card/replacement", ask_replacement, needs_login=True),
    post("/card/replacement", replace_card),
    get("/card/objection", ask_objection),
    post("/card/objection", stop_replacement, needs_login=False),
]
