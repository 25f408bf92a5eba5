"""An operator strikes a name that staff wrongly noted of a person: it counts no more, and is not noted again by whoever did."""

import re
from typing import Final

from msgspec import Struct

from wenyue.accounts import names
from wenyue.application.on_server import acting_with, reason_for_record
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.core.duties import Right

CODE_LENGTH: Final = 12  # of a name's key, as it is shown
_CODE: Final = re.compile(r"[0-9a-f]{12,64}")


class StrikeName(Struct, frozen=True):
    """`person_keys`: of whose document it may be. `code`: the beginning of the name's key."""

    person_keys: tuple[bytes, ...]
    code: str
    reason: str


async def strike_name(works: Works, operator: Operator, request: StrikeName) -> int:
    """How many were struck; each on record. Raises ValueError that names the field."""
    reason = reason_for_record(request.reason)
    if not _CODE.fullmatch(request.code):
        raise ValueError("code: as the list of names shows it")
    async with acting_with(works, operator, Right.NAMES_STRIKE) as act:
        struck = await names.strike_names(act.tx, list(request.person_keys), request.code, act.now)
        detail: dict[str, object] = {"reason": reason, "code": request.code[:CODE_LENGTH]}
        entry = Entry(act.now, operator.name, "name.struck", "person", detail)
        await record(act.tx, [entry for _ in struck])
    return len(struck)
