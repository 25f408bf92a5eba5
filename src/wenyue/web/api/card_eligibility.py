"""The calendar as one card sees it: what it would pay for, and why not (本卡不可用)."""

from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from wenyue.booking import SlotState, availability, on_card
from wenyue.core.limits import AVAILABILITY_DAYS_MAX
from wenyue.web.api.asking import HolderOf, LocaleOf, ServicesOf
from wenyue.web.shared.problem import RequestRefused
from wenyue.web.wording.outcomes import say

router: Final = APIRouter(prefix="/v1/cards", tags=["cards"])
_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


class CardSlot(BaseModel):
    """One slot. `state` not_on_card: the card would not pay for its holder, and `reason` says why."""

    slot_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    state: SlotState
    left: int
    price_minor: int
    currency: str
    reason_code: str | None
    reason: str | None


class CardCalendar(BaseModel):
    """The slots in time order. `as_of` says how old the figures are."""

    card_id: int
    product_id: int
    as_of: datetime
    slots: list[CardSlot]


@router.get("/{card_id}/availability")
async def read_card_availability(
    *,
    card_id: _Id,
    product_id: Annotated[int, Query(ge=1, le=2**63 - 1)],
    first: Annotated[date, Query(alias="from")],
    services: ServicesOf,
    holder_id: HolderOf,
    locale: LocaleOf,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> CardCalendar:
    """Like GET /v1/availability, judged for the caller's card. Uses in other bookings count."""
    until = last or first
    if not 0 <= (until - first).days < AVAILABILITY_DAYS_MAX:
        raise RequestRefused(422, "bad_range")
    now = services.clock()
    async with services.db.reading() as tx:
        slots = await availability(tx, product_id, first, until, now)
        seen = await on_card(
            tx, slots, card_id=card_id, holder_id=holder_id, rulebook=services.rulebook, now=now
        )
    if seen is None:
        raise RequestRefused(404, "not_found")
    judged, refusals = seen
    return CardCalendar(
        card_id=card_id,
        product_id=product_id,
        as_of=now,
        slots=[
            CardSlot(
                slot_id=view.slot_id,
                on_date=view.on_date,
                starts_at=view.starts_at,
                ends_at=view.ends_at,
                state=view.state,
                left=view.left,
                price_minor=view.price_minor,
                currency=view.currency,
                reason_code=refusals[view.slot_id].name.lower() if view.slot_id in refusals else None,
                reason=say(refusals[view.slot_id], locale).title if view.slot_id in refusals else None,
            )
            for view in judged
        ],
    )
