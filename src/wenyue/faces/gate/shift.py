"""One request of a gate keeper: who, at which gate, in which language, and how refusals of the page are answered."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote

from psycopg import Error as DatabaseError
from psycopg.errors import DataError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from wenyue.accounts import Staff, who
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
from wenyue.gate import Desk
from wenyue.infra.db import DatabaseDown, Tx
from wenyue.kernel.limits import STAFF_LOGIN_TTL_S
from wenyue.services import Services

STATION_COOKIE: Final = "wy_gate"
_STATION_PURPOSE: Final = "station"
_STATION_AGE_S: Final = 365 * 24 * 3600
_TOKEN_LENGTH_MAX: Final = 128
_SEE_OTHER: Final = 303


@dataclass(frozen=True, slots=True)
class Station:
    """Where the gate keeper stands; kept by the device."""

    venue_id: int
    gate: str


@dataclass(slots=True)
class Shift:
    """A request, understood. `form` is empty on GET; `staff` is None for a stranger."""

    request: Request
    services: Services
    locale: Locale
    now: datetime
    staff: Staff | None = None
    form: Form = field(default_factory=lambda: Form({}))

    @property
    def desk(self) -> Desk:
        """What the gate is equipped with."""
        return Desk(self.services.vault, self.services.gate_keys, self.services.presets)

    @property
    def keeper(self) -> Staff:
        """The member of staff of a page that needs one; the wrapper has let nobody else in."""
        if self.staff is None:
            raise LookupError("this page was opened without a login")
        return self.staff

    @property
    def station(self) -> Station | None:
        """Where this device stands, if its keeper may work there."""
        raw = unsigned(self.request.cookies.get(STATION_COOKIE, ""), self.services.vault, _STATION_PURPOSE)
        venue, _, gate = (raw or "").partition("|")
        if not venue.isdecimal() or not self.keeper.may_act_at(int(venue)):
            return None
        return Station(int(venue), unquote(gate))

    def t(self, zh: str, en: str, **values: object) -> str:
        """The sentence in the keeper's language."""
        return translator(self.locale)(zh, en, **values)

    def tx(self) -> AbstractAsyncContextManager[Tx]:
        """One transaction. Raises DatabaseDown."""
        return self.services.db.transaction()

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A page of this face, kept by no cache: it names people."""
        shown = {"staff": self.staff, "errors": (), **context}
        return render(self.request, f"gate/{template}.html", shown, status=status, is_private=False)

    def sign_in(self, response: Response, token: str) -> Response:
        """Keep the keeper signed in for a shift."""
        is_secure = self.services.settings.web.is_secure
        set_cookie(response, STAFF_COOKIE, token, is_secure=is_secure, age_s=STAFF_LOGIN_TTL_S)
        return response

    def sign_out(self, response: Response) -> Response:
        """Forget the keeper."""
        clear_cookie(response, STAFF_COOKIE, is_secure=self.services.settings.web.is_secure)
        return response

    def stand(self, response: Response, station: Station) -> Response:
        """Remember on the device where it stands."""
        value = signed(f"{station.venue_id}|{quote(station.gate)}", self.services.vault, _STATION_PURPOSE)
        is_secure = self.services.settings.web.is_secure
        set_cookie(response, STATION_COOKIE, value, is_secure=is_secure, age_s=_STATION_AGE_S)
        return response


Handler = Callable[[Shift], Awaitable[Response]]


def get(path: str, handler: Handler, *, needs_staff: bool = True) -> Route:
    """A page."""
    return Route(path, _wrap(handler, needs_staff=needs_staff), methods=["GET"])


def post(path: str, handler: Handler, *, needs_staff: bool = True) -> Route:
    """What a form does: its token is checked before the handler sees it."""
    return Route(path, _wrap(handler, needs_staff=needs_staff), methods=["POST"])


def redirect(path: str) -> RedirectResponse:
    """See another page (303)."""
    return RedirectResponse(path, _SEE_OTHER, headers={"Cache-Control": "no-store"})


def staff_token(request: Request) -> str:
    """The staff login's token as the browser sent it; '' when there is none."""
    return request.cookies.get(STAFF_COOKIE, "")[:_TOKEN_LENGTH_MAX]


def _wrap(handler: Handler, *, needs_staff: bool) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        services = services_of(request)
        shift = Shift(request, services, locale_of(request), services.clock())
        try:
            return await _answer(shift, handler, needs_staff=needs_staff)
        except (DatabaseDown, DatabaseError) as fault:
            if isinstance(fault, DataError):
                raise  # a statement and its values do not fit: a defect, to be seen
            services.db.outage.note_bad(type(fault).__name__, is_sure=False)
            return _unavailable(shift)

    return endpoint


async def _answer(shift: Shift, handler: Handler, *, needs_staff: bool) -> Response:
    token = staff_token(shift.request)
    if token:
        async with shift.services.db.connection() as tx:
            login = await who(tx, token, shift.now)
        shift.staff = login.staff if login else None
    if shift.request.method == "POST":
        form = await read_form(shift.request)
        if form is None or not is_csrf_good(shift.request, form.one(CSRF_FIELD), shift.services.vault):
            return _stale_form(shift)
        shift.form = form
    if needs_staff and shift.staff is None:
        return redirect("/gate/signin")
    return await handler(shift)


def _stale_form(shift: Shift) -> Response:
    return shift.page(
        "message",
        status=403,
        title=shift.t("页面放得太久了", "This page is too old"),
        text=shift.t(
            "没有核销。请重新打开闸口页面再扫。", "Nothing was redeemed. Open the gate page again and scan."
        ),
        back="/gate",
    )


def _unavailable(shift: Shift) -> Response:
    response = shift.page(
        "message",
        status=503,
        title=shift.t("系统正忙", "Temporarily unavailable"),
        text=shift.t(
            "暂时连不上数据。刷新本页会用同一编号再问一次，不会重复核销；仍不行，请按应急预案核对证件放行并登记。",
            "The data cannot be reached. Reloading asks again under the same number and redeems nothing twice;"
            " otherwise follow the emergency plan: check documents, let in and write it down.",
        ),
        back="/gate",
    )
    response.headers["Retry-After"] = "3"
    return response
