"""Roles and rights of staff in words, and the page that documents them."""

from collections.abc import Mapping
from typing import Final

from wenyue.core.duties import AT_POSTS, RIGHTS, Duty, Right, Role
from wenyue.web.wording import Text

ROLES: Final[Mapping[Role, Text]] = {
    Role.ADMINISTRATOR: Text("管理员", "Administrator"),
    Role.OPERATOR: Text("运营", "Operator"),
    Role.APPROVER: Text("审批", "Approver"),
    Role.FINANCE: Text("财务", "Finance"),
    Role.DESK: Text("柜台", "Desk"),
    Role.GATE: Text("闸口", "Gate"),
    Role.LIAISON: Text("渠道对接", "Partner liaison"),
    Role.AUDITOR: Text("审计", "Auditor"),
}
RIGHT_WORDS: Final[Mapping[Right, Text]] = {
    Right.GATE_SCAN: Text("验票放行", "Let people in"),
    Right.GATE_UNDO: Text("撤销核销", "Take an admission back"),
    Right.UNDO_CONFIRM: Text("为同事确认撤销", "Confirm a colleague's undo"),
    Right.BOOKINGS_FIND: Text("查找预约", "Look somebody up"),
    Right.CARDS_REPLACE: Text("柜台补卡", "Replace a card at the counter"),
    Right.CARDS_REPLACE_DISPUTED: Text(
        "持卡人提出异议后仍补卡", "Replace a card although its holder objected lately"
    ),
    Right.CARDS_STOP: Text("停止补卡", "Stop a replacement"),
    Right.PLACES_TAKE_BACK: Text("见证件后取回他人代订的名额", "Take back places that others booked"),
    Right.HOLDERS_SETTLE: Text("见证件后确认是谁的账户", "Settle whose account a document is"),
    Right.HOLDERS_SETTLE_SEEN: Text(
        "见证件后收回曾经核验过的账户", "Take a document from an account that staff saw it of before"
    ),
    Right.CONSOLE_VIEW: Text("查看运营台", "See the console"),
    Right.HOLIDAYS_PREVIEW: Text("预览节假日安排", "Preview a holiday"),
    Right.HOLIDAYS_SET: Text("提出节假日录入", "Propose holidays"),
    Right.SLOTS_CLOSE: Text("停售闭馆", "Close sessions"),
    Right.SLOTS_REOPEN: Text("恢复开放", "Reopen sessions"),
    Right.PRICES_SET: Text("设定价格", "Set prices"),
    Right.CAPACITY_SET: Text("设定容量", "Set capacities"),
    Right.CHANGES_APPROVE: Text("审批他人的变更", "Approve what somebody else proposed"),
    Right.CHANGES_REVIEW: Text("复核他人的变更", "Review what somebody else did"),
    Right.DEVICES_MANAGE: Text("登记和停用闸口设备", "Enrol and revoke gate devices"),
    Right.STAFF_MANAGE: Text("管理员工和职责", "Manage staff and their duties"),
    Right.ROOMS_MANAGE: Text("开启和管理排队等候", "Open and steer waiting rooms"),
    Right.BANS_LIFT: Text("解除限制预约", "Lift bans after missed visits"),
    Right.NAMES_STRIKE: Text("删除误记的姓名写法", "Strike a name that was noted wrongly"),
    Right.ABUSE_MANAGE: Text("处理可疑迹象", "Block and clear what is suspicious"),
    Right.DATA_IMPORT: Text("导入场馆和旧系统预订", "Bring venues and old bookings in"),
    Right.RECORD_READ: Text("查看操作记录", "Read the record of what was done"),
    Right.SERVER_RUN: Text("在服务器上运维", "Run the server"),
}
# What only somebody of the whole destination does, since it touches every venue.
WHOLE_DESTINATION: Final = frozenset(
    {
        Right.CARDS_REPLACE_DISPUTED,
        Right.HOLDERS_SETTLE_SEEN,
        Right.HOLIDAYS_SET,
        Right.BANS_LIFT,
        Right.NAMES_STRIKE,
        Right.ABUSE_MANAGE,
        Right.DATA_IMPORT,
        Right.RECORD_READ,
    }
)


def say_scope(duty: Duty, names: Mapping[int, str], locale: str) -> str:
    """Where the duty is: everywhere, or the name of a venue and its post."""
    if duty.venue_id is None:
        return "全部场馆" if locale != "en" else "every venue"
    venue = names.get(duty.venue_id, str(duty.venue_id))
    return f"{venue} · {duty.post}" if duty.post else venue


_INTRO: Final = """# Duties: who may do what

Made from `core/duties.py` by `scripts/write_duties.py`; a test keeps them equal. Why so: [ADR 30](adr/0030-duties.md).

A duty is a role for the whole destination (`approver`), for one venue (`desk@venue:CODE`) or for one post of a venue,
a gate or a counter (`gate@venue:CODE/北门`; %s only). A member of staff holds any number of duties and may do
what one of them allows, where it is. The console shows everybody their own. Commands on the server hold every duty,
unless they run `--as` somebody: then the password is asked for, and the second factor, and what would wait for a second
person in the console waits for one.

"""
_CLOSE: Final = """
`server.run` is nobody's who signs in: it is whoever has the server. Nobody approves, confirms or reviews what is
their own.

PINs are for turns at an enrolled gate device: whoever lets people in there (`gate.scan`) sets one, and nobody else; so
`desk`, `approver` and the other duties confirm as a second person by a code or a passkey, which is meant so.
"""
_COMMANDS: Final = """
Commands of `wenyue` that take `--as LOGIN`, and the right that each asks for; the others only look, or are `server.run`:

| Command · 命令 | Right · 权限 |
|---|---|"""


def duties_page(commands: Mapping[str, Right]) -> str:
    """docs/duties.md: the table of `kernel.duties` for people who read it. `commands`: those that take `--as`."""
    heads = " | ".join(f"{ROLES[role].en}<br>{ROLES[role].zh}<br>`{role}`" for role in Role)
    lines = [f"| | {heads} |", "|---|" + ":-:|" * len(Role)]
    for right, roles in RIGHTS.items():
        cells = " | ".join("●" if role in roles else "" for role in Role)
        note = " (of every venue · 须负责全部场馆)" if right in WHOLE_DESTINATION else ""
        lines.append(f"| {RIGHT_WORDS[right].en}{note}<br>{RIGHT_WORDS[right].zh} `{right}` | {cells} |")
    taken = [f"| `{name}` | `{right}` |" for name, right in sorted(commands.items())]
    return (
        _INTRO % " and ".join(sorted(AT_POSTS))
        + "\n".join(lines)
        + "\n"
        + _CLOSE
        + "\n".join([_COMMANDS, *taken])
        + "\n"
    )
