"""补卡: who lost a card proves to be its holder, is told, and can stop it. See docs/security.md and ADR 14.

A code to the phone on record proves it together with the document; at the counter a member of staff looks at the document. The
holder's phone is told before a new number is shown, with a second code that stops every replacement of theirs for some days.
Codes are kept as keyed hashes (`codes`), are good for minutes and a few tries. `by_code` is the way over the phone, `counter`
that before staff; `proofs` says what either is good for, `objecting` how it is stopped, `holders` whose card it is.
"""

from wenyue.cards.recovery.by_code import (
    CODE_TRIES_MAX,
    CODES_A_DAY_MAX,
    CODES_OF_PLACE_MAX,
    REQUESTS_KEPT_MAX,
    Begun,
    begin,
    prove_code,
)
from wenyue.cards.recovery.codes import CODE_TTL_S, SHARED_S
from wenyue.cards.recovery.counter import (
    COUNTER_OF_HOLDER_ADMIN_MAX,
    COUNTER_OF_HOLDER_MAX,
    COUNTER_OF_STAFF_MAX,
    CounterRefusal,
    prove_by_staff,
)
from wenyue.cards.recovery.holders import (
    freeze_all,
    has_proven_phone,
    holder_of_number,
    lock_holder,
    named_holders,
    thaw_all,
)
from wenyue.cards.recovery.objecting import Stopped, object_to_all, object_with_code
from wenyue.cards.recovery.pins import PIN_RESET_S, may_reset, reset_pin
from wenyue.cards.recovery.proofs import (
    BLOCKED_S,
    OBJECTED_DELAY,
    OBJECTION_S,
    PROOF_TTL_S,
    How,
    Proven,
    Recovery,
    bind,
    recovery_of,
    shown_from,
)

__all__ = [
    "BLOCKED_S",
    "CODES_A_DAY_MAX",
    "CODES_OF_PLACE_MAX",
    "CODE_TRIES_MAX",
    "CODE_TTL_S",
    "COUNTER_OF_HOLDER_ADMIN_MAX",
    "COUNTER_OF_HOLDER_MAX",
    "COUNTER_OF_STAFF_MAX",
    "OBJECTED_DELAY",
    "OBJECTION_S",
    "PIN_RESET_S",
    "PROOF_TTL_S",
    "REQUESTS_KEPT_MAX",
    "SHARED_S",
    "Begun",
    "CounterRefusal",
    "How",
    "Proven",
    "Recovery",
    "Stopped",
    "begin",
    "bind",
    "freeze_all",
    "has_proven_phone",
    "holder_of_number",
    "lock_holder",
    "may_reset",
    "named_holders",
    "object_to_all",
    "object_with_code",
    "prove_by_staff",
    "prove_code",
    "recovery_of",
    "reset_pin",
    "shown_from",
    "thaw_all",
]
