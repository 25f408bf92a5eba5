"""Members of staff in a browser: who asks, and how they sign in and out. Gate and console build on it.

Whom a face lets in, and what it shows those whom it refuses, is the face's own matter. What comes after the password is in
`web.shared.second_step`.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.responses import Response

from wenyue.accounts import Login, Staff, Throttled
from wenyue.accounts.second.sessions import HALF_LASTS
from wenyue.application.operating import Operator
from wenyue.application.recognise import recognise
from wenyue.application.sign_in_staff import sign_in_staff
from wenyue.application.sign_out import sign_out
from wenyue.application.signing_in import Halfway, Knock, NotSignedIn, SignedIn
from wenyue.core.limits import STAFF_LOGIN_TTL_S
from wenyue.web.shared.caller import caller_of, keep_device
from wenyue.web.shared.client import client_of
from wenyue.web.shared.pages import render
from wenyue.web.shared.request_context import RequestContext, redirect
from wenyue.web.shared.session import STAFF_COOKIE, clear_cookie, read_cookie, set_cookie
from wenyue.web.wording import say_wait

_TOKEN_LENGTH_MAX: Final = 128
_LOGIN_LENGTH_MAX: Final = 64
_HALF_S: Final = int(HALF_LASTS.total_seconds())


@dataclass(slots=True)
class StaffContext(RequestContext):
    """A request to a face for staff. `staff` is None for a stranger."""

    face: ClassVar[str]  # where its templates and its sign-in are: `gate` and `/gate/signin`
    home: ClassVar[str]  # where signing in leads
    cookies: ClassVar[tuple[str, ...]] = (STAFF_COOKIE,)  # what signing out takes away

    staff: Staff | None = None
    device_id: int | None = None  # where a PIN began the login
    login: Login | None = None

    @property
    def may_enter(self) -> bool:
        """Whether this person is let past the sign-in."""
        return self.staff is not None

    @property
    def token(self) -> str:
        """The staff login's token as the browser sent it, or a half login's; '' when there is none."""
        return read_cookie(self.request, STAFF_COOKIE)[:_TOKEN_LENGTH_MAX]

    @property
    def signin_path(self) -> str:
        """Where the face asks strangers to sign in."""
        return f"/{self.face}/signin"

    @property
    def idle_min(self) -> int:
        """After how many minutes a login that began here and is not used is over."""
        settings = self.services.settings.staff
        return settings.console_idle_min if self.face == "console" else settings.gate_idle_min

    @property
    def knock(self) -> Knock:
        """From where somebody signs in."""
        return Knock(caller_of(self.request), client_of(self.request), self.idle_min)

    @property
    def operator(self) -> Operator:
        """Who acts, for a use case. Raises LookupError for a stranger: the wrapper lets none in."""
        return Operator(f"staff:{self.member.id}", self.login_key, self.member.duties)

    @property
    def member(self) -> Staff:
        """Who asks. Raises LookupError for a stranger."""
        if self.staff is None:
            raise LookupError("this page was opened without a login")
        return self.staff

    async def recognise(self, *, is_use: bool = True) -> None:
        """Ask whose login this is. `is_use`: somebody did something, so that the login lasts on. Raises DatabaseDown.

        The console goes by its own bound of unused minutes: its cookie may hold a login that began at a gate or over the API.
        """
        if not self.token:
            return
        idle_min = self.idle_min if self.face == "console" else None
        found = await recognise(self.services.db, [self.token], self.now, is_use=is_use, idle_min=idle_min)
        login = found.get(self.token)
        self.login = login
        self.staff = login.staff if login else None
        self.login_key = login.key if login else ""
        self.device_id = login.device_id if login else None

    def frame(self) -> dict[str, object]:
        """What every page of the face is given."""
        return {"staff": self.staff, "errors": ()}

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A page of the face, kept by no cache: it names people."""
        shown = {**self.frame(), **context}
        return render(self.request, f"{self.face}/{template}.html", shown, status=status, is_private=False)

    def staff_page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A page that both parts have, in the frame of this one."""
        shown = {**self.frame(), "frame": f"{self.face}/frame.html", "face": self.face, **context}
        return render(self.request, f"shared/{template}.html", shown, status=status, is_private=False)

    def keep_token(self, response: Response, token: str, age_s: int) -> None:
        """Let the browser bring this token."""
        is_secure = self.services.settings.web.is_secure
        set_cookie(response, STAFF_COOKIE, token, is_secure=is_secure, age_s=age_s)


async def show_signin(asked: StaffContext) -> Response:
    """The staff sign-in."""
    return redirect(asked.home) if asked.may_enter else _signin(asked)


async def do_signin(asked: StaffContext) -> Response:
    """Check the password; wrong ones make the next try wait. The login that this browser had before ends."""
    login = asked.form.one("login")[:_LOGIN_LENGTH_MAX]
    try:
        done = await sign_in_staff(
            asked.services, asked.knock, login, asked.form.one("password"), had=asked.token
        )
    except Throttled as slowed:
        return _signin(asked, login, say_wait(slowed.at, asked.now, asked.locale), status=429)
    if isinstance(done, NotSignedIn):
        return _signin(asked, login, asked.gettext("The login or password is wrong."))
    if isinstance(done, Halfway):
        response = redirect(f"{asked.signin_path}/{done.waits_for}")
        asked.keep_token(response, done.token, _HALF_S)
        return response
    return signed_in(asked, done, redirect(asked.home))


def signed_in(asked: StaffContext, done: SignedIn, response: Response) -> Response:
    """The answer that brings the browser its login, once every step succeeded: from now on the device is known."""
    keep_device(response, asked.request, "staff", done.staff.login)
    asked.keep_token(response, done.token, STAFF_LOGIN_TTL_S)
    return response


async def do_signout(asked: StaffContext) -> Response:
    """End the login everywhere it was used, and forget it here."""
    await sign_out(asked.services, asked.token)
    asked.staff = None  # so that the face gives nothing more on the strength of this login
    response = redirect(asked.signin_path)
    for name in asked.cookies:
        clear_cookie(response, name, is_secure=asked.services.settings.web.is_secure)
    return response


def _signin(asked: StaffContext, login: str = "", problem: str = "", *, status: int = 422) -> Response:
    return asked.page(
        "signin",
        status=status if problem else 200,
        errors=({"field": "login", "text": problem},) if problem else (),
        action=asked.signin_path,
        login=login,
    )
