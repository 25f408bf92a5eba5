"""Roles and rights of staff in words, and the page that documents them."""

from collections.abc import Mapping
from typing import Final

from wenyue.core.duties import AT_POSTS, RIGHTS, Duty, Right, Role
from wenyue.locale import DEFAULT, SOURCE, Message, translations

ROLES: Final[Mapping[Role, Message]] = {
    Role.ADMINISTRATOR: Message("role.administrator"),
    Role.OPERATOR: Message("role.operator"),
    Role.APPROVER: Message("role.approver"),
    Role.FINANCE: Message("role.finance"),
    Role.DESK: Message("role.desk"),
    Role.GATE: Message("role.gate"),
    Role.LIAISON: Message("role.liaison"),
    Role.AUDITOR: Message("role.auditor"),
}
RIGHT_WORDS: Final[Mapping[Right, Message]] = {
    Right.GATE_SCAN: Message("right.gate_scan"),
    Right.GATE_UNDO: Message("right.gate_undo"),
    Right.UNDO_CONFIRM: Message("right.undo_confirm"),
    Right.BOOKINGS_FIND: Message("right.bookings_find"),
    Right.CARDS_REPLACE: Message("right.cards_replace"),
    Right.CARDS_REPLACE_DISPUTED: Message("right.cards_replace_disputed"),
    Right.CARDS_STOP: Message("right.cards_stop"),
    Right.PLACES_TAKE_BACK: Message("right.places_take_back"),
    Right.HOLDERS_SETTLE: Message("right.holders_settle"),
    Right.HOLDERS_SETTLE_SEEN: Message("right.holders_settle_seen"),
    Right.CONSOLE_VIEW: Message("right.console_view"),
    Right.HOLIDAYS_PREVIEW: Message("right.holidays_preview"),
    Right.HOLIDAYS_SET: Message("right.holidays_set"),
    Right.SLOTS_CLOSE: Message("right.slots_close"),
    Right.SLOTS_REOPEN: Message("right.slots_reopen"),
    Right.PRICES_SET: Message("right.prices_set"),
    Right.CAPACITY_SET: Message("right.capacity_set"),
    Right.CHANGES_APPROVE: Message("right.changes_approve"),
    Right.CHANGES_REVIEW: Message("right.changes_review"),
    Right.DEVICES_MANAGE: Message("right.devices_manage"),
    Right.STAFF_MANAGE: Message("right.staff_manage"),
    Right.ROOMS_MANAGE: Message("right.rooms_manage"),
    Right.BANS_LIFT: Message("right.bans_lift"),
    Right.NAMES_STRIKE: Message("right.names_strike"),
    Right.ABUSE_MANAGE: Message("right.abuse_manage"),
    Right.DATA_IMPORT: Message("right.data_import"),
    Right.DATA_EXPORT: Message("right.data_export"),
    Right.RECORD_READ: Message("right.record_read"),
    Right.SERVER_RUN: Message("right.server_run"),
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
        Right.DATA_EXPORT,
        Right.RECORD_READ,
    }
)


def say_scope(duty: Duty, names: Mapping[int, str], locale: str) -> str:
    """Where the duty is: everywhere, or the name of a venue and its post."""
    if duty.venue_id is None:
        return translations(locale).gettext("all venues")
    venue = names.get(duty.venue_id, str(duty.venue_id))
    return f"{venue} · {duty.post}" if duty.post else venue


_DOCUMENTED: Final = (SOURCE, DEFAULT)
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
Commands of `wenyue` that take `--as LOGIN`, and the right that each asks for; the others only look, or are
`server.run`:

| {command} | {right} |
|---|---|"""
_OF_EVERY_VENUE: Final = Message("of all venues")


def _in_both(message: Message, gap: str = " · ") -> str:
    """In the two languages of the documents."""
    return gap.join(message.say(locale) for locale in _DOCUMENTED)


def duties_page(commands: Mapping[str, Right]) -> str:
    """docs/duties.md: the table of `core.duties` for people who read it. `commands`: those that take `--as`."""
    heads = " | ".join(f"{_in_both(ROLES[role], '<br>')}<br>`{role}`" for role in Role)
    lines = [f"| | {heads} |", "|---|" + ":-:|" * len(Role)]
    for right, roles in RIGHTS.items():
        cells = " | ".join("●" if role in roles else "" for role in Role)
        note = f" ({_in_both(_OF_EVERY_VENUE)})" if right in WHOLE_DESTINATION else ""
        english, chinese = (RIGHT_WORDS[right].say(locale) for locale in _DOCUMENTED)
        lines.append(f"| {english}{note}<br>{chinese} `{right}` | {cells} |")
    taken = [f"| `{name}` | `{right}` |" for name, right in sorted(commands.items())]
    commands_head = _COMMANDS.format(command=_in_both(Message("Command")), right=_in_both(Message("Right")))
    return (
        _INTRO % " and ".join(sorted(AT_POSTS))
        + "\n".join(lines)
        + "\n"
        + _CLOSE
        + "\n".join([commands_head, *taken])
        + "\n"
    )
