"""One request of a traveller: who asks, in which language, and how pages, redirects and refusals are answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wenyue.application import Traveller
from wenyue.application.choose_language import choose_language
from wenyue.application.recognise import recognise
from wenyue.platform.database.db import Tx
from wenyue.web.shared import locale_of, render, services_of
from wenyue.web.shared.request_context import RequestContext, answered, redirect
from wenyue.web.shared.session import login_token
from wenyue.web.traveller.trip import Trip, trip_of

_PATH_LENGTH_MAX: Final = 300


@dataclass(slots=True)
class TravellerContext(RequestContext):
    """A request, understood. `form` is empty on GET; `traveller_id` is None for a stranger."""

    traveller_id: int | None
    trip: Trip

    @property
    def holder_id(self) -> int:
        """The traveller of a page that needs one; the wrapper has let nobody else in."""
        if self.traveller_id is None:
            raise LookupError("this page was opened without a login")
        return self.traveller_id

    @property
    def traveller(self) -> Traveller:
        """Who acts, for a use case."""
        return Traveller(self.holder_id, self.login_key)

    def sure_tx(self) -> AbstractAsyncContextManager[Tx]:
        """One transaction; what was read is the truth: for the traveller's own bookings. Raises DatabaseDown."""
        return self.services.db.confirmed()

    def page(self, template: str, *, tab: str = "", status: int = 200, **context: object) -> Response:
        """A page of this face."""
        shown = {"tab": tab, "trip_count": len(self.trip.items), "errors": (), **context}
        return render(self.request, f"traveller/{template}.html", shown, status=status)

    def message(
        self,
        title: str,
        text: str,
        *,
        status: int,
        actions: tuple[tuple[str, str, bool], ...] = (),
        is_waiting: bool = False,
    ) -> Response:
        """A page that says one thing and where to go from here."""
        home = (("/", self.pgettext("link back", "Home"), False),)
        return self.page(
            "message",
            status=status,
            title=title,
            text=text,
            tone="wait" if is_waiting else "bad",
            mark="clock" if is_waiting else "tight",
            actions=actions + home,
        )

    def not_found(self) -> Response:
        """There is no such page, or it is somebody else's."""
        return self.message(
            self.gettext("Page not found"),
            self.gettext("The address may be incomplete, or the page was removed."),
            status=404,
        )

    async def lost(self) -> Response:
        """`not_found`, as a handler."""
        return self.not_found()


Handler = Callable[[TravellerContext], Awaitable[Response]]


def get(path: str, handler: Handler, *, needs_login: bool = False) -> Route:
    """A page."""
    return Route(path, _wrap(handler, needs_login=needs_login), methods=["GET"])


def post(path: str, handler: Handler, *, needs_login: bool = True) -> Route:
    """What a form does: the token is checked before the handler sees it."""
    return Route(path, _wrap(handler, needs_login=needs_login), methods=["POST"])


def local_path(raw: str, default: str = "/") -> str:
    """`raw` when it is a plain path of this site, else `default`: a form must not lead to another site."""
    good = raw.startswith("/") and not raw.startswith(("//", "/\\")) and len(raw) <= _PATH_LENGTH_MAX
    # A blank was a control character: fields are made one line before anybody reads them.
    is_plain = raw.isascii() and raw.isprintable() and not set(raw) & set("\\ ")
    return raw if good and is_plain else default


def with_query(path: str, query: Mapping[str, object]) -> str:
    """`path` with the values that are not empty."""
    encoded = urlencode({name: value for name, value in query.items() if value not in ("", None)})
    return f"{path}?{encoded}" if encoded else path


def with_pairs(path: str, pairs: Sequence[tuple[str, object]]) -> str:
    """`path` with these values; a name may come several times."""
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _wrap(handler: Handler, *, needs_login: bool) -> Callable[[Request], Awaitable[Response]]:
    async def answer(context: TravellerContext) -> Response:
        return await _answer(context, handler, needs_login=needs_login)

    async def endpoint(request: Request) -> Response:
        services = services_of(request)
        visit = TravellerContext(
            request, services, locale_of(request), services.clock(), None, trip_of(request, services.vault)
        )
        return await answered(visit, answer, _unavailable)

    return endpoint


async def _answer(context: TravellerContext, handler: Handler, *, needs_login: bool) -> Response:
    token = login_token(context.request)
    if token:
        login = (await recognise(context.services.db, [token], context.now, is_use=False)).get(token)
        context.traveller_id = login.traveller_id if login else None
        context.login_key = login.key if login else ""
    if not await context.has_good_form():
        return _stale_form(context)
    if needs_login and context.traveller_id is None:
        back = context.request.url.path if context.request.method == "GET" else "/"
        return redirect(with_query("/signin", {"back": back if back != "/" else ""}))
    if context.traveller_id is not None and "lang" in context.request.query_params:
        await choose_language(context.services, context.traveller, context.locale)
    return await handler(context)


def _stale_form(context: TravellerContext) -> Response:
    return context.message(
        context.gettext("This page has expired"),
        context.gettext(
            "For your security, go back, reload and submit again. Nothing was booked or charged."
        ),
        status=403,
    )


def _unavailable(context: TravellerContext) -> Response:
    response = context.message(
        context.gettext("Temporarily unavailable"),
        context.gettext(
            "We can't reach the data right now. Try again shortly. Nothing new was booked or "
            "charged, and your bookings are safe."
        ),
        status=503,
        actions=((local_path(context.request.url.path), context.gettext("Try again"), True),),
        is_waiting=True,
    )
    response.headers["Retry-After"] = "3"
    return response
