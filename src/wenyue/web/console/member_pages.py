"""One member of staff in the console: what they may do, what they sign in with, and what an administrator does about it."""

from typing import Final

from starlette.responses import Response

from wenyue.application.administering import NotStaffed, may_administer
from wenyue.application.change_duties import give_duties, take_duties
from wenyue.application.reset_password import reset_password
from wenyue.application.retire_staff import retire_staff
from wenyue.application.staff_security import Member, member_of
from wenyue.application.unlock_staff import unlock_staff
from wenyue.core import duties as rights
from wenyue.core.duties import may_give, needs_factor
from wenyue.locale import Message
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.console.staff_forms import (
    SAID,
    Entered,
    entered,
    names_of,
    password_for,
    read_duties,
    say_duty,
)
from wenyue.web.shared.forms import whole_number
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.second_step import ask_factor

_ID_MAX: Final = 2**63 - 1
_ASKS: Final = ("reset", "retire")  # what cannot be taken back is asked once more
_DONE: Final = {
    "grant": Message("Duties granted."),
    "withdraw": Message("Duty revoked, and the person was signed out."),
    "unlock": Message("Unlocked. They can try to sign in again."),
    "retire": Message("Account deactivated and signed out everywhere."),
}


async def show_member(context: OperatorContext) -> Response:
    """One person."""
    member = await _member(context)
    if member is None:
        return _nobody(context)
    ask = context.request.query_params.get("ask", "")
    done = _DONE.get(context.request.query_params.get("done", ""))
    return await _page(context, member, Entered(), ask=ask, done=done.say(context.locale) if done else "")


async def do_member(context: OperatorContext) -> Response:
    """Give or take duties, reset the password, unlock, retire."""
    member = await _member(context)
    if member is None:
        return _nobody(context)
    what, form = context.form.one("what"), entered(context)
    password, is_drawn = password_for(context, f"reset|{member.record.staff.id}")
    if what == "grant":
        async with context.services.db.reading() as tx:
            wanted = await read_duties(context, tx, form)
        if form.wrong:
            return await _page(context, member, form)
        done = await give_duties(context.services, context.operator, member.record.staff.login, wanted)
    else:
        done = await _act(context, what, member.record.staff.login, password, is_drawn=is_drawn)
    if done is NotStaffed.FACTOR_OLD:
        return await ask_factor(context)
    if isinstance(done, NotStaffed):
        return await _refused(context, member, form, done, is_grant=what == "grant")
    if what == "reset":
        return _password(context, member, password)
    return redirect(f"/console/staff/{member.record.staff.id}?done={what if what in _DONE else ''}")


async def _act(context: OperatorContext, what: str, login: str, password: str, *, is_drawn: bool) -> object:
    """What a button asks for; NotStaffed: why it was not done."""
    match what:
        case "withdraw":
            taken = rights.read_duties([context.form.one("duty")])
            return await take_duties(context.services, context.operator, login, taken)
        case "unlock":
            return await unlock_staff(context.services, context.operator, login)
        case "reset":
            return await reset_password(
                context.services, context.operator, login, password, is_drawn=is_drawn
            )
        case "retire":
            return await retire_staff(context.services, context.operator, login)
        case _:
            return None


async def _member(context: OperatorContext) -> Member | None:
    number = whole_number(str(context.request.path_params["id"]), 1, _ID_MAX)
    if number is None:
        return None
    async with context.services.db.reading() as tx:
        return await member_of(tx, number, context.now)


def _nobody(context: OperatorContext) -> Response:
    title = context.gettext("Staff member not found")
    return context.message(404, title, context.gettext("Nothing was changed."), back="/console/staff")


async def _refused(
    context: OperatorContext, member: Member, form: Entered, why: NotStaffed, *, is_grant: bool
) -> Response:
    """What a form typed stays in it; what a button asked is refused above the page."""
    if is_grant:
        form.refuse(context, why)
        return await _page(context, member, form)
    if why is NotStaffed.NOT_YOURS:
        problem = context.gettext(
            "This person has duties beyond your venues. Ask an administrator of all venues."
        )
    else:
        problem = context.say(SAID[why][1])
    return await _page(context, member, Entered(), problem=problem)


def _password(context: OperatorContext, member: Member, password: str) -> Response:
    staff = member.record.staff
    return context.page(
        "staff_password",
        section="staff",
        name=staff.display_name or staff.login,
        login=staff.login,
        password=password,
        onward=f"/console/staff/{staff.id}",
        is_new=False,
    )


async def _page(
    context: OperatorContext,
    member: Member,
    form: Entered,
    *,
    ask: str = "",
    problem: str = "",
    done: str = "",
) -> Response:
    record, staff = member.record, member.record.staff
    is_mine = staff.id == context.member.id
    async with context.services.db.reading() as tx:
        names = await names_of(context, tx, [staff.duties])
    is_theirs = record.is_active and may_administer(context.member.duties, staff.duties)
    return context.page(
        "member",
        status=422 if form.wrong or problem else 200,
        section="staff",
        id=staff.id,
        name=staff.display_name or staff.login,
        login=staff.login,
        is_active=record.is_active,
        has_password=record.has_password,
        has_factor=bool(member.security.factors),
        lacks_factor=not member.security.factors and needs_factor(staff.duties),
        logins=len(member.security.sessions),
        is_mine=is_mine,
        is_theirs=is_theirs,
        ask=ask if ask in _ASKS and is_theirs and not is_mine else "",
        problem=problem,
        done=done,
        held=[
            {
                "text": str(one),
                "said": say_duty(context, one, names),
                "may_take": is_theirs and not is_mine and may_give(context.member.duties, one),
            }
            for one in sorted(staff.duties, key=str)
        ],
        **form.shown(context),
    )


routes: Final = [
    get("/console/staff/{id}", show_member),
    post("/console/staff/{id}", do_member),
]
