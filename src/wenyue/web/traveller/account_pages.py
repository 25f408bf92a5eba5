"""Getting in and out: activating a card, signing in with it, signing out."""

from typing import Final

from starlette.responses import Response

from wenyue.application import activate_card as activating
from wenyue.application import sign_in_with_card as signing_in
from wenyue.application import sign_out as use_case
from wenyue.application.activate_card import ActivateCard
from wenyue.application.sign_in_with_card import CardKnock, NewLogin
from wenyue.cards import ActivationRequest, CardProblem, Denied, clean_card_no
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


async def show_activation(visit: TravellerContext) -> Response:
    """The empty form."""
    return _activation_page(visit, PersonForm(blank_values(), None, ()))


async def activate_card(visit: TravellerContext) -> Response:
    """Activate, sign in, and go to the card; or the form again with every field that needs mending."""
    today = local_date(visit.now, _TIMEZONE)
    person = read_person(visit.form, today, visit.locale, has_phone=True)
    missing = _missing(visit)
    if missing or person.identity is None:
        return _activation_page(visit, PersonForm(person.values, None, missing + person.errors))
    request = ActivationRequest(
        visit.form.one("card_no"),
        visit.form.one("pin"),
        person.identity,
        locale=visit.locale,
        signed_in_as=visit.traveller_id,
        is_separate=visit.form.one("separate") == "1",
    )

    wanted = ActivateCard(request, caller_of(visit.request), visit.login_key, _begins(visit))
    answer = await activating.activate_card(visit.services, wanted)
    if isinstance(answer, Denied):
        error = FieldError(_field_of(answer.problem), say_denied(answer, visit.locale))
        is_claimed = answer.problem is CardProblem.HOLDER_CLAIMED
        return _activation_page(visit, PersonForm(person.values, None, (error,)), is_claimed=is_claimed)
    return _signed_in(visit, answer.token, "/?welcome=1")


async def show_sign_in(visit: TravellerContext) -> Response:
    """The empty form."""
    return _sign_in_page(visit, visit.request.query_params.get("back", ""), ())


async def sign_in_with_card(visit: TravellerContext) -> Response:
    """Sign in and go where the traveller wanted to go."""
    back = visit.form.one("back")
    errors = _missing(visit)
    if errors:
        return _sign_in_page(visit, back, errors)

    knock = CardKnock(caller_of(visit.request), visit.form.one("card_no"), visit.form.one("pin"))
    answer = await signing_in.sign_in_with_card(visit.services, knock, _begins(visit))
    if isinstance(answer, Denied):
        error = FieldError(_field_of(answer.problem), say_denied(answer, visit.locale))
        return _sign_in_page(visit, back, (error,))
    return _signed_in(visit, answer.token, local_path(back))


async def sign_out(visit: TravellerContext) -> Response:
    """End the login; the trip goes with it."""
    await use_case.sign_out(visit.services, login_token(visit.request))
    response = redirect("/")
    response.headers["Clear-Site-Data"] = (
        '"cache", "storage"'  # vouchers kept for offline use, and their worker
    )
    clear_cookie(response, LOGIN_COOKIE, is_secure=visit.services.settings.web.is_secure)
    set_trip(response, Trip(), visit.services)
    return response


def _begins(visit: TravellerContext) -> NewLogin:
    """The login that begins; the one that this browser had before ends."""
    return NewLogin(login_token(visit.request), visit.locale)


def _signed_in(visit: TravellerContext, token: str, path: str) -> Response:
    """The browser keeps the new login, and is known at the card."""
    response = redirect(path)
    keep_device(response, visit.request, "card", clean_card_no(visit.form.one("card_no")))
    set_login(response, token, is_secure=visit.services.settings.web.is_secure)
    return response


def _missing(visit: TravellerContext) -> tuple[FieldError, ...]:
    """Card fields left empty."""
    errors: list[FieldError] = []
    if not visit.form.one("card_no"):
        errors.append(FieldError("card_no", visit.gettext("Enter the card number")))
    if not visit.form.one("pin"):
        errors.append(FieldError("pin", visit.gettext("Enter the PIN")))
    return tuple(errors)


def _field_of(problem: CardProblem) -> str:
    if problem in _PIN_PROBLEMS:
        return "pin"
    if problem is CardProblem.HOLDER_CLAIMED:
        return "separate"
    return "number" if problem in _PERSON_PROBLEMS else "card_no"


def _activation_page(visit: TravellerContext, person: PersonForm, *, is_claimed: bool = False) -> Response:
    return visit.page(
        "activate",
        tab="me",
        status=_UNPROCESSABLE if person.errors else 200,
        values=person.values,
        errors=person.errors,
        error_of=error_finder(person.errors),
        kinds_of_document=kinds_of_document(visit.locale),
        has_phone=True,
        is_claimed=is_claimed or visit.form.one("separate") == "1",
        is_separate=visit.form.one("separate") == "1",
        texts_to=visit.pgettext("between names", ", ").join(visit.services.settings.texts.prefixes),
    )


def _sign_in_page(visit: TravellerContext, back: str, errors: tuple[FieldError, ...]) -> Response:
    return visit.page(
        "signin",
        tab="me",
        status=_UNPROCESSABLE if errors else 200,
        values={"card_no": visit.form.one("card_no")},
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
