"""One's own sign-in: factors, recovery codes, where one is signed in; and, for administrators, where colleagues are."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from wenyue.accounts import Throttled
from wenyue.accounts.second.rules import Mode
from wenyue.application.end_sessions import end_own_sessions, end_sessions_of
from wenyue.application.enrol_factor import enrol_factor
from wenyue.application.remove_factor import remove_factor
from wenyue.application.renew_codes import renew_codes
from wenyue.application.securing import NotSecured
from wenyue.application.signing_in import mode_of
from wenyue.application.staff_security import present, security_of
from wenyue.core.clock import local_date
from wenyue.core.duties import Right, needs_factor
from wenyue.locale import Message
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.shared.caller import caller_of
from wenyue.web.shared.i18n import say_full_date
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.second_step import (
    ask_factor,
    challenge_key,
    enrolment_context,
    read_enrolment,
    show_codes,
)
from wenyue.web.wording import say_instant, say_wait

ME: Final = "/console/me"
_ID_MAX: Final = 2**63 - 1
_KEY_LENGTH: Final = 64
_CODES_LOW: Final = 3
SAYS: Final = {
    NotSecured.FACTOR_OLD: Message("not_secured.factor_old"),
    NotSecured.CODE_WRONG: Message("not_secured.code_wrong"),
    NotSecured.KNOWN: Message("not_secured.known"),
    NotSecured.TOO_MANY: Message("not_secured.too_many"),
    NotSecured.LAST: Message("not_secured.last"),
    NotSecured.UNKNOWN: Message("not_secured.unknown"),
    NotSecured.NOT_YOURS: Message("not_secured.not_yours"),
    NotSecured.NOT_THEIR_PASSWORD: Message("not_secured.not_their_password"),
    NotSecured.BY_PIN: Message("not_secured.by_pin"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One factor or one sign-in as it is listed."""

    id: str
    name: str
    note: str
    is_mine: bool = False


async def show_me(duty: OperatorContext) -> Response:
    """One's own sign-in."""
    return await _me(duty)


async def do_me(duty: OperatorContext) -> Response:
    """Remove a factor, make new recovery codes, end sign-ins."""
    done: list[str] | NotSecured | None
    match duty.form.one("what"):
        case "remove":
            factor_id = duty.form.number("factor", 1, _ID_MAX) or 0
            done = await remove_factor(duty.services, duty.operator, duty.member, factor_id)
        case "codes":
            done = await renew_codes(duty.services, duty.operator, duty.member)
        case "end":
            done = await end_own_sessions(
                duty.services, duty.operator, duty.member, _key(duty) or "0" * _KEY_LENGTH
            )
        case "end_others":
            done = await end_own_sessions(duty.services, duty.operator, duty.member, "")
        case _:
            done = NotSecured.UNKNOWN
    return await _answer(duty, done, _me)


async def show_factor(duty: OperatorContext) -> Response:
    """Set up one more factor, once those that are there were proved again."""
    if await _asks_first(duty):
        return await ask_factor(duty, status=200)
    return await _factor(duty)


async def do_factor(duty: OperatorContext) -> Response:
    """Keep it."""
    if duty.form.one("what") != "add":
        return redirect(f"{ME}/factor")
    if await _asks_first(duty):  # before anything is offered again
        return await ask_factor(duty)
    made = read_enrolment(duty, duty.member.id, duty.member.login, challenge_key(duty))
    if isinstance(made, str):
        return await _factor(duty, made)
    try:
        done = await enrol_factor(duty.services, duty.operator, duty.member, caller_of(duty.request), made)
    except Throttled as slowed:
        return await _factor(duty, say_wait(slowed.at, duty.now, duty.locale), status=429)
    return await _answer(duty, done, _factor)


async def _asks_first(duty: OperatorContext) -> bool:
    """Whether a factor that is there has to be proved again before another is set up."""
    async with duty.services.db.reading() as tx:
        security = await security_of(tx, duty.member.id, duty.now)
    is_fresh = duty.login is not None and duty.login.has_fresh_factor(duty.now)
    return bool(security.factors) and not is_fresh


async def show_sessions(duty: OperatorContext) -> Response:
    """Which colleagues are signed in."""
    return await _sessions(duty)


async def do_sessions(duty: OperatorContext) -> Response:
    """Sign a colleague out everywhere."""
    staff_id = duty.form.number("staff", 1, _ID_MAX) or 0
    done = await end_sessions_of(duty.services, duty.operator, staff_id)
    refused = done if isinstance(done, NotSecured) else None
    return await _answer(duty, refused, _sessions, onward="/console/sessions")


async def _answer(
    duty: OperatorContext,
    done: Sequence[str] | NotSecured | None,
    page: Callable[[OperatorContext, str], Awaitable[Response]],
    *,
    onward: str = ME,
) -> Response:
    """After an act: the factor first, or `page` with what is wrong; else new recovery codes, this once, or `onward`."""
    if done is NotSecured.FACTOR_OLD:
        return await ask_factor(duty)
    if isinstance(done, NotSecured):
        return await page(duty, duty.say(SAYS[done]))
    return show_codes(duty, tuple(done), onward) if done else redirect(onward)


async def _me(duty: OperatorContext, problem: str = "") -> Response:
    async with duty.services.db.reading() as tx:
        security = await security_of(tx, duty.member.id, duty.now)
    mode = mode_of(duty.services)
    return duty.page(
        "me",
        status=422 if problem else 200,
        section="me",
        problem=problem,
        is_changed=duty.request.query_params.get("done") == "password" and not problem,
        is_off=mode is Mode.OFF,
        lacks=mode is not Mode.OFF and not security.factors and needs_factor(duty.member.duties),
        factors=[
            Line(
                str(one.id),
                one.name,
                _facts(duty, _kind(duty, one.kind), one.added_at, one.used_at),
            )
            for one in security.factors
        ],
        codes_left=security.codes_left,
        codes_low=security.codes_left <= _CODES_LOW,
        sessions=[
            Line(
                one.key,
                one.client or duty.gettext("Unknown device"),
                _since(duty, one.began_at, one.used_at),
                one.key == duty.login_key,
            )
            for one in security.sessions
        ],
        may_manage=duty.member.may_anywhere(Right.STAFF_MANAGE),
        may_console=duty.may_enter,
        idle_min=duty.services.settings.staff.console_idle_min,
    )


async def _factor(duty: OperatorContext, problem: str = "", *, status: int = 422) -> Response:
    shown = await enrolment_context(duty, duty.member.id, duty.member.login, challenge_key(duty), problem)
    return duty.staff_page(
        "staff_enrolment",
        status=status if problem else 200,
        action=f"{ME}/factor",
        is_first=False,
        **shown,
    )


async def _sessions(duty: OperatorContext, problem: str = "") -> Response:
    found = await present(duty.services, duty.operator)
    return duty.page(
        "sessions",
        status=422 if problem else 200,
        section="me",
        problem=problem,
        people=[
            Line(
                str(one.staff.id),
                one.staff.display_name or one.staff.login,
                duty.ngettext(
                    "{login} · signed in on {n} device · last used {day}",
                    "{login} · signed in on {n} devices · last used {day}",
                    one.count,
                    login=one.staff.login,
                    day=_day(duty, one.used_at),
                ),
                one.staff.id == duty.member.id,
            )
            for one in found
        ],
    )


def _kind(duty: OperatorContext, kind: str) -> str:
    return duty.gettext("Passkey") if kind == "passkey" else duty.gettext("Authenticator app")


def _facts(duty: OperatorContext, kind: str, added: datetime, used: datetime | None) -> str:
    return duty.gettext(
        "{kind} · added {added} · last used {used}",
        kind=kind,
        added=_day(duty, added),
        used=_day(duty, used) if used else "–",
    )


def _since(duty: OperatorContext, began: datetime, used: datetime) -> str:
    return duty.gettext(
        "signed in {began} · last used {used}",
        began=say_instant(began, duty.locale, duty.services.rulebook.timezone),
        used=_day(duty, used),
    )


def _day(duty: OperatorContext, at: datetime) -> str:
    return say_full_date(local_date(at, duty.services.rulebook.timezone), duty.locale)


def _key(duty: OperatorContext) -> str:
    raw = duty.form.one("session")
    is_key = len(raw) == _KEY_LENGTH and set(raw) <= set("0123456789abcdef")
    return raw if is_key else ""


routes: Final = [
    get(ME, show_me),
    post(ME, do_me),
    get(f"{ME}/factor", show_factor),
    post(f"{ME}/factor", do_factor),
    get("/console/sessions", show_sessions),
    post("/console/sessions", do_sessions),
]
