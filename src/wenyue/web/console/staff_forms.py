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
from wenyue.platform.database.db import Tx
from wenyue.web.console.context import OperatorContext
from wenyue.web.wording.duties import ROLES, say_scope

CODE_LENGTH_MAX: Final = 64
# Field of the form, then the words.
SAID: Final = {
    NotStaffed.LOGIN_TAKEN: (
        "login",
        "已有这个账号。请换一个；若是同一人，请在员工列表中重置密码或授予职责。",
        "There is such a login. Choose another; if it is the same person, reset the password or give duties in the list.",
    ),
    NotStaffed.LOGIN_UNKNOWN: ("login", "没有这个账号。", "There is no such login."),
    NotStaffed.RETIRED: (
        "login",
        "此人已离开。如需恢复，请用同一账号重新录用。",
        "They have left. To have them back, hire them again under the same login.",
    ),
    NotStaffed.DUTY_NEEDED: ("role", "请至少选择一项职责。", "Choose at least one duty."),
    NotStaffed.TOO_MANY_DUTIES: (
        "role",
        f"一人最多{rights.DUTIES_MAX}项职责。不填场馆代码即负责全部场馆。",
        f"One person holds {rights.DUTIES_MAX} duties at most. Without the code of a venue a duty is for every venue.",
    ),
    NotStaffed.VENUE_UNKNOWN: (
        "venue",
        "没有这个场馆，请填写场馆代码。",
        "There is no such venue: give its code.",
    ),
    NotStaffed.NOT_YOURS: (
        "venue",
        "您只能管理自己负责的场馆的职责。请填写您负责的场馆，或请全部场馆的管理员操作。",
        "You manage duties of the venues that you administer: give one of them, or ask an administrator of every venue.",
    ),
    NotStaffed.ONESELF: (
        "role",
        "这会让您自己退出登录。请由另一名管理员操作，或在服务器上运行 wenyue staff。",
        "It would sign you out yourself: another administrator does it, or wenyue staff on the server.",
    ),
    NotStaffed.ALREADY_DONE: (
        "login",
        "这张表单已经提交成功，密码已显示过，不再显示。本人没有拿到的，请在其页面重置密码。",
        "This was done before and its password shown; it is not shown again. If they lack it, reset it on their page.",
    ),
    NotStaffed.LAST_ADMINISTRATOR: (
        "role",
        "这是最后一名负责全部场馆的管理员。请先设置另一名。",
        "This is the last administrator of every venue: make another one first.",
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

    def refuse(self, duty: OperatorContext, why: NotStaffed) -> None:
        """Note what the act said, at the field that it is about."""
        name, zh, en = SAID[why]
        self.wrong.setdefault(name, duty.t(zh, en))

    def shown(self, duty: OperatorContext) -> dict[str, object]:
        """What a page is given of it."""
        return {
            "values": self,
            "wrong": {name: self.wrong.get(name, "") for name in ("login", "name", "role", "venue", "post")},
            "errors": [{"field": name, "text": text} for name, text in self.wrong.items()],
            "form_id": uuid7(),
            "roles": [(one.value, ROLES[one].say(duty.locale), one.value in self.roles) for one in Role],
        }


def entered(duty: OperatorContext) -> Entered:
    """The submitted form."""
    form = duty.form
    roles = frozenset(form.many("role", len(Role)))
    return Entered(form.one("login"), form.one("name"), form.one("venue"), form.one("post"), roles)


def check_words(duty: OperatorContext, form: Entered) -> None:
    """Note what is wrong with login and name."""
    login = form.login.lower()
    if not 1 <= len(login) <= staffing.LOGIN_LENGTH_MAX or has_unseen(login):
        text = duty.t(
            f"请填写1到{staffing.LOGIN_LENGTH_MAX}个可见字符，例如 zhang.san。",
            f"Give 1 to {staffing.LOGIN_LENGTH_MAX} visible characters, such as zhang.san.",
        )
        form.wrong.setdefault("login", text)
    if len(form.name) > staffing.NAME_LENGTH_MAX or has_controls(form.name):
        text = duty.t(
            f"请用一行普通文字，最多{staffing.NAME_LENGTH_MAX}字。",
            f"Give one line of plain text, {staffing.NAME_LENGTH_MAX} characters at most.",
        )
        form.wrong.setdefault("name", text)


async def read_duties(duty: OperatorContext, tx: Tx, form: Entered) -> Duties:
    """The duties that were chosen; what is wrong is noted."""
    chosen = [one for one in Role if one.value in form.roles]
    if not chosen:
        form.refuse(duty, NotStaffed.DUTY_NEEDED)
    venue_id = None
    if form.venue:
        found = await catalogue.venue(tx, form.venue[:CODE_LENGTH_MAX])
        if found is None:
            form.refuse(duty, NotStaffed.VENUE_UNKNOWN)
        venue_id = None if found is None else found.id
    if form.post:
        _check_post(duty, form, chosen)
    return (
        frozenset(rights.Duty(one, venue_id, form.post) for one in chosen) if not form.wrong else frozenset()
    )


def _check_post(duty: OperatorContext, form: Entered, chosen: list[Role]) -> None:
    if not set(chosen) <= AT_POSTS:
        text = duty.t(
            "只有闸口和柜台可以限定到一处；其他职责请另外授予。",
            "Only gate and desk stand at one place: give the other duties apart.",
        )
        form.wrong.setdefault("post", text)
    if len(form.post) > POST_LENGTH_MAX or has_controls(form.post) or has_unseen(form.post):
        text = duty.t(
            f"请用一行文字写名称，最多{POST_LENGTH_MAX}字。",
            f"Name it on one line of at most {POST_LENGTH_MAX} characters.",
        )
        form.wrong.setdefault("post", text)
    if not form.venue:
        text = duty.t("请填写这一处所在场馆的代码。", "Give the code of the venue where it is.")
        form.wrong.setdefault("venue", text)


def password_for(duty: OperatorContext, what: str) -> tuple[str, bool]:
    """The password for what the form does, and whether the same form sent again draws the same: one without an id does not."""
    form_id = parse_uuid(duty.form.one("form_id"))
    if form_id is None:
        return staffing.draw_password(), False
    return staffing.password_of_form(duty.services.vault, by(duty.operator), form_id, what), True


async def names_of(duty: OperatorContext, tx: Tx, held: list[Duties]) -> dict[int, str]:
    """The venues of these duties by name."""
    ids = sorted({one.venue_id for duties in held for one in duties if one.venue_id is not None})
    found = await catalogue.venues_by_id(tx, ids)
    return {id_: duty.t(one.name_zh, one.name_en or one.name_zh) for id_, one in found.items()}


def say_duty(duty: OperatorContext, one: rights.Duty, names: dict[int, str]) -> str:
    """`闸口 · 东湖 · 北门`."""
    return f"{ROLES[one.role].say(duty.locale)} · {say_scope(one, names, duty.locale)}"
