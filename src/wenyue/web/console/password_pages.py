"""One's own password: the one that somebody else drew is replaced by one's own."""

from typing import Final

from starlette.responses import Response

from wenyue.accounts import Throttled, staffing
from wenyue.application.choose_password import choose_password
from wenyue.application.securing import NotSecured
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.console.me_pages import ME, SAYS
from wenyue.web.shared.caller import caller_of
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.second_step import ask_factor
from wenyue.web.wording import say_wait

_PATH: Final = f"{ME}/password"
_FIELDS: Final = ("present", "wanted", "again")


async def show_password(duty: OperatorContext) -> Response:
    """The form, once the second factor was proved again."""
    if duty.login is not None and duty.login.is_factor_old(duty.now):
        return await ask_factor(duty, status=200)
    return _form(duty, {})


async def do_password(duty: OperatorContext) -> Response:
    """Keep it, and end every other sign-in. What was typed is a secret: it is not shown again."""
    if duty.form.one("what") != "choose":  # the second factor was proved on the way here
        return redirect(_PATH)
    wrong = _wrong(duty)
    if wrong:
        return _form(duty, wrong)
    present, wanted = duty.form.one("present"), duty.form.one("wanted")
    try:
        done = await choose_password(
            duty.services,
            duty.operator,
            duty.member,
            caller_of(duty.request),
            present=present,
            wanted=wanted,
        )
    except Throttled as slowed:
        return _form(duty, {"present": say_wait(slowed.at, duty.now, duty.locale)}, status=429)
    if done is NotSecured.FACTOR_OLD:
        return redirect(_PATH)
    if done is not None:
        return _form(duty, {"present": duty.say(SAYS[done])})
    return redirect(f"{ME}?done=password")


def _wrong(duty: OperatorContext) -> dict[str, str]:
    """What is wrong with the fields that were typed, by field."""
    found: dict[str, str] = {}
    if not duty.form.one("present"):
        found["present"] = duty.gettext("Enter your current password.")
    wanted = duty.form.one("wanted")
    try:
        staffing.check_staff_words(duty.member.login, wanted, "")
    except ValueError:
        found["wanted"] = duty.gettext(
            "The new password needs {n} to {m} characters.",
            n=staffing.STAFF_PASSWORD_LENGTH_MIN,
            m=staffing.SECRET_LENGTH_MAX,
        )
    if "wanted" not in found and wanted == duty.form.one("present"):
        found["wanted"] = duty.gettext("This is your current password. Choose another one.")
    elif "wanted" not in found and wanted != duty.form.one("again"):
        found["again"] = duty.gettext("The two passwords don't match.")
    return found


def _form(duty: OperatorContext, wrong: dict[str, str], *, status: int = 422) -> Response:
    return duty.page(
        "password",
        status=status if wrong else 200,
        section="me",
        wrong=dict.fromkeys(_FIELDS, "") | wrong,
        errors=[{"field": field, "text": text} for field, text in wrong.items()],
        length_min=staffing.STAFF_PASSWORD_LENGTH_MIN,
        length_max=staffing.SECRET_LENGTH_MAX,
    )


routes: Final = [get(_PATH, show_password), post(_PATH, do_password)]
