"""What the forms about staff hold: which duties, where; and why an act on staff was not done, in words for the console."""

from dataclasses import dataclass, field
from typing import Final

from wenyue import catalogue
from wenyue.accounts import staffing
from wenyue.application.administering import NotStaffed, by
from wenyue.core import duties as rights
from wenyue.core.documents.text import has_controls, has_unseen
from wenyue.core.duties import AT_POSTS, POST_LENGTH_MAX, Duties, Role
from wenyue.core.ids import parse_uuid, uuid7
from wenyue.locale import Message, text_in
from wenyue.platform.database.db import Tx
from wenyue.web.console.context import OperatorContext
from wenyue.web.wording.duties import ROLES, say_scope

CODE_LENGTH_MAX: Final = 64
# Field of the form, then the words.
SAID: Final = {
    NotStaffed.LOGIN_TAKEN: (
        "login",
        Message(
            "This login already exists. Choose another one. If it's the same person, reset their "
            "password or grant duties from the staff list."
        ),
    ),
    NotStaffed.LOGIN_UNKNOWN: ("login", Message("Login not found.")),
    NotStaffed.RETIRED: (
        "login",
        Message("This person has left. To bring them back, add them again with the same login."),
    ),
    NotStaffed.DUTY_NEEDED: ("role", Message("Choose at least one duty.")),
    NotStaffed.TOO_MANY_DUTIES: (
        "role",
        Message(
            "One person can hold at most {n} duties. Leave the venue code empty to cover every venue.",
            n=rights.DUTIES_MAX,
        ),
    ),
    NotStaffed.VENUE_UNKNOWN: (
        "venue",
        Message("Venue not found. Enter the venue's code."),
    ),
    NotStaffed.NOT_YOURS: (
        "venue",
        Message(
            "You can only grant duties at venues you administer. Choose one of them, or ask "
            "an administrator of all venues."
        ),
    ),
    NotStaffed.ONESELF: (
        "role",
        Message("This would sign you out. Ask another administrator, or run wenyue staff on the server."),
    ),
    NotStaffed.ALREADY_DONE: (
        "login",
        Message(
            "This form was already submitted and the password was shown once. If the person "
            "doesn't have it, reset it on their page."
        ),
    ),
    NotStaffed.LAST_ADMINISTRATOR: (
        "role",
        Message("This is the last administrator of all venues. Appoint another one first."),
    ),
}


@dataclass(slots=True)
class Entered:
    """A form as it was filled in, and what is wrong with it, by field; the first thing of each stands."""

    login: str = ""
    name: str = ""
    venue: str = ""
    post: str = ""
    roles: frozenset[str] = frozenset()
    wrong: dict[str, str] = field(default_factory=dict[str, str])

    def refuse(self, context: OperatorContext, why: NotStaffed) -> None:
        """Note what the act said, at the field that it is about."""
        name, text = SAID[why]
        self.wrong.setdefault(name, context.say(text))

    def shown(self, context: OperatorContext) -> dict[str, object]:
        """What a page is given of it."""
        return {
            "values": self,
            "wrong": {name: self.wrong.get(name, "") for name in ("login", "name", "role", "venue", "post")},
            "errors": [{"field": name, "text": text} for name, text in self.wrong.items()],
            "form_id": uuid7(),
            "roles": [(one.value, ROLES[one].say(context.locale), one.value in self.roles) for one in Role],
        }


def entered(context: OperatorContext) -> Entered:
    """The submitted form."""
    form = context.form
    roles = frozenset(form.many("role", len(Role)))
    return Entered(form.one("login"), form.one("name"), form.one("venue"), form.one("post"), roles)


def check_words(context: OperatorContext, form: Entered) -> None:
    """Note what is wrong with login and name."""
    login = form.login.lower()
    if not 1 <= len(login) <= staffing.LOGIN_LENGTH_MAX or has_unseen(login):
        text = context.gettext(
            "Enter 1 to {login_length_max} visible characters, such as zhang.san.",
            login_length_max=staffing.LOGIN_LENGTH_MAX,
        )
        form.wrong.setdefault("login", text)
    if len(form.name) > staffing.NAME_LENGTH_MAX or has_controls(form.name):
        text = context.gettext(
            "Enter one line of plain text, {name_length_max} characters at most.",
            name_length_max=staffing.NAME_LENGTH_MAX,
        )
        form.wrong.setdefault("name", text)


async def read_duties(context: OperatorContext, tx: Tx, form: Entered) -> Duties:
    """The duties that were chosen; what is wrong is noted."""
    chosen = [one for one in Role if one.value in form.roles]
    if not chosen:
        form.refuse(context, NotStaffed.DUTY_NEEDED)
    venue_id = None
    if form.venue:
        found = await catalogue.venue(tx, form.venue[:CODE_LENGTH_MAX])
        if found is None:
            form.refuse(context, NotStaffed.VENUE_UNKNOWN)
        venue_id = None if found is None else found.id
    if form.post:
        _check_post(context, form, chosen)
    return (
        frozenset(rights.Duty(one, venue_id, form.post) for one in chosen) if not form.wrong else frozenset()
    )


def _check_post(context: OperatorContext, form: Entered, chosen: list[Role]) -> None:
    if not set(chosen) <= AT_POSTS:
        text = context.gettext(
            "Only gate and counter duties can be limited to one place. Grant other duties separately."
        )
        form.wrong.setdefault("post", text)
    if len(form.post) > POST_LENGTH_MAX or has_controls(form.post) or has_unseen(form.post):
        text = context.gettext(
            "Enter the name on one line, {post_length_max} characters at most.",
            post_length_max=POST_LENGTH_MAX,
        )
        form.wrong.setdefault("post", text)
    if not form.venue:
        text = context.gettext("Enter the code of the venue this place belongs to.")
        form.wrong.setdefault("venue", text)


def password_for(context: OperatorContext, what: str) -> tuple[str, bool]:
    """The password for what the form does, and whether the same form sent again draws the same: one without an id does not."""
    form_id = parse_uuid(context.form.one("form_id"))
    if form_id is None:
        return staffing.draw_password(), False
    return staffing.password_of_form(context.services.vault, by(context.operator), form_id, what), True


async def names_of(context: OperatorContext, tx: Tx, held: list[Duties]) -> dict[int, str]:
    """The venues of these duties by name."""
    ids = sorted({one.venue_id for duties in held for one in duties if one.venue_id is not None})
    found = await catalogue.venues_by_id(tx, ids)
    return {id_: text_in(one.name, context.locale) for id_, one in found.items()}


def say_duty(context: OperatorContext, one: rights.Duty, names: dict[int, str]) -> str:
    """`闸口 · 东湖 · 北门`."""
    return f"{ROLES[one.role].say(context.locale)} · {say_scope(one, names, context.locale)}"
