"""At the counter: staff see a document, the accounts that only claimed it lose it, everybody is told."""

from wenyue.accounts import Staff
from wenyue.application.holder_outlook import NotSettled, Outlook, SettleHolder, look_at_holder
from wenyue.application.on_duty import NotAtPost, OnDuty, find_post
from wenyue.application.second_person import confirmed
from wenyue.application.second_proofs import NotConfirmed, Second
from wenyue.application.settled import Settled, carry_out
from wenyue.application.taking_documents import is_too_many
from wenyue.audit import Entry, record
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.gate import LookupProblem


async def settle_holder(
    services: Services, login: str, request: SettleHolder, second: Second | None = None
) -> Settled | Outlook | NotSettled | LookupProblem | NotAtPost | NotConfirmed:
    """Look whose document it is, and settle it if it is what was agreed to; else what settling would do. Again: the same.

    `login`: the `Login.key` of the member of staff; `second`: who confirms it, as in `confirmed`. Raises LoginEnded.
    """

    async def settle(
        act: OnDuty, confirms: Staff | None
    ) -> Settled | Outlook | NotSettled | LookupProblem | NotAtPost:
        venue_id = await find_post(act, Right.HOLDERS_SETTLE, request.place)
        if isinstance(venue_id, NotAtPost):
            return venue_id
        found = await look_at_holder(services, act, venue_id, request)
        if not isinstance(found, Outlook) or request.agreed not in (None, found.key):
            return found
        problem = await _why_not_taken(act, venue_id, found, confirms)
        if found.lost:
            services.note_taken_document(act.staff.id)
        if problem is not None:
            await record(act.tx, [Entry(act.now, act.name, "holder.refused", act.name, {"why": problem})])
            return problem
        second_id = confirms.id if confirms is not None and found.asks_second else None
        return await carry_out(services, act, venue_id, request, found, second_id=second_id)

    return await confirmed(services, login, second, settle)


async def _why_not_taken(
    act: OnDuty, venue_id: int, found: Outlook, confirms: Staff | None
) -> NotSettled | None:
    if not found.lost:
        return None
    if await is_too_many(act):
        return NotSettled.TOO_MANY
    if not found.asks_second:
        return None
    if confirms is None:
        return NotSettled.SECOND_NEEDED
    rights = (Right.HOLDERS_SETTLE, Right.HOLDERS_SETTLE_SEEN)
    is_fit = confirms.id != act.staff.id and any(confirms.may(one, venue_id) for one in rights)
    return None if is_fit else NotSettled.SECOND_UNFIT
