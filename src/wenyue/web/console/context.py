"""One request of an operator: who asks, in which language, what refusals look like – and who may look while the database is away.

Whoever was let in within the last quarter of an hour carries a signed pass. It opens the live page and the runbooks, which show
no person's data, while the database cannot be asked whose login it is; nothing else (ON_PASS), and not for longer.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from psycopg import Error as DatabaseError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wenyue.core.duties import Right
from wenyue.platform.database.db import DatabaseDown
from wenyue.web.shared import locale_of, services_of
from wenyue.web.shared.access import Access, Who, access_of
from wenyue.web.shared.request_context import answered, redirect
from wenyue.web.shared.second_step import stepped_up
from wenyue.web.shared.session import STAFF_COOKIE, read_cookie, set_cookie, signed, unsigned
from wenyue.web.shared.staff import StaffContext

DUTY_COOKIE: Final = "wy_duty"
DUTY_S: Final = 15 * 60
_DUTY: Final = "duty"
# What may be read on a pass. A path that is not named is closed while the database is away; a form always is.
ON_PASS: Final = frozenset(
    {"/console", "/console/live", "/console/live.json", "/console/runbooks", "/console/runbooks/{name}"}
)


@dataclass(slots=True)
class OperatorContext(StaffContext):
    """A request, understood. `staff` is None for a stranger; `is_on_pass`: nobody could be asked, the pass was good."""

    face: ClassVar[str] = "console"
    home: ClassVar[str] = "/console/live"
    cookies: ClassVar[tuple[str, ...]] = (STAFF_COOKIE, DUTY_COOKIE)

    is_on_pass: bool = False

    @property
    def may_enter(self) -> bool:
        """Whether this person may see the console."""
        return self.is_on_pass or (self.staff is not None and self.staff.may_anywhere(Right.CONSOLE_VIEW))

    def frame(self) -> dict[str, object]:
        """What every page of the console is given."""
        manages = self.staff is not None and self.staff.may_anywhere(Right.DEVICES_MANAGE)
        return StaffContext.frame(self) | {
            "is_operator": self.may_enter,
            "section": "",
            "may_manage_devices": manages,
            "may_manage_staff": self.staff is not None and self.staff.may_anywhere(Right.STAFF_MANAGE),
            "may_read_record": self.staff is not None and self.staff.may(Right.RECORD_READ, None),
        }

    def message(self, status: int, title: str, text: str, *, back: str = "/console/live") -> Response:
        """A page that says one thing."""
        return self.page("message", status=status, title=title, text=text, back=back)


Handler = Callable[[OperatorContext], Awaitable[Response]]


def get(path: str, handler: Handler, *, is_json: bool = False) -> Route:
    """A page, or the data behind one. Who may open it stands in `web.shared.access`."""
    needs = _Needs(access_of("GET", path), is_json=is_json, opens_on_pass=path in ON_PASS)
    return Route(path, _wrap(handler, needs), methods=["GET"])


def post(path: str, handler: Handler) -> Route:
    """What a form does: its token is checked before the handler sees it."""
    return Route(path, _wrap(handler, _Needs(access_of("POST", path))), methods=["POST"])


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a route asks of whoever comes, and what its answers are."""

    access: Access
    is_json: bool = False
    opens_on_pass: bool = False


def _wrap(handler: Handler, needs: _Needs) -> Callable[[Request], Awaitable[Response]]:
    async def answer(context: OperatorContext) -> Response:
        response = await _answer(context, handler, needs)
        if context.staff is not None and context.may_enter:
            _give_pass(context, response)
        return response

    def away(context: OperatorContext) -> Response:
        return _away(context, is_json=needs.is_json)

    async def endpoint(request: Request) -> Response:
        services = services_of(request)
        return await answered(
            OperatorContext(request, services, locale_of(request), services.clock()), answer, away
        )

    return endpoint


async def _answer(context: OperatorContext, handler: Handler, needs: _Needs) -> Response:
    if not await context.has_good_form():
        return _stale_form(context)
    await _recognise(context, opens_on_pass=needs.opens_on_pass, is_use=not needs.is_json)
    is_for_all_staff = needs.access is Who.STAFF and context.staff is None
    if is_for_all_staff or (isinstance(needs.access, Right) and not _may(context, needs.access)):
        return _refused(context, is_json=needs.is_json)
    if needs.access is Who.STAFF and context.device_id is not None:
        return _by_pin(context)
    if context.staff is not None and (asks := await stepped_up(context)):
        return asks
    return await handler(context)


def _may(context: OperatorContext, right: Right) -> bool:
    """A pass stands for `console.view` alone: it opens nothing else."""
    return context.is_on_pass or (context.staff is not None and context.staff.may_anywhere(right))


def _stale_form(context: OperatorContext) -> Response:
    return context.message(
        403,
        context.gettext("This page has expired"),
        context.gettext("Nothing was changed. Open the page again and retry."),
    )


async def _recognise(context: OperatorContext, *, opens_on_pass: bool, is_use: bool) -> None:
    """Whose login this is; while the database is away, whether the pass is good (without waiting for the database).

    Raises DatabaseDown where a pass opens nothing.
    """
    if context.services.db.outage.since is None:
        try:
            await context.recognise(is_use=is_use)  # a page that asks by itself is no use of the login
        except (DatabaseDown, DatabaseError):
            if not opens_on_pass or not _has_pass(context):
                raise
            context.is_on_pass = True
        return
    if not context.token:
        return
    context.is_on_pass = opens_on_pass and _has_pass(context)
    if not context.is_on_pass:
        raise DatabaseDown("nobody can be asked whose login this is")


def _refused(context: OperatorContext, *, is_json: bool) -> Response:
    if is_json:
        status = 401 if context.staff is None else 403
        return JSONResponse(
            {"signed_in": context.staff is not None}, status, headers={"Cache-Control": "no-store"}
        )
    if context.staff is None:
        return redirect(context.signin_path)
    if context.may_enter:
        return context.message(
            403,
            context.gettext("This isn't one of your duties"),
            context.gettext(
                "Nothing was changed. Sign in with an account that has this duty, or ask an administrator."
            ),
        )
    return context.message(
        403,
        context.gettext("This account can't use the console"),
        context.gettext(
            "Gate and counter accounts can't use the console. Sign in with an operator's "
            "account, or ask an administrator to change your duties."
        ),
        back=context.signin_path,
    )


def _by_pin(context: OperatorContext) -> Response:
    return context.message(
        403,
        context.gettext("Sign in with your password"),
        context.gettext(
            "A PIN only works at this gate. To view or change your sign-in, sign in with your "
            "password somewhere else. Nothing was changed."
        ),
        back="/gate",
    )


def _away(context: OperatorContext, *, is_json: bool) -> Response:
    if is_json:
        return JSONResponse(
            {"database": "away"}, 503, headers={"Cache-Control": "no-store", "Retry-After": "3"}
        )
    response = context.message(
        503,
        context.gettext("The database can't be reached"),
        context.gettext(
            "Logins can't be checked right now. Browsers that were in the console within the "
            "last 15 minutes can still see the live page and the runbooks. On the server, run "
            "wenyue doctor."
        ),
    )
    response.headers["Retry-After"] = "3"
    return response


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()[:24]


def _give_pass(context: OperatorContext, response: Response) -> None:
    until = int((context.now + timedelta(seconds=DUTY_S)).timestamp())
    value = signed(f"{_digest(context.token)}|{until}", context.services.vault, _DUTY)
    is_secure = context.services.settings.web.is_secure
    set_cookie(response, DUTY_COOKIE, value, is_secure=is_secure, age_s=DUTY_S)


def _has_pass(context: OperatorContext) -> bool:
    raw = unsigned(read_cookie(context.request, DUTY_COOKIE), context.services.vault, _DUTY)
    digest, _, until = (raw or "").partition("|")
    return digest == _digest(context.token) and until.isdecimal() and int(until) > context.now.timestamp()
