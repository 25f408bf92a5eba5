"""The staff in the console: everybody, and somebody joins."""

from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from wenyue.accounts import staffing
from wenyue.accounts.staffing import Listed
from wenyue.application.add_staff import NewStaff, add_staff
from wenyue.application.administering import NotStaffed
from wenyue.core.duties import needs_factor
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.console.member_pages import routes as member_routes
from wenyue.web.console.staff_forms import (
    SAID,
    Entered,
    check_words,
    entered,
    names_of,
    password_for,
    read_duties,
    say_duty,
)
from wenyue.web.shared.second_step import ask_factor

TEXT_MAX: Final = 64
_DUTIES_SHOWN: Final = 3


async def show_staff(context: OperatorContext) -> Response:
    """A page of everybody by login, or of those who have left."""
    query = context.request.query_params
    text, is_left = query.get("q", "")[:TEXT_MAX].strip(), query.get("state", "") == "left"
    after = query.get("after", "")[: staffing.LOGIN_LENGTH_MAX]
    text, after = text.replace("\0", ""), after.replace("\0", "")
    async with context.services.db.reading() as tx:
        found, onward = await staffing.look_through(
            tx, context.now, text=text, after=after, is_active=not is_left
        )
        names = await names_of(context, tx, [one.record.staff.duties for one in found])
    asked = {"q": text} if text else {}
    asked |= {"state": "left"} if is_left else {}
    return context.page(
        "staff",
        section="staff",
        q=text,
        is_left=is_left,
        people=[_line(context, one, names) for one in found],
        onward=urlencode(asked | {"after": onward}) if onward else "",
        is_later=bool(after),
        text_query=urlencode({"q": text}) if text else "",
    )


async def show_new(context: OperatorContext) -> Response:
    """The form."""
    return _new(context, Entered())


async def do_new(context: OperatorContext) -> Response:
    """Somebody joins; the password is shown this once."""
    form = entered(context)
    check_words(context, form)
    async with context.services.db.reading() as tx:
        wanted = await read_duties(context, tx, form)
    if form.wrong:
        return _new(context, form)
    held = " ".join(sorted(map(str, wanted)))
    password, is_drawn = password_for(context, f"hire|{form.login.lower()}|{form.name}|{held}")
    new = NewStaff(form.login, password, wanted, form.name, is_drawn=is_drawn)
    made = await add_staff(context.services, context.operator, new)
    if made is NotStaffed.FACTOR_OLD:
        return await ask_factor(context)
    if made is NotStaffed.ALREADY_DONE:
        title = context.gettext("Already added")
        return context.message(409, title, context.say(SAID[made][1]), back="/console/staff")
    if isinstance(made, NotStaffed):
        form.refuse(context, made)
        return _new(context, form)
    return context.page(
        "staff_password",
        section="staff",
        name=form.name or form.login.lower(),
        login=form.login.lower(),
        password=password,
        onward=f"/console/staff/{made}",
        is_new=True,
    )


def _new(context: OperatorContext, form: Entered) -> Response:
    return context.page(
        "staff_new", status=422 if form.wrong else 200, section="staff", **form.shown(context)
    )


def _line(context: OperatorContext, one: Listed, names: dict[int, str]) -> dict[str, object]:
    record, held = one.record, sorted(one.record.staff.duties, key=str)
    said = [say_duty(context, each, names) for each in held[:_DUTIES_SHOWN]]
    return {
        "id": record.staff.id,
        "name": record.staff.display_name or record.staff.login,
        "login": record.staff.login,
        "duties": context.pgettext("between clauses", "; ").join(said) or context.gettext("no duties"),
        "has_more": len(held) > _DUTIES_SHOWN,
        "has_factor": one.has_factor,
        "lacks_factor": not one.has_factor and needs_factor(record.staff.duties),
        "has_password": record.has_password,
        "logins": one.logins,
        "is_mine": record.staff.id == context.member.id,
    }


routes: Final = [
    get("/console/staff", show_staff),
    get("/console/staff/new", show_new),
    post("/console/staff/new", do_new),
    *member_routes,  # after `new`, which is no number
]
