"""One request of a gate keeper: who, at which gate, in which language, and how refusals of the page are answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wenyue.accounts import Staff
from wenyue.core.duties import Right
from wenyue.gate import Desk
from wenyue.web.shared import SECURITY_HEADERS, locale_of, render_text, services_of
from wenyue.web.shared.access import Access, access_of
from wenyue.web.shared.caller import GATE_DEVICE_COOKIE
from wenyue.web.shared.request_context import answered, redirect
from wenyue.web.shared.session import read_cookie, set_cookie, signed, unsigned
from wenyue.web.shared.staff import StaffContext

STATION_COOKIE: Final = "wy_gate"
_STATION_PURPOSE: Final = "station"
_SECRET_LENGTH_MAX: Final = 64
_PARTS: Final = "application/json"
_STATION_AGE_S: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Station:
    """Where the gate keeper stands; kept by the device."""

    venue_id: int
    gate: str

    @property
    def key(self) -> str:
        """What the page says it was opened for, so that no scan counts at another gate."""
        return f"{self.venue_id}|{self.gate}"


@dataclass(slots=True)
class GateContext(StaffContext):
    """A request, understood. `form` is empty on GET; `staff` is None for a stranger."""

    face: ClassVar[str] = "gate"
    home: ClassVar[str] = "/gate"

    right: Right = Right.GATE_SCAN  # what the route asks for

    @property
    def desk(self) -> Desk:
        """What the gate is equipped with."""
        return self.services.gate_desk

    @property
    def keeper(self) -> Staff:
        """The member of staff of a page that needs one; the wrapper has let nobody else in."""
        if self.staff is None:
            raise LookupError("this page was opened without a login")
        return self.staff

    @property
    def device_secret(self) -> str:
        """What an enrolled device has of its own; '': it is none."""
        return read_cookie(self.request, GATE_DEVICE_COOKIE)[:_SECRET_LENGTH_MAX]

    @property
    def station(self) -> Station | None:
        """Where this device stands, if its keeper may do there what the route asks for."""
        raw = unsigned(read_cookie(self.request, STATION_COOKIE), self.services.vault, _STATION_PURPOSE)
        venue, _, gate = (raw or "").partition("|")
        if not venue.isdecimal() or not self.keeper.may(self.right, int(venue), unquote(gate)):
            return None
        return Station(int(venue), unquote(gate))

    def is_page_of(self, station: Station) -> bool:
        """Whether the page that asks was opened for this gate; one without a script does not say for which."""
        return self.form.one("station", station.key) == station.key

    @property
    def wants_parts(self) -> bool:
        """Whether the page's own script asks: it shows the parts of an answer without loading a page."""
        return self.request.headers.get("accept", "") == _PARTS

    def part(self, template: str, **context: object) -> str:
        """One part of the page."""
        return render_text(f"gate/{template}.html", self.request, context)[0]

    def parts(self, said: Mapping[str, object], status: int = 200) -> Response:
        """The answer to the page's own script."""
        return JSONResponse(said, status, headers={**SECURITY_HEADERS, "Cache-Control": "no-store"})

    def refusal(self, status: int) -> Response | None:
        """For the script, which goes by the status; None for a browser, which is led on to a page."""
        return self.parts({}, status) if self.wants_parts else None

    def stand(self, response: Response, station: Station) -> Response:
        """Remember on the device where it stands."""
        value = signed(f"{station.venue_id}|{quote(station.gate)}", self.services.vault, _STATION_PURPOSE)
        is_secure = self.services.settings.web.is_secure
        set_cookie(response, STATION_COOKIE, value, is_secure=is_secure, age_s=_STATION_AGE_S)
        return response


Handler = Callable[[GateContext], Awaitable[Response]]


def get(path: str, handler: Handler) -> Route:
    """A page. Who may open it stands in `web.shared.access`."""
    return Route(path, _wrap(handler, access_of("GET", path)), methods=["GET"])


def post(path: str, handler: Handler) -> Route:
    """What a form does: its token is checked before the handler sees it."""
    return Route(path, _wrap(handler, access_of("POST", path)), methods=["POST"])


def _wrap(handler: Handler, access: Access) -> Callable[[Request], Awaitable[Response]]:
    right = access if isinstance(access, Right) else None

    async def answer(context: GateContext) -> Response:
        await context.recognise()
        if right is not None and context.staff is None and (refused := context.refusal(401)):
            return refused
        if not await context.has_good_form():
            return context.refusal(403) or _stale_form(context)
        if right is None:
            return await handler(context)
        if context.staff is None:
            return redirect(context.signin_path)
        context.right = right
        if not context.staff.may_anywhere(right):
            return context.refusal(403) or not_allowed(context)
        return await handler(context)

    async def endpoint(request: Request) -> Response:
        services = services_of(request)
        return await answered(
            GateContext(request, services, locale_of(request), services.clock()), answer, _unavailable
        )

    return endpoint


def not_allowed(context: GateContext) -> Response:
    """Signed in, but not with a duty that allows it here."""
    is_clerk = context.staff is not None and context.staff.may_anywhere(Right.BOOKINGS_FIND)
    return context.page(
        "message",
        status=403,
        title=context.gettext("This isn't one of your duties"),
        text=context.gettext(
            "Nothing was changed. Sign in with an account that has this duty, or ask an administrator."
        ),
        back="/gate/lookup" if is_clerk else "/console/live",
    )


def _stale_form(context: GateContext) -> Response:
    return context.page(
        "message",
        status=403,
        title=context.gettext("This page has expired"),
        text=context.gettext("Nothing was redeemed. Open the gate page again and scan."),
        back="/gate",
    )


def _unavailable(context: GateContext) -> Response:
    response = context.page(
        "message",
        status=503,
        title=context.gettext("Temporarily unavailable"),
        text=context.gettext(
            "The data can't be reached right now. Reloading asks again with the same number and "
            "never redeems twice. If it still fails, follow the emergency plan: check documents, "
            "let visitors in and write it down."
        ),
        back="/gate",
    )
    response.headers["Retry-After"] = "3"
    return response
