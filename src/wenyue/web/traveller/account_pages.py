"""Getting in and out: activating a card, signing in with it, signing out."""

from typing import Final

from starlette.responses import Response

from wenyue.application import activate_card as activating
from wenyue.application import sign_in_with_card as signing_in
from wenyue.application import sign_out as use_case
from wenyue.application.activate_card import ActivateCard
from wenyue.application.check_card import check_card
from wenyue.application.sign_in_with_card import CardKnock, NewLogin
from wenyue.cards import ActivationRequest, CardProblem, Denied
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.clock import local_date
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
from wenyue.web.shared.session import LOGIN_COOKIE, clear_cookie, login_token, set_login
from wenyue.web.traveller.context import TravellerContext, get, local_path, post
from wenyue.web.traveller.preferences import language_to_keep, speak_as_before
from wenyue.web.traveller.trip import Trip, set_trip
from wenyue.web.wording.cards import say_denied

_TIMEZONE: Final = "Asia/Shanghai"
_PIN_PROBLEMS: Final = frozenset({CardProblem.PIN_WRONG, CardProblem.PIN_LOCKED})
_PERSON_PROBLEMS: Final = frozenset(
    {
        CardProblem.TOO_YOUNG,
        CardProblem.TOO_OLD,
        CardProblem.BIRTH_UNKNOWN,
        CardProblem.HOLDER_KNOWN,
    }
)
_UNPROCESSABLE: Final = 422


async def show_activation(context: TravellerContext) -> Response:
    """The empty form."""
    return _activation_page(context, PersonForm(blank_values(), None, ()))


async def activate_card(context: TravellerContext) -> Response:
    """Activate, sign in, and go to the card; or the form again with every field that needs mending."""
    today = local_date(context.now, _TIMEZONE)
    person = read_person(context.form, today, context.locale, has_phone=True)
    wrong = _missing(context)
    if not wrong and person.identity is None:
        wrong = await _wrong_card(context)
    if wrong or person.identity is None:
        return _activation_page(context, PersonForm(person.values, None, wrong + person.errors))
    request = ActivationRequest(
        context.form.one("card_no"),
        context.form.one("pin"),
        person.identity,
        locale=context.locale,
        signed_in_as=context.traveller_id,
        is_separate=context.form.one("separate") == "1",
    )

    wanted = ActivateCard(request, caller_of(context.request), context.login_key, _begins(context))
    answer = await activating.activate_card(context.services, wanted)
    if isinstance(answer, Denied):
        error = FieldError(_field_of(answer.problem), say_denied(answer, context.locale))
        is_claimed = answer.problem is CardProblem.HOLDER_CLAIMED
        return _activation_page(context, PersonForm(person.values, None, (error,)), is_claimed=is_claimed)
    return await _signed_in(context, answer.holder_id, answer.token, "/?welcome=1")


async def show_sign_in(context: TravellerContext) -> Response:
    """The empty form."""
    return _sign_in_page(context, context.request.query_params.get("back", ""), ())


async def sign_in_with_card(context: TravellerContext) -> Response:
    """Sign in and go where the traveller wanted to go."""
    back = context.form.one("back")
    errors = _missing(context)
    if errors:
        return _sign_in_page(context, back, errors)

    knock = CardKnock(caller_of(context.request), context.form.one("card_no"), context.form.one("pin"))
    answer = await signing_in.sign_in_with_card(context.services, knock, _begins(context))
    if isinstance(answer, Denied):
        error = FieldError(_field_of(answer.problem), say_denied(answer, context.locale))
        return _sign_in_page(context, back, (error,))
    return await _signed_in(context, answer.holder_id, answer.token, local_path(back))


async def sign_out(context: TravellerContext) -> Response:
    """End the login; the trip goes with it."""
    await use_case.sign_out(context.services, login_token(context.request))
    response = redirect("/")
    response.headers["Clear-Site-Data"] = (
        '"cache", "storage"'  # vouchers kept for offline use, and their worker
    )
    clear_cookie(response, LOGIN_COOKIE, is_secure=context.services.settings.web.is_secure)
    set_trip(response, Trip(), context.services)
    return response


def _begins(context: TravellerContext) -> NewLogin:
    """The login that begins; the one that this browser had before ends."""
    return NewLogin(login_token(context.request), language_to_keep(context))


async def _signed_in(context: TravellerContext, holder_id: int, token: str, path: str) -> Response:
    """The browser keeps the new login, is known at the card, and speaks the account's language."""
    response = redirect(path)
    keep_device(response, context.request, "card", clean_card_no(context.form.one("card_no")))
    set_login(response, token, is_secure=context.services.settings.web.is_secure)
    await speak_as_before(context, response, holder_id)
    return response


def _missing(context: TravellerContext) -> tuple[FieldError, ...]:
    """Card fields left empty."""
    errors: list[FieldError] = []
    if not context.form.one("card_no"):
        errors.append(FieldError("card_no", context.gettext("Enter the card number")))
    if not context.form.one("pin"):
        errors.append(FieldError("pin", context.gettext("Enter the PIN")))
    return tuple(errors)


async def _wrong_card(context: TravellerContext) -> tuple[FieldError, ...]:
    """What is wrong with number and PIN, told beside what is wrong with the person: nobody corrects a form twice."""
    knock = CardKnock(caller_of(context.request), context.form.one("card_no"), context.form.one("pin"))
    denied = await check_card(context.services, knock, context.login_key)
    return (
        () if denied is None else (FieldError(_field_of(denied.problem), say_denied(denied, context.locale)),)
    )


def _field_of(problem: CardProblem) -> str:
    if problem in _PIN_PROBLEMS:
        return "pin"
    if problem is CardProblem.HOLDER_CLAIMED:
        return "separate"
    return "number" if problem in _PERSON_PROBLEMS else "card_no"


def _activation_page(context: TravellerContext, person: PersonForm, *, is_claimed: bool = False) -> Response:
    return context.page(
        "activate",
        tab="me",
        status=_UNPROCESSABLE if person.errors else 200,
        values=person.values,
        errors=person.errors,
        error_of=error_finder(person.errors),
        kinds_of_document=kinds_of_document(context.locale),
        has_phone=True,
        is_claimed=is_claimed or context.form.one("separate") == "1",
        is_separate=context.form.one("separate") == "1",
        texts_to=context.pgettext("between names", ", ").join(context.services.settings.texts.prefixes),
    )


def _sign_in_page(context: TravellerContext, back: str, errors: tuple[FieldError, ...]) -> Response:
    return context.page(
        "signin",
        tab="me",
        status=_UNPROCESSABLE if errors else 200,
        values={"card_no": context.form.one("card_no")},
        back=local_path(back),
        errors=errors,
        error_of=error_finder(errors),
    )


routes = [
    get("/activate", show_activation),
    post("/activate", activate_card, needs_login=False),
    get("/signin", show_sign_in),
    post("/signin", sign_in_with_card, needs_login=False),
    post("/signout", sign_out),
]
