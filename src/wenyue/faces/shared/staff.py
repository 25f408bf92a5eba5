"""Members of staff in a browser: who asks, and how they sign in and out. Gate and console build on it.

Whom a face lets in, and what it shows those whom it refuses, is the face's own matter.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.responses import Response

from wenyue.accounts import Staff, StaffRefusal, Throttled, check_staff, end_login, who
from wenyue.application.operating import Operator
from wenyue.faces.shared.asked import Asked, redirect
from wenyue.faces.shared.caller import caller_of, keep_device
from wenyue.faces.shared.pages import render
from wenyue.faces.shared.session import STAFF_COOKIE, clear_cookie, read_cookie, set_cookie
from wenyue.faces.wording import say_wait
from wenyue.kernel.limits import STAFF_LOGIN_TTL_S

_TOKEN_LENGTH_MAX: Final = 128
_LOGIN_LENGTH_MAX: Final = 64


@dataclass(slots=True)
class StaffAsked(Asked):
    """A request to a face for staff. `staff` is None for a stranger."""

    face: ClassVar[str]  # where its templates and its sign-in are: `gate` and `/gate/signin`
    home: ClassVar[str]  # where signing in leads
    cookies: ClassVar[tuple[str, ...]] = (STAFF_COOKIE,)  # what signing out takes away

    staff: Staff | None = None
    device_id: int | None = None  # where a PIN began the login

    @property
    def may_enter(self) -> bool:
        """Whether this person is let past the sign-in."""
        return self.staff is not None

    @property
    def token(self) -> str:
        """The staff login's token as the browser sent it; '' when there is none."""
        return read_cookie(self.request, STAFF_COOKIE)[:_TOKEN_LENGTH_MAX]

    @property
    def signin_path(self) -> str:
        """Where the face asks strangers to sign in."""
        return f"/{self.face}/signin"

    async def recognise(self) -> None:
        """Ask whose login this is. Raises DatabaseDown."""
        if not self.token:
            return
        async with self.services.db.connection() as tx:
            login = await who(tx, self.token, self.now)
        self.staff = login.staff if login else None
        self.login_key = login.key if login else ""
        self.device_id = login.device_id if login else None

    @property
    def operator(self) -> Operator:
        """Who acts, for a use case. Raises LookupError for a stranger: the wrapper lets none in."""
        if self.staff is None:
            raise LookupError("this page was opened without a login")
        return Operator(f"staff:{self.staff.id}", login=self.login_key, duties=self.staff.duties)

    def frame(self) -> dict[str, object]:
        """What every page of the face is given."""
        return {"staff": self.staff, "errors": ()}

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A page of the face, kept by no cache: it names people."""
        shown = {**self.frame(), **context}
        return render(self.request, f"{self.face}/{template}.html", shown, status=status, is_private=False)


async def show_signin(asked: StaffAsked) -> Response:
    """The staff sign-in."""
    return redirect(asked.home) if asked.may_enter else _signin(asked)


async def do_signin(asked: StaffAsked) -> Response:
    """Check the password; wrong ones make the next try wait. The login that this browser had before ends."""
    login, token = asked.form.one("login")[:_LOGIN_LENGTH_MAX], ""
    try:
        async with asked.services.guard.attempt("staff", login, caller_of(asked.request), asked.now) as tried:
            staff = await check_staff(tried.tx, asked.services.vault, login, asked.form.one("password"))
            tried.is_right = isinstance(staff, Staff)
            if isinstance(staff, Staff):
                token = await tried.start_login(asked.now, staff_id=staff.id, instead_of=asked.token)
    except Throttled as slowed:
        return _signin(asked, login, say_wait(slowed.at, asked.now, asked.locale), status=429)
    if isinstance(staff, StaffRefusal):
        return _signin(asked, login, asked.t("账号或密码不对。", "The login or the password is wrong."))
    response = redirect(asked.home)
    keep_device(response, asked.request, "staff", login)
    is_secure = asked.services.settings.web.is_secure
    set_cookie(response, STAFF_COOKIE, token, is_secure=is_secure, age_s=STAFF_LOGIN_TTL_S)
    return response


async def do_signout(asked: StaffAsked) -> Response:
    """End the login everywhere it was used, and forget it here."""
    async with asked.services.db.transaction() as tx:
        await end_login(tx, asked.token, asked.now)
    asked.staff = None  # so that the face gives nothing more on the strength of this login
    response = redirect(asked.signin_path)
    for name in asked.cookies:
        clear_cookie(response, name, is_secure=asked.services.settings.web.is_secure)
    return response


def _signin(asked: StaffAsked, login: str = "", problem: str = "", *, status: int = 422) -> Response:
    return asked.page(
        "signin",
        status=status if problem else 200,
        errors=({"field": "login", "text": problem},) if problem else (),
        action=asked.signin_path,
        login=login,
    )
