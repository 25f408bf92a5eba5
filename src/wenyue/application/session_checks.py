"""Why the sessions of a row are not taken, beside those of the rows above it. Pure."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final

from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.sessions import SessionRow
from wenyue.locale import Message

SESSIONS_OF_LIST_MAX: Final = 200_000
Key = tuple[int, date, datetime]  # product, day, when it begins


def why_not_listed(
    row: SessionRow, named: Collection[Key], seen: Mapping[Key, int], *, is_over: bool
) -> Refusal | None:
    """`named`: its sessions; `seen`: those of the rows above it, with their lines; `is_over`: none can be sold any more."""
    twice = next((key for key in named if key in seen), None)
    if twice is not None:
        fix = Message(
            "line {line} has a session of this product at the same time on {day}: leave one of them out",
            line=seen[twice],
            day=twice[1],
        )
        return Refusal(Reason.KEY_TWICE, "", row.product, fix)
    if is_over:
        return Refusal(Reason.BAD_DATE, "", str(row.until), Message("all of its days are over"))
    if len(seen) + len(named) > SESSIONS_OF_LIST_MAX:
        fix = Message(
            "a list has at most {most} sessions: bring the others in after it", most=SESSIONS_OF_LIST_MAX
        )
        return Refusal(Reason.TOO_LARGE, "", row.product, fix)
    return None
