"""Who is and was on the staff, and what they are there for. What changes it is run by the owner of the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from wenyue.accounts.model import Staff, StaffRecord
from wenyue.audit import Entry, record
from wenyue.events import append, kinds
from wenyue.infra.db import Tx, queries
from wenyue.kernel.duties import DUTIES_MAX, Duties, former_role, needs_factor, read_duties

LISTED_MAX: Final = 10_000
_SQL: Final = queries("wenyue.accounts")


async def staff_list(tx: Tx, limit: int = LISTED_MAX) -> list[StaffRecord]:
    """Everybody who is or was on the staff, by login, at most `limit`."""
    return [_read(row) for row in await (await tx.execute(_SQL["staff"], {"limit": limit})).fetchall()]


async def staff_of_actors(tx: Tx, actors: Iterable[str]) -> dict[str, StaffRecord]:
    """Who these actors (`staff:3`) are, also those who have left; others are absent. The caller bounds their number."""
    ids = [int(one.removeprefix("staff:")) for one in set(actors) if one.startswith("staff:")]
    rows = await (await tx.execute(_SQL["staff_by_id"], {"ids": ids})).fetchall()
    return {f"staff:{row[0]}": _read(row) for row in rows}


async def set_duties(tx: Tx, staff: Staff, duties: Duties, now: datetime, actor: str) -> None:
    """What a member of staff may do from now on, with this transaction. By the owner.

    Whoever loses a duty is signed out, as an act in progress may go by it; then none comes after it. So is whoever may change
    something from now on, and could not before: they signed in by password alone.

    Raises ValueError: more than DUTIES_MAX.
    """
    if len(duties) > DUTIES_MAX:
        raise ValueError(f"duties: at most {DUTIES_MAX}; without a venue a duty is for every venue")
    row = {"id": staff.id, "role": former_role(duties), "venue_ids": venues_before(duties)}
    await tx.execute(_SQL["set_role_before"], row)
    await write_duties(tx, staff.id, duties, now, actor)
    wants_factor = needs_factor(duties) and not needs_factor(staff.duties)
    if wants_factor or not staff.duties <= duties:
        await tx.execute(_SQL["end_logins_of_staff"], {"staff_id": staff.id, "now": now})
    await record(tx, [Entry(now, actor, "staff.duties_set", f"staff:{staff.id}", shown(duties))])
    await append(tx, [kinds.DutiesSet(staff.id)], now)


async def lock_administration(tx: Tx) -> None:
    """Changes of who is on the staff happen one after the other: until this transaction ends. By the owner."""
    await tx.execute(_SQL["lock_administration"])


async def unlock_staff(tx: Tx, staff_id: int, now: datetime, actor: str) -> None:
    """Failed tries at this login before `now` count no more, except against the addresses that made them."""
    await tx.execute(_SQL["unlock_staff"], {"id": staff_id, "now": now})
    await record(tx, [Entry(now, actor, "staff.unlocked", f"staff:{staff_id}")])


async def write_duties(tx: Tx, staff_id: int, duties: Duties, now: datetime, actor: str) -> None:
    """Those that stay keep who gave them, and when."""
    rows = [(one.role.value, one.venue_id, one.post) for one in duties]
    row = {
        "id": staff_id,
        "roles": [role for role, _, _ in rows],
        "venue_ids": [venue_id for _, venue_id, _ in rows],
        "posts": [post for _, _, post in rows],
        "now": now,
        "actor": actor,
    }
    await tx.execute(_SQL["drop_duties"], row)
    await tx.execute(_SQL["add_duties"], row)


def venues_before(duties: Duties) -> list[int]:
    """The venues of a login as the release before duties reads them; none: every venue."""
    venues = {one.venue_id for one in duties}
    return [] if None in venues else sorted(one for one in venues if one is not None)


def shown(duties: Duties) -> dict[str, object]:
    """Duties as the record has them."""
    return {"duties": sorted(map(str, duties))}


def _read(row: tuple[Any, ...]) -> StaffRecord:
    id_, login, name, duties, is_active, is_mute = row
    return StaffRecord(Staff(id_, login, name, read_duties(duties)), is_active, not is_mute)
