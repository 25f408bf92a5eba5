"""An operator ends bans after missed visits, and forgives the strikes behind them."""

from msgspec import Struct

from wenyue import policy
from wenyue.application.on_server import acting_with, reason_for_record
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.core.duties import Right


class LiftBans(Struct, frozen=True):
    """`subjects`: keys of whom the bans are against. `about`: as the record names them, nobody's document.

    `preset` empty: bans of every preset.
    """

    subjects: tuple[bytes, ...]
    about: str
    preset: str
    reason: str


async def lift_bans(works: Works, operator: Operator, request: LiftBans) -> dict[str, int]:
    """Strikes that were forgiven, by preset; empty: no ban is in force. Recorded. Raises ValueError that names the field."""
    reason = reason_for_record(request.reason)
    async with acting_with(works, operator, Right.BANS_LIFT) as act:
        forgiven = await policy.lift_bans(act.tx, list(request.subjects), request.preset or None, act.now)
        if forgiven:
            detail: dict[str, object] = {"forgiven": forgiven, "reason": reason}
            await record(act.tx, [Entry(act.now, operator.name, "ban.lifted", request.about, detail)])
    return forgiven
