"""One request of an operator: who asks, in which language, what refusals look like – and who may look while the database is away.

Whoever was let in within the last quarter of an hour carries a signed pass. It opens the live page, which shows no person's
data, while the database cannot be asked whose login it is; nothing else, and not for longer.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from psycopg import Error as DatabaseError
from psycopg.errors import DataError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from wenyue.accounts import Role, Staff, who
from wenyue.faces.shared import Form, Locale, locale_of, read_form, render, services_of
from wenyue.faces.shared.i18n import translator
from wenyue.faces.shared.session import (
    CSRF_FIELD,
    STAFF_COOKIE,
    clear_cookie,
    is_csrf_good,
    set_cookie,
    signed,
    unsigned,
)
from wenyue.infra.db import DatabaseDown
from wenyue.kernel.limits import STAFF_LOGIN_TTL_S
from wenyue.services import Services

_log: Final = logging.getLogger("wenyue.faces.console")
ROLES: Final[frozenset[Role]] = frozenset({"operator", "admin"})
DUTY_COOKIE: Final = "wy_duty"
DUTY_S: Final = 15 * 60
_DUTY: Final = "duty"
_TOKEN_LENGTH_MAX: Final = 128
_SEE_OTHER: Final = 303


@dataclass(slots=True)
class Duty:
    """A request, understood. `staff` is None for a stranger; `is_on_pass`: nobody could be asked, the pass was good."""

    request: Request
    services: Services
    locale: Locale
    now: datetime
    staff: Staff | None = None
    is_on_pass: bool = False
    form: Form = field(default_factory=lambda: Form({}))

    def t(self, zh: str, en: str, **values: object) -> str:
        """The sentence in the operator's language."""
        return translator(self.locale)(zh, en, **values)

    @property
    def is_operator(self) -> bool:
        """Whether this person may see the console."""
        return self.is_on_pass or (self.staff is not None and self.staff.role in ROLES)

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A page of this face, kept by no cache."""
        shown = {"staff": self.staff, "is_operator": self.is_operator, "section": "", "errors": (), **context}
        return render(self.request, f"console/{template}.html", shown, status=status, is_private=False)

    def message(self, status: int, title: str, text: str, *, back: str = "/console/live") -> Response:
        """A page that says one thing."""
        return self.page("message", status=status, title=title, text=text, back=back)

    def sign_in(self, response: Response, token: str) -> Response:
        """Keep the operator signed in for a shift."""
        is_secure = self.services.settings.web.is_secure
        set_cookie(response, STAFF_COOKIE, token, is_secure=is_secure, age_s=STAFF_LOGIN_TTL_S)
        return response

    def sign_out(self, response: Response) -> Response:
        """Forget the operator."""
        for name in (STAFF_COOKIE, DUTY_COOKIE):
            clear_cookie(response, name, is_secure=self.services.settings.web.is_secure)
        return response


Handler = Callable[[Duty], Awaitable[Response]]


def get(path: str, handler: Handler, *, is_open: bool = False, is_json: bool = False) -> Route:
    """A page, or the data behind one. Open ones are for strangers too."""
    return Route(path, _wrap(handler, is_open=is_open, is_json=is_json), methods=["GET"])


def post(path: str, handler: Handler, *, is_open: bool = False) -> Route:
    """What a form does: its token is checked before the handler sees it."""
    return Route(path, _wrap(handler, is_open=is_open, is_json=False), methods=["POST"])


def redirect(path: str) -> RedirectResponse:
    """See another page (303)."""
    return RedirectResponse(path, _SEE_OTHER, headers={"Cache-Control": "no-store"})


def staff_token(request: Request) -> str:
    """The staff login's token as the browser sent it; '' when there is none."""
    return request.cookies.get(STAFF_COOKIE, "")[:_TOKEN_LENGTH_MAX]


def _wrap(handler: Handler, *, is_open: bool, is_json: bool) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        services = services_of(request)
        duty = Duty(request, services, locale_of(request), services.clock())
        try:
            response = await _answer(duty, handler, is_open=is_open, is_json=is_json)
        except (DatabaseDown, DatabaseError) as fault:
            if isinstance(fault, DataError):
                raise  # a statement and its values do not fit: a defect, to be seen
            services.db.outage.note_bad(type(fault).__name__, is_sure=False)
            return _away(duty, is_json=is_json)
        if duty.staff is not None and duty.is_operator:
            _give_pass(duty, response)
        return response

    return endpoint


async def _answer(duty: Duty, handler: Handler, *, is_open: bool, is_json: bool) -> Response:
    if duty.request.method == "POST":
        form = await read_form(duty.request)
        if form is None or not is_csrf_good(duty.request, form.one(CSRF_FIELD), duty.services.vault):
            return duty.message(
                403,
                duty.t("页面放得太久了", "This page is too old"),
                duty.t("没有做任何改动。请重新打开再试。", "Nothing was changed. Open the page again."),
            )
        duty.form = form
    await _recognise(duty)
    if not is_open and not duty.is_operator:
        return _refused(duty, is_json=is_json)
    return await handler(duty)


async def _recognise(duty: Duty) -> None:
    """Whose login this is; while the database is away, whether the pass is good (without waiting for the database)."""
    token = staff_token(duty.request)
    if not token:
        return
    if duty.services.db.outage.since is None:
        try:
            async with duty.services.db.connection() as tx:
                login = await who(tx, token, duty.now)
        except (DatabaseDown, DatabaseError):
            if not _has_pass(duty, token):
                raise
            duty.is_on_pass = True
            return
        duty.staff = login.staff if login else None
        return
    duty.is_on_pass = _has_pass(duty, token)
    if not duty.is_on_pass:
        raise DatabaseDown("nobody can be asked whose login this is")


def _refused(duty: Duty, *, is_json: bool) -> Response:
    if is_json:
        status = 401 if duty.staff is None else 403
        return JSONResponse(
            {"signed_in": duty.staff is not None}, status, headers={"Cache-Control": "no-store"}
        )
    if duty.staff is None:
        return redirect("/console/signin")
    return duty.message(
        403,
        duty.t("这个账号不能进入运营台", "This login may not enter the console"),
        duty.t(
            "运营台只对运营和管理员开放。请用运营账号登录，或请管理员调整角色。",
            "The console is for operators and administrators. Sign in with such a login, or ask for the role.",
        ),
        back="/console/signin",
    )


def _away(duty: Duty, *, is_json: bool) -> Response:
    if is_json:
        return JSONResponse(
            {"database": "away"}, 503, headers={"Cache-Control": "no-store", "Retry-After": "3"}
        )
    response = duty.message(
        503,
        duty.t("暂时连不上数据库", "The database cannot be reached"),
        duty.t(
            "现在无法核对账号。最近15分钟内进过运营台的浏览器仍可查看实时页面；服务器上可运行 wenyue doctor。",
            "Nobody can be asked whose login this is. A browser that was in the console within the last 15 minutes still sees"
            " the live page; on the server, wenyue doctor tells more.",
        ),
    )
    response.headers["Retry-After"] = "3"
    return response


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()[:24]


def _give_pass(duty: Duty, response: Response) -> None:
    token = staff_token(duty.request)
    until = int((duty.now + timedelta(seconds=DUTY_S)).timestamp())
    value = signed(f"{_digest(token)}|{until}", duty.services.vault, _DUTY)
    is_secure = duty.services.settings.web.is_secure
    set_cookie(response, DUTY_COOKIE, value, is_secure=is_secure, age_s=DUTY_S)


def _has_pass(duty: Duty, token: str) -> bool:
    raw = unsigned(duty.request.cookies.get(DUTY_COOKIE, ""), duty.services.vault, _DUTY)
    digest, _, until = (raw or "").partition("|")
    return digest == _digest(token) and until.isdecimal() and int(until) > duty.now.timestamp()
