"""挂失 and 解挂 by the holder. One at a time of one holder, with proofs, replacements and objections."""

from dataclasses import dataclass
from typing import Final

from wenyue import cards
from wenyue.accounts import end_logins
from wenyue.application.telling import Words, lost_page, tell_holder
from wenyue.cards import CardState, Denied, recovery
from wenyue.infra.db import Tx
from wenyue.kernel.ids import uuid7
from wenyue.services import Services

THAWED: Final = "card-thawed"


@dataclass(frozen=True, slots=True)
class OwnCard:
    """A card by its number, and the holder's login (`Login.key`) by which they act."""

    card_no: str
    holder_id: int
    login_key: str


async def report(services: Services, tx: Tx, own: OwnCard, *, token: str) -> CardState | Denied:
    """Freeze one of the holder's cards, and end every login of theirs but this one (`token`). Raises LoginEnded.

    Whoever found the card may have its PIN, and be signed in.
    """
    now, holder_id = services.clock(), own.holder_id
    await own_turn(tx, holder_id)
    actor = f"traveller:{holder_id}"
    state = await cards.report_loss(tx, card_no=own.card_no, holder_id=holder_id, now=now, actor=actor)
    if not isinstance(state, Denied):
        await end_logins(tx, holder_id, now, except_token=token)
    return state


async def lift(services: Services, tx: Tx, own: OwnCard) -> CardState | Denied:
    """Unfreeze a card that was found, on the proof that began this login (PROOF_NEEDED without); the phone on record is told.

    Raises LoginEnded.
    """
    now, holder_id = services.clock(), own.holder_id
    await own_turn(tx, holder_id)
    found = await recovery.recovery_of(tx, holder_id, now, login_key=own.login_key)
    if found is not None and found.is_after_objection:
        found = None
    held = await cards.cards_of(tx, services.vault, holder_id)
    was_frozen = any(one.card_no == own.card_no and one.state is CardState.FROZEN for one in held)
    actor = f"traveller:{holder_id}"
    state = await cards.lift_loss(
        tx, card_no=own.card_no, holder_id=holder_id, proof=found, now=now, actor=actor
    )
    if was_frozen and not isinstance(state, Denied):
        await _tell(services, tx, holder_id)
    return state


async def own_turn(tx: Tx, holder_id: int) -> None:
    """Nobody else acts for this holder until the transaction ends.

    A report or an objection freezes what this act brought, or ended the login while it waited: whoever opened the transaction
    looks at that last.
    """
    await recovery.lock_holder(tx, holder_id)


async def _tell(services: Services, tx: Tx, holder_id: int) -> None:
    where = lost_page(services)
    words = Words(
        f"您的一张旅游卡已解除挂失，可以使用。不是您本人操作？请立即到{where.zh}重新挂失，或联系人工窗口。",
        f"One of your cards was unfrozen and works again. Not you? Freeze all cards at once at {where.en}, or tell the counter.",
    )
    await tell_holder(services, tx, holder_id, words, notice_id=uuid7(), kind=THAWED, now=services.clock())
