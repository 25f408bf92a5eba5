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


async def show_password(context: OperatorContext) -> Response:
    """The form, once the second factor was proved again."""
    if context.login is not None and context.login.is_factor_old(context.now):
        return await ask_factor(context, status=200)
    return _form(context, {})


async def do_password(context: OperatorContext) -> Response:
    """Keep it, and end every other sign-in. What was typed is a secret: it is not shown again."""
    if context.form.one("what") != "choose":  # the second factor was proved on the way here
        return redirect(_PATH)
    wrong = _wrong(context)
    if wrong:
        return _form(context, wrong)
    present, wanted = context.form.one("present"), context.form.one("wanted")
    try:
        done = await choose_password(
            context.services,
            context.operator,
            context.member,
            caller_of(context.request),
            present=present,
            wanted=wanted,
        )
    except Throttled as slowed:
        return _form(context, {"present": say_wait(slowed.at, context.now, context.locale)}, status=429)
    if done is NotSecured.FACTOR_OLD:
        return redirect(_PATH)
    if done is not None:
        return _form(context, {"present": context.say(SAYS[done])})
    return redirect(f"{ME}?done=password")


def _wrong(context: OperatorContext) -> dict[str, str]:
    """What is wrong with the fields that were typed, by field."""
    found: dict[str, str] = {}
    if not context.form.one("present"):
        found["present"] = context.gettext("Enter your current password.")
    wanted = context.form.one("wanted")
    try:
        staffing.check_staff_words(context.member.login, wanted, "")
    except ValueError:
        found["wanted"] = context.gettext(
            "The new password needs {n} to {m} characters.",
            n=staffing.STAFF_PASSWORD_LENGTH_MIN,
            m=staffing.SECRET_LENGTH_MAX,
        )
    if "wanted" not in found and wanted == context.form.one("present"):
        found["wanted"] = context.gettext("This is your current password. Choose another one.")
    elif "wanted" not in found and wanted != context.form.one("again"):
        found["again"] = context.gettext("The two passwords don't match.")
    return found


def _form(context: OperatorContext, wrong: dict[str, str], *, status: int = 422) -> Response:
    return context.page(
        "password",
        status=status if wrong else 200,
        section="me",
        wrong=dict.fromkeys(_FIELDS, "") | wrong,
        errors=[{"field": field, "text": text} for field, text in wrong.items()],
        length_min=staffing.STAFF_PASSWORD_LENGTH_MIN,
        length_max=staffing.SECRET_LENGTH_MAX,
    )


routes: Final = [get(_PATH, show_password), post(_PATH, do_password)]
