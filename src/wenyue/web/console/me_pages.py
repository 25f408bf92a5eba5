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


async def show_me(context: OperatorContext) -> Response:
    """One's own sign-in."""
    return await _me(context)


async def do_me(context: OperatorContext) -> Response:
    """Remove a factor, make new recovery codes, end sign-ins."""
    done: list[str] | NotSecured | None
    match context.form.one("what"):
        case "remove":
            factor_id = context.form.number("factor", 1, _ID_MAX) or 0
            done = await remove_factor(context.services, context.operator, context.member, factor_id)
        case "codes":
            done = await renew_codes(context.services, context.operator, context.member)
        case "end":
            done = await end_own_sessions(
                context.services, context.operator, context.member, _key(context) or "0" * _KEY_LENGTH
            )
        case "end_others":
            done = await end_own_sessions(context.services, context.operator, context.member, "")
        case _:
            done = NotSecured.UNKNOWN
    return await _answer(context, done, _me)


async def show_factor(context: OperatorContext) -> Response:
    """Set up one more factor, once those that are there were proved again."""
    if await _asks_first(context):
        return await ask_factor(context, status=200)
    return await _factor(context)


async def do_factor(context: OperatorContext) -> Response:
    """Keep it."""
    if context.form.one("what") != "add":
        return redirect(f"{ME}/factor")
    if await _asks_first(context):  # before anything is offered again
        return await ask_factor(context)
    made = read_enrolment(context, context.member.id, context.member.login, challenge_key(context))
    if isinstance(made, str):
        return await _factor(context, made)
    try:
        done = await enrol_factor(
            context.services, context.operator, context.member, caller_of(context.request), made
        )
    except Throttled as slowed:
        return await _factor(context, say_wait(slowed.at, context.now, context.locale), status=429)
    return await _answer(context, done, _factor)


async def _asks_first(context: OperatorContext) -> bool:
    """Whether a factor that is there has to be proved again before another is set up."""
    async with context.services.db.reading() as tx:
        security = await security_of(tx, context.member.id, context.now)
    is_fresh = context.login is not None and context.login.has_fresh_factor(context.now)
    return bool(security.factors) and not is_fresh


async def show_sessions(context: OperatorContext) -> Response:
    """Which colleagues are signed in."""
    return await _sessions(context)


async def do_sessions(context: OperatorContext) -> Response:
    """Sign a colleague out everywhere."""
    staff_id = context.form.number("staff", 1, _ID_MAX) or 0
    done = await end_sessions_of(context.services, context.operator, staff_id)
    refused = done if isinstance(done, NotSecured) else None
    return await _answer(context, refused, _sessions, onward="/console/sessions")


async def _answer(
    context: OperatorContext,
    done: Sequence[str] | NotSecured | None,
    page: Callable[[OperatorContext, str], Awaitable[Response]],
    *,
    onward: str = ME,
) -> Response:
    """After an act: the factor first, or `page` with what is wrong; else new recovery codes, this once, or `onward`."""
    if done is NotSecured.FACTOR_OLD:
        return await ask_factor(context)
    if isinstance(done, NotSecured):
        return await page(context, context.say(SAYS[done]))
    return show_codes(context, tuple(done), onward) if done else redirect(onward)


async def _me(context: OperatorContext, problem: str = "") -> Response:
    async with context.services.db.reading() as tx:
        security = await security_of(tx, context.member.id, context.now)
    mode = mode_of(context.services)
    return context.page(
        "me",
        status=422 if problem else 200,
        section="me",
        problem=problem,
        is_changed=context.request.query_params.get("done") == "password" and not problem,
        is_off=mode is Mode.OFF,
        lacks=mode is not Mode.OFF and not security.factors and needs_factor(context.member.duties),
        factors=[
            Line(
                str(one.id),
                one.name,
                _facts(context, _kind(context, one.kind), one.added_at, one.used_at),
            )
            for one in security.factors
        ],
        codes_left=security.codes_left,
        codes_low=security.codes_left <= _CODES_LOW,
        sessions=[
            Line(
                one.key,
                one.client or context.gettext("Unknown device"),
                _since(context, one.began_at, one.used_at),
                one.key == context.login_key,
            )
            for one in security.sessions
        ],
        may_manage=context.member.may_anywhere(Right.STAFF_MANAGE),
        may_console=context.may_enter,
        idle_min=context.services.settings.staff.console_idle_min,
    )


async def _factor(context: OperatorContext, problem: str = "", *, status: int = 422) -> Response:
    shown = await enrolment_context(
        context, context.member.id, context.member.login, challenge_key(context), problem
    )
    return context.staff_page(
        "staff_enrolment",
        status=status if problem else 200,
        action=f"{ME}/factor",
        is_first=False,
        **shown,
    )


async def _sessions(context: OperatorContext, problem: str = "") -> Response:
    found = await present(context.services, context.operator)
    return context.page(
        "sessions",
        status=422 if problem else 200,
        section="me",
        problem=problem,
        people=[
            Line(
                str(one.staff.id),
                one.staff.display_name or one.staff.login,
                context.ngettext(
                    "{login} · signed in on {n} device · last used {day}",
                    "{login} · signed in on {n} devices · last used {day}",
                    one.count,
                    login=one.staff.login,
                    day=_day(context, one.used_at),
                ),
                one.staff.id == context.member.id,
            )
            for one in found
        ],
    )


def _kind(context: OperatorContext, kind: str) -> str:
    return context.gettext("Passkey") if kind == "passkey" else context.gettext("Authenticator app")


def _facts(context: OperatorContext, kind: str, added: datetime, used: datetime | None) -> str:
    return context.gettext(
        "{kind} · added {added} · last used {used}",
        kind=kind,
        added=_day(context, added),
        used=_day(context, used) if used else "–",
    )


def _since(context: OperatorContext, began: datetime, used: datetime) -> str:
    return context.gettext(
        "signed in {began} · last used {used}",
        began=say_instant(began, context.locale, context.services.rulebook.timezone),
        used=_day(context, used),
    )


def _day(context: OperatorContext, at: datetime) -> str:
    return say_full_date(local_date(at, context.services.rulebook.timezone), context.locale)


def _key(context: OperatorContext) -> str:
    raw = context.form.one("session")
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
