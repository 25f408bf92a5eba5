"""After the password: a code or a passkey, setting up the first factor; and proving it again before what is risky."""

from typing import Final

from starlette.responses import Response

from wenyue.accounts import Throttled
from wenyue.accounts.second import factors
from wenyue.accounts.second.passkeys import Passkey, challenge_of, user_id_of
from wenyue.accounts.second.rules import CODE_DIGITS, NAME_LENGTH_MAX, RECOVERY_LENGTH, Step
from wenyue.accounts.second.sessions import HalfLogin
from wenyue.application.enrol_first_factor import enrol_first_factor
from wenyue.application.prove_factor import prove_factor
from wenyue.application.recognise import recognise
from wenyue.application.second_step import half_login
from wenyue.application.signing_in import Enrolment, NotSignedIn
from wenyue.application.step_up import step_up
from wenyue.core.documents.text import has_unseen
from wenyue.web.shared.caller import caller_of
from wenyue.web.shared.ceremonies import (
    Signed,
    read_registration,
    registration_options,
    signing_options,
)
from wenyue.web.shared.passkey_place import place_of
from wenyue.web.shared.qr import qr_svg
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.session import CSRF_FIELD
from wenyue.web.shared.staff import StaffContext, signed_in
from wenyue.web.wording import say_wait

STEPPING: Final = "stepping"  # the field of a form that proves the factor again and then does what was asked
_OWN_FIELDS: Final = frozenset({CSRF_FIELD, STEPPING, "code", "answer", "by"})
_CODE_LENGTH_MAX: Final = 40
_PIECES_MAX: Final = 20  # of a passkey's answer: a field is cut at 512 characters
_SIGN: Final = "sign"
_NEW: Final = "new"


async def show_factor(asked: StaffContext) -> Response:
    """Ask for the code of whoever gave the right password."""
    half = await half_login(asked.services, asked.token, Step.FACTOR)
    if half is None:
        return redirect(asked.signin_path)
    return await _factor(asked, half)


async def do_factor(asked: StaffContext) -> Response:
    """Check it; right, it is the login."""
    half = await half_login(asked.services, asked.token, Step.FACTOR)
    if half is None:
        return redirect(asked.signin_path)
    try:
        done = await prove_factor(asked.services, asked.knock, half, given(asked, half.key, _SIGN))
    except Throttled as slowed:
        return await _factor(asked, half, say_wait(slowed.at, asked.now, asked.locale), status=429)
    if done is NotSignedIn.OVER:
        return redirect(asked.signin_path)
    if isinstance(done, NotSignedIn):
        return await _factor(asked, half, say_wrong(asked), status=422)
    return signed_in(asked, done, redirect(asked.home))


async def show_enrolment(asked: StaffContext) -> Response:
    """Set up a first factor, once the password was right."""
    half = await half_login(asked.services, asked.token, Step.ENROLMENT)
    if half is None:
        return redirect(asked.signin_path)
    return await _enrolment(asked, half)


async def do_enrolment(asked: StaffContext) -> Response:
    """Keep it, sign in, and show the recovery codes once."""
    half = await half_login(asked.services, asked.token, Step.ENROLMENT)
    if half is None:
        return redirect(asked.signin_path)
    made = read_enrolment(asked, half.staff_id, half.login, half.key)
    try:
        if isinstance(made, str):
            return await _enrolment(asked, half, made, status=422)
        done = await enrol_first_factor(asked.services, asked.knock, half, made)
    except Throttled as slowed:
        return await _enrolment(asked, half, say_wait(slowed.at, asked.now, asked.locale), status=429)
    if done is NotSignedIn.OVER:
        return redirect(asked.signin_path)
    if isinstance(done, NotSignedIn):
        return await _enrolment(asked, half, say_refused(asked, done), status=422)
    return signed_in(asked, done, show_codes(asked, done.codes, asked.home))


def show_codes(asked: StaffContext, codes: tuple[str, ...], onward: str) -> Response:
    """Recovery codes, this once."""
    return asked.staff_page("staff_codes", codes=codes, onward=onward)


async def ask_factor(asked: StaffContext, problem: str = "", *, status: int = 403) -> Response:
    """Prove the factor again; what was typed goes on with it, and is done then."""
    kept = [
        (name, value)
        for name, values in asked.form.values.items()
        if name not in _OWN_FIELDS
        for value in values
    ]
    async with asked.services.db.reading() as tx:
        known = await factors.passkeys_of(tx, asked.member.id)
    return asked.staff_page(
        "staff_factor",
        status=status,
        action=asked.request.url.path,
        kept=[*kept, (STEPPING, "1")],
        is_again=True,
        **_way(asked, known, challenge_key(asked)),
        **_problem(problem),
    )


async def stepped_up(asked: StaffContext) -> Response | None:
    """Prove the factor that the form brings; None: it was right, and what was asked is done now."""
    if not asked.form.one(STEPPING):
        return None
    proof = given(asked, challenge_key(asked), _SIGN)
    try:
        is_right = await step_up(
            asked.services, asked.operator, asked.member, caller_of(asked.request), proof
        )
    except Throttled as slowed:
        return await ask_factor(asked, say_wait(slowed.at, asked.now, asked.locale), status=429)
    if is_right or await _proved_a_moment_ago(asked):
        return None
    return await ask_factor(asked, say_wrong(asked), status=422)


async def _proved_a_moment_ago(asked: StaffContext) -> bool:
    """Whether this login proved a factor meanwhile: the form was sent twice, and its code is good once.

    What goes on then would not have been asked for a factor if it came now.
    """
    now = asked.services.clock()
    login = (await recognise(asked.services.db, [asked.token], now, is_use=False)).get(asked.token)
    return login is not None and login.has_fresh_factor(now)


def given(asked: StaffContext, key: str, purpose: str) -> str | Signed:
    """What the form proves the factor with. `key`: of the login that is at it."""
    place = place_of(asked.request)
    if asked.form.one("by") == "passkey" and place is not None:
        return Signed(place, challenge_of(asked.services.vault, key, purpose), _answer(asked))
    return asked.form.one("code")[:_CODE_LENGTH_MAX]


def read_enrolment(asked: StaffContext, staff_id: int, login: str, key: str) -> Enrolment | str:
    """The factor that the form sets up, or what is wrong with it."""
    name = asked.form.one("name")[:NAME_LENGTH_MAX]
    if has_unseen(name):
        return asked.gettext("Enter a name on one line of plain text.")
    if asked.form.one("by") == "passkey":
        place = place_of(asked.request)
        challenge = challenge_of(asked.services.vault, key, _NEW)
        made = read_registration(place, challenge, _answer(asked)) if place else None
        if made is None:
            return asked.gettext("The passkey wasn't set up. Try again.")
        return Enrolment(name or asked.gettext("Passkey"), passkey=made)
    offer = factors.read_offer(asked.services.vault, staff_id, login, asked.form.one("offer"))
    if offer is None:
        return asked.gettext("This page has expired. Scan the new code.")
    code = asked.form.one("code")[:_CODE_LENGTH_MAX]
    return Enrolment(name or asked.gettext("Authenticator app"), offer, code)


async def enrolment_context(
    asked: StaffContext, staff_id: int, login: str, key: str, problem: str = ""
) -> dict[str, object]:
    """What the page to set up a factor shows; the offer that was shown already stays."""
    vault = asked.services.vault
    offer = factors.read_offer(vault, staff_id, login, asked.form.one("offer"))
    offer = offer or factors.offer_app(vault, staff_id, login)
    place, options = place_of(asked.request), ""
    if place is not None:
        async with asked.services.db.reading() as tx:
            known = [one.credential_id for one in await factors.passkeys_of(tx, staff_id)]
        challenge = challenge_of(vault, key, _NEW)
        options = registration_options(place, user_id_of(vault, staff_id), login, challenge, known)
    secret = " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4))
    return {
        "kept": [],
        "offer": offer.sealed,
        "qr": qr_svg(offer.uri),
        "uri": offer.uri,
        "secret": secret,
        "options": options,
        "digits": CODE_DIGITS,
        "name": asked.form.one("name")[:NAME_LENGTH_MAX],
        "name_max": NAME_LENGTH_MAX,
        **_problem(problem),
    }


def say_wrong(asked: StaffContext) -> str:
    """That the code or the passkey was not right."""
    return asked.gettext("The code or passkey is wrong, or the code was already used. Try the next code.")


def say_refused(asked: StaffContext, refused: NotSignedIn) -> str:
    """Why a factor was not kept."""
    if refused is NotSignedIn.KNOWN:
        return asked.gettext("This is already set up.")
    return asked.gettext("The code is wrong. Enter the code the app shows now.")


def challenge_key(asked: StaffContext) -> str:
    """What a passkey's challenge follows from: the login, and when it last proved a factor, so that each is good once."""
    proved = asked.login.factor_at if asked.login is not None else None
    return f"{asked.login_key}|{proved.isoformat() if proved else '-'}"


async def _factor(asked: StaffContext, half: HalfLogin, problem: str = "", *, status: int = 200) -> Response:
    async with asked.services.db.reading() as tx:
        known = await factors.passkeys_of(tx, half.staff_id)
    return asked.staff_page(
        "staff_factor",
        status=status,
        action=f"{asked.signin_path}/factor",
        kept=[
            ("login", half.login)
        ],  # so that a device that is known there is told from strangers before it has a place
        is_again=False,
        **_way(asked, known, half.key),
        **_problem(problem),
    )


async def _enrolment(
    asked: StaffContext, half: HalfLogin, problem: str = "", *, status: int = 200
) -> Response:
    shown = await enrolment_context(asked, half.staff_id, half.login, half.key, problem)
    return asked.staff_page(
        "staff_enrolment",
        status=status,
        action=f"{asked.signin_path}/enrolment",
        is_first=True,
        **(shown | {"kept": [("login", half.login)]}),
    )


def _way(asked: StaffContext, known: list[Passkey], key: str) -> dict[str, object]:
    place, options = place_of(asked.request), ""
    if place is not None and known:
        challenge = challenge_of(asked.services.vault, key, _SIGN)
        options = signing_options(place, challenge, [one.credential_id for one in known])
    return {"options": options, "code_max": RECOVERY_LENGTH + 5}


def _problem(text: str) -> dict[str, object]:
    return {"errors": ({"field": "code", "text": text},) if text else (), "problem": text}


def _answer(asked: StaffContext) -> str:
    return "".join(asked.form.many("answer", _PIECES_MAX))
