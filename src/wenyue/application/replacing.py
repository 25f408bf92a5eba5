"""补卡: a new number on a proof, whoever gave it. See `cards.recovery`."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.errors import UniqueViolation

from wenyue import cards
from wenyue.accounts import end_logins
from wenyue.application.recovery_texts import tell_of_number
from wenyue.application.replacement_outlook import waits_until
from wenyue.cards import CardProblem, Denied, Replaced, recovery
from wenyue.container import Services
from wenyue.platform.database.db import Tx


class SameMoment(Exception):
    """Two requests with one id in the same moment: the next try finds the first."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """The holder was told, and has until `at` to object."""

    at: datetime


class Wanted(Struct, frozen=True):
    """`request_id` was minted by whoever asks. `login_key`: that the proof began; '' at the counter, by this request's proof."""

    request_id: UUID
    card_no: str
    holder_id: int
    actor: str
    login_key: str = ""


async def give_number(services: Services, tx: Tx, wanted: Wanted) -> Replaced | Denied | NotYet | None:
    """The new number; None when there is no proof, or it is not good for this card.

    The holder's phone was told of the proof before, and is told of each number, and of each time that its PIN is shown anew.
    """
    now, holder_id, is_at_counter = services.clock(), wanted.holder_id, not wanted.login_key
    await recovery.lock_holder(tx, holder_id)
    of_request = wanted.request_id if is_at_counter else None
    found = await recovery.recovery_of(tx, holder_id, now, login_key=wanted.login_key, request_id=of_request)
    if found is None or not found.is_lost:
        return None
    at = await waits_until(services, tx, found)
    if at is not None:
        return NotYet(at)
    made = await cards.replace(
        tx,
        services.vault,
        request_id=wanted.request_id,
        card_no=wanted.card_no,
        holder_id=holder_id,
        now=now,
        actor=wanted.actor,
        proof=found,
    )
    if isinstance(made, Denied):
        return None if made.problem is CardProblem.PROOF_NEEDED else made
    if is_at_counter and not made.is_replay:
        await end_logins(tx, holder_id, now)
    await tell_of_number(services, tx, holder_id, wanted.request_id, now, is_again=made.is_replay)
    return made


@contextmanager
def once() -> Generator[None]:
    """Raises SameMoment where the same request is made twice at once."""
    try:
        yield
    except UniqueViolation:
        raise SameMoment from None
