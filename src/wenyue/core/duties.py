"""What members of staff may do: roles, the scopes of a duty, and the one table of rights. Pure; everything that checks reads it.

A duty is a role at a scope: the whole destination (what this installation serves), one of its venues, or one post of a venue –
a gate or a counter. A member of staff holds any number of duties, and may do what one of them allows. docs/duties.md and the
console's page are made from this table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

DUTIES_MAX: Final = 400  # of one member of staff
POST_LENGTH_MAX: Final = 40  # as long as a gate's name
_VENUE: Final = "venue:"
_ID_MAX: Final = 2**63 - 1


class Role(StrEnum):
    """What somebody is there for. The values are stable: they are stored."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    APPROVER = "approver"
    FINANCE = "finance"
    DESK = "desk"
    GATE = "gate"
    LIAISON = "liaison"
    AUDITOR = "auditor"


class Right(StrEnum):
    """One thing that somebody may do. The values are stable: they are shown, and documented."""

    GATE_SCAN = "gate.scan"
    GATE_UNDO = "gate.undo"
    UNDO_CONFIRM = "undo.confirm"
    BOOKINGS_FIND = "bookings.find"
    CARDS_REPLACE = "cards.replace"
    CARDS_REPLACE_DISPUTED = "cards.replace_disputed"
    CARDS_STOP = "cards.stop"
    PLACES_TAKE_BACK = "places.take_back"
    HOLDERS_SETTLE = "holders.settle"
    HOLDERS_SETTLE_SEEN = "holders.settle_seen"
    CONSOLE_VIEW = "console.view"
    HOLIDAYS_PREVIEW = "holidays.preview"
    HOLIDAYS_SET = "holidays.set"
    SLOTS_CLOSE = "slots.close"
    SLOTS_REOPEN = "slots.reopen"
    PRICES_SET = "prices.set"
    CAPACITY_SET = "capacity.set"
    CHANGES_APPROVE = "changes.approve"
    CHANGES_REVIEW = "changes.review"
    DEVICES_MANAGE = "devices.manage"
    STAFF_MANAGE = "staff.manage"
    ROOMS_MANAGE = "rooms.manage"
    BANS_LIFT = "bans.lift"
    NAMES_STRIKE = "names.strike"
    ABUSE_MANAGE = "abuse.manage"
    DATA_IMPORT = "data.import"
    DATA_EXPORT = "data.export"
    RECORD_READ = "record.read"
    SERVER_RUN = "server.run"


_OPERATOR: Final = frozenset({Role.OPERATOR})
_DESK: Final = frozenset({Role.DESK, Role.OPERATOR})
_GATE: Final = frozenset({Role.GATE, Role.OPERATOR})

# Right × role. Whoever runs commands on the server holds every role, and `server.run`, which no login has.
RIGHTS: Final[Mapping[Right, frozenset[Role]]] = MappingProxyType(
    {
        Right.GATE_SCAN: _GATE,
        Right.GATE_UNDO: _GATE,
        Right.UNDO_CONFIRM: frozenset({Role.OPERATOR, Role.APPROVER}),
        Right.BOOKINGS_FIND: _GATE | _DESK,
        Right.CARDS_REPLACE: _DESK,
        Right.CARDS_REPLACE_DISPUTED: frozenset({Role.ADMINISTRATOR}),
        Right.CARDS_STOP: _DESK,
        Right.PLACES_TAKE_BACK: _DESK,
        Right.HOLDERS_SETTLE: _DESK,
        Right.HOLDERS_SETTLE_SEEN: frozenset({Role.ADMINISTRATOR}),  # besides `holders.settle`
        Right.CONSOLE_VIEW: frozenset(Role) - {Role.GATE, Role.DESK},
        Right.HOLIDAYS_PREVIEW: _OPERATOR,
        Right.HOLIDAYS_SET: _OPERATOR,
        Right.SLOTS_CLOSE: _OPERATOR,
        Right.SLOTS_REOPEN: _OPERATOR,
        Right.PRICES_SET: _OPERATOR,
        Right.CAPACITY_SET: _OPERATOR,
        Right.CHANGES_APPROVE: frozenset({Role.APPROVER, Role.OPERATOR}),  # never of one's own
        Right.CHANGES_REVIEW: frozenset({Role.APPROVER, Role.OPERATOR, Role.AUDITOR}),
        Right.DEVICES_MANAGE: frozenset({Role.ADMINISTRATOR, Role.OPERATOR}),
        Right.STAFF_MANAGE: frozenset({Role.ADMINISTRATOR}),
        Right.ROOMS_MANAGE: _OPERATOR,
        Right.BANS_LIFT: frozenset({Role.ADMINISTRATOR, Role.OPERATOR}),
        Right.NAMES_STRIKE: frozenset({Role.ADMINISTRATOR}),
        Right.ABUSE_MANAGE: frozenset({Role.ADMINISTRATOR, Role.OPERATOR}),
        Right.DATA_IMPORT: frozenset({Role.ADMINISTRATOR}),
        Right.DATA_EXPORT: frozenset({Role.ADMINISTRATOR}),
        Right.RECORD_READ: frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
        Right.SERVER_RUN: frozenset(),
    }
)
# What a password alone is enough for: looking, and a gate's admissions, which are undone there. The rest changes more.
_BY_PASSWORD: Final = frozenset(
    {
        Right.GATE_SCAN,
        Right.GATE_UNDO,
        Right.BOOKINGS_FIND,
        Right.CONSOLE_VIEW,
        Right.HOLIDAYS_PREVIEW,
    }
)
# Only these roles stand at a post; the others are of a venue or of the whole destination.
AT_POSTS: Final = frozenset({Role.GATE, Role.DESK})


@dataclass(frozen=True, slots=True)
class Duty:
    """A role at a scope. `venue_id` None: the whole destination; `post` empty: every post of the venue."""

    role: Role
    venue_id: int | None = None
    post: str = ""

    def __str__(self) -> str:
        """As commands take it and the record shows it: `operator`, `desk@venue:3`, `gate@venue:3/北门`."""
        where = "" if self.venue_id is None else f"@{_VENUE}{self.venue_id}"
        return f"{self.role}{where}{f'/{self.post}' if self.post else ''}"

    def covers(self, venue_id: int | None, post: str | None) -> bool:
        """Whether the scope contains this one. `post` None: which of the venue's posts is not known, or does not matter."""
        if self.venue_id is None:
            return True
        return self.venue_id == venue_id and (not self.post or post is None or post == self.post)


Duties = frozenset[Duty]
NOTHING: Final[Duties] = frozenset()
EVERY_DUTY: Final[Duties] = frozenset(Duty(role) for role in Role)  # of whoever runs commands on the server


def may(duties: Duties, right: Right, venue_id: int | None = None, post: str | None = None) -> bool:
    """Whether one of the duties allows it there. `venue_id` None: for the whole destination at once."""
    roles = RIGHTS[right]
    return any(one.role in roles and one.covers(venue_id, post) for one in duties)


def may_anywhere(duties: Duties, right: Right) -> bool:
    """Whether one of the duties allows it at some place: for what belongs to no venue."""
    roles = RIGHTS[right]
    return any(one.role in roles for one in duties)


def venues_for(duties: Duties, right: Right) -> frozenset[int] | None:
    """The venues where it is allowed, perhaps at some posts only; None: everywhere."""
    found = {one.venue_id for one in duties if one.role in RIGHTS[right]}
    return None if None in found else frozenset(one for one in found if one is not None)


def at_post(duties: Duties, venue_id: int, post: str) -> Duties:
    """What somebody who signed in with a PIN may do: let people in at this post, if they may at all."""
    is_theirs = may(duties, Right.GATE_SCAN, venue_id, post)
    return frozenset({Duty(Role.GATE, venue_id, post)}) if is_theirs else NOTHING


def rights_of(duties: Duties) -> frozenset[Right]:
    """Everything that the duties allow at some place."""
    return frozenset(right for right in Right if may_anywhere(duties, right))


def may_give(duties: Duties, duty: Duty) -> bool:
    """Whether somebody with these duties gives this duty to others, or takes it from them.

    It takes `staff.manage` there; and who is no administrator there gives only what they hold themselves.
    """
    at = (
        (duty.venue_id, duty.post)
        if duty.post
        else (duty.venue_id, "" if duty.venue_id is not None else None)
    )
    if not may(duties, Right.STAFF_MANAGE, *at):
        return False
    is_administrator = any(one.role is Role.ADMINISTRATOR and one.covers(*at) for one in duties)
    given = [right for right, roles in RIGHTS.items() if duty.role in roles]
    return is_administrator or all(may(duties, right, *at) for right in given)


def needs_factor(duties: Duties) -> bool:
    """Whether somebody with these duties proves more than a password: they change something besides admissions at a gate."""
    return bool(rights_of(duties) - _BY_PASSWORD)


def is_administrator_of_all(duties: Duties) -> bool:
    """Whether somebody administers the whole destination: one such login must stay."""
    return Duty(Role.ADMINISTRATOR) in duties


def read_duty(text: str) -> Duty:
    """The duty of its text, `str(duty)`. Raises ValueError: no such role, scope or post."""
    name, at, scope = text.strip().partition("@")
    role = Role(name.strip().lower())
    if not at:
        return Duty(role)
    kind, venue, post = scope[: len(_VENUE)], *_split(scope[len(_VENUE) :])
    if kind != _VENUE or not (venue.isascii() and venue.isdecimal()) or not 0 < int(venue) <= _ID_MAX:
        raise ValueError(f"{text}: a scope is venue:NUMBER or venue:NUMBER/POST")
    if post and role not in AT_POSTS:
        raise ValueError(f"{text}: only {' and '.join(sorted(AT_POSTS))} stand at a post")
    if len(post) > POST_LENGTH_MAX:
        raise ValueError(f"{text}: a post's name has at most {POST_LENGTH_MAX} characters")
    return Duty(role, int(venue), post)


def read_duties(texts: Iterable[str]) -> Duties:
    """Duties as they are stored; one that this release does not know allows nothing."""
    found: set[Duty] = set()
    for text in texts:
        try:
            found.add(read_duty(text))
        except ValueError:
            continue
    return frozenset(found)


FormerRole = Literal["gate", "operator", "admin"]
FORMER: Final[Mapping[FormerRole, tuple[Role, ...]]] = MappingProxyType(
    {"gate": (Role.GATE,), "operator": (Role.OPERATOR,), "admin": (Role.ADMINISTRATOR, Role.OPERATOR)}
)


def duties_of_role(role: FormerRole, venue_ids: Iterable[int] = ()) -> Duties:
    """What a login's one role was before there were duties; no venue: everywhere."""
    venues: list[int | None] = [*venue_ids] or [None]
    return frozenset(Duty(one, venue_id) for one in FORMER[role] for venue_id in venues)


def former_role(duties: Duties) -> FormerRole:
    """The strongest of the former roles; `gate` where none fits: programs that know no duties read it."""
    roles = {one.role for one in duties}
    if Role.ADMINISTRATOR in roles:
        return "admin"
    return "operator" if Role.OPERATOR in roles else "gate"


def _split(text: str) -> tuple[str, str]:
    venue, _, post = text.partition("/")
    return venue.strip(), post.strip()
