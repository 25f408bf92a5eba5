"""One request of a browser: in which language, when, with which form – and what happens while the database is away."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from psycopg import Error as DatabaseError
from psycopg.errors import DataError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from wenyue.accounts import LoginEnded
from wenyue.container import Services
from wenyue.locale import Message, translations
from wenyue.platform.database.db import DatabaseDown, Tx
from wenyue.web.shared.forms import Form, read_form
from wenyue.web.shared.i18n import LOCALE_COOKIE, PREFERENCE_AGE_S, Locale
from wenyue.web.shared.session import CSRF_FIELD, is_csrf_good, set_cookie

_SEE_OTHER: Final = 303


@dataclass(slots=True)
class RequestContext:
    """A request, understood. `form` is empty on GET. Every face adds who asks."""

    request: Request
    services: Services
    locale: Locale
    now: datetime
    form: Form = field(default_factory=lambda: Form({}), kw_only=True)
    login_key: str = field(default="", kw_only=True)  # `Login.key` of who asks; '' for a stranger

    def gettext(self, message: str, /, **params: object) -> str:
        """The text in the language of the request: `gettext("{n} places left", n=3)`."""
        return translations(self.locale).gettext(message, **params)

    def pgettext(self, context: str, message: str, /, **params: object) -> str:
        """The text in the language of the request, of an English one that means several things."""
        return translations(self.locale).pgettext(context, message, **params)

    def ngettext(self, singular: str, plural: str, n: int, /, **params: object) -> str:
        """The text about `n` things in the language of the request; `{n}` is filled."""
        return translations(self.locale).ngettext(singular, plural, n, **params)

    def say(self, message: Message, /, **params: object) -> str:
        """The message in the language of the request."""
        return message.say(self.locale, **params)

    @property
    def signin_path(self) -> str:
        """Where this face asks strangers to sign in."""
        return "/signin"

    def reading(self) -> AbstractAsyncContextManager[Tx]:
        """One transaction that only reads: what a page shows. What changes something is a use case. Raises DatabaseDown."""
        return self.services.db.reading()

    async def has_good_form(self) -> bool:
        """A GET, or a form that was read into `form` and carries the token of our own page."""
        if self.request.method != "POST":
            return True
        form = await read_form(self.request)
        if form is None or not is_csrf_good(self.request, form.one(CSRF_FIELD), self.services.vault):
            return False
        self.form = form
        return True


AskedT = TypeVar("AskedT", bound=RequestContext)


async def answered(
    asked: AskedT, answer: Callable[[AskedT], Awaitable[Response]], away: Callable[[AskedT], Response]
) -> Response:
    """What `answer` makes of the request, or `away` while the database cannot be reached. `?lang=` is remembered."""
    try:
        response = await answer(asked)
    except LoginEnded:
        response = redirect(asked.signin_path)
    except (DatabaseDown, DatabaseError) as fault:
        if isinstance(fault, DataError):
            raise  # a statement and its values do not fit: a defect, to be seen
        asked.services.db.outage.note_bad(type(fault).__name__, is_sure=False)
        response = away(asked)
    if "lang" in asked.request.query_params:
        is_secure = asked.services.settings.web.is_secure
        set_cookie(response, LOCALE_COOKIE, asked.locale, is_secure=is_secure, age_s=PREFERENCE_AGE_S)
    return response


def redirect(path: str) -> RedirectResponse:
    """See another page (303), so that reloading it sends nothing twice."""
    return RedirectResponse(path, _SEE_OTHER, headers={"Cache-Control": "no-store"})
