"""Asking cards again for lines that exist: when they move, and when a hold is confirmed. Pure."""

from wenyue.booking.decisions.allocation import wanted_use
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.model import LineFacts, Outcome
from wenyue.cards import CardFacts, CardRefusal, Use, decide_use


def repay(
    moves: list[tuple[LineFacts, int]], facts: Facts
) -> tuple[list[int | None], tuple[Outcome, int] | None]:
    """Ask each card again, as if the old lines were given back; the card's facts are left as they were."""
    cards = {line.card_id: facts.cards[line.card_id] for line, _ in moves if line.card_id is not None}
    undo = [
        (list(card.uses), {no: pot.used for no, pot in card.entitlements.items()}) for card in cards.values()
    ]
    paid_by: list[int | None] = []
    refusal: tuple[Outcome, int] | None = None
    for line, _ in moves:
        if line.card_id is not None and line.entitlement_no is not None:
            _give_back(cards[line.card_id], line, line.entitlement_no)
    local = facts.local_now
    for line, slot_id in moves:
        if line.card_id is None:
            paid_by.append(None)
            continue
        card, slot = cards[line.card_id], facts.slots[slot_id]
        use = wanted_use(slot, line.quantity, tuple(key for _, key, _ in line.places))
        rules = facts.book.card_types.get(card.type_code)
        if rules is None:
            refusal = (Outcome.CARD_UNKNOWN, line.line_no)
            break
        verdict = decide_use(rules, card, use, facts.book.calendar, local)
        if isinstance(verdict, CardRefusal):
            refusal = (Outcome(int(verdict)), line.line_no)
            break
        card.take(Use(slot.venue_id, slot.on_date, verdict, line.quantity))
        paid_by.append(verdict)
    for card, (uses, used) in zip(cards.values(), undo, strict=True):
        card.uses[:] = uses
        for no, count in used.items():
            card.entitlements[no].used = count
    return paid_by, refusal


def _give_back(card: CardFacts, line: LineFacts, entitlement_no: int) -> None:
    """What of the line moves; the card goes on paying for whoever stays in it."""
    is_used = bool(line.redeemed)
    card.give_back(Use(line.venue_id, line.on_date, entitlement_no, line.quantity + line.staying, is_used))
    if line.staying:
        card.take(Use(line.venue_id, line.on_date, entitlement_no, line.staying, is_used))


def recheck(lines: list[LineFacts], facts: Facts) -> tuple[Outcome, int] | None:
    """Why a card does not pay any more for lines that it paid for (the line decides), or None."""
    return repay([(line, line.slot_id) for line in lines], facts)[1]
