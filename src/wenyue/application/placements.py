"""Where a visit can move to. A stay moves as one, by its day of arrival: its nights keep together. Pure."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from wenyue.application.visits import Visit
from wenyue.booking import SlotState, SlotView

_OPEN = (SlotState.PLENTY, SlotState.TIGHT)
# What is said of a stay of which several nights are not to be had: the first of these that one of them is.
_WORST = (SlotState.CLOSED, SlotState.FULL, SlotState.ENDED, SlotState.NOT_RELEASED, SlotState.NOT_ON_CARD)


class Placement(Struct, frozen=True):
    """A place to move to. `slot`: of a stay, its first night with the whole stay's end and price, and the least room.

    `moves`: (line, slot, price of a place there); nights that are both in the old stay and in the new one stay as they are.
    """

    slot: SlotView
    moves: tuple[tuple[int, int, int], ...]


def placements(visit: Visit, slots: Sequence[SlotView], places: int) -> list[Placement]:
    """Every slot where the visit, or the part of it that wants `places`, may begin, in time order.

    What has too little room for all of them is full: nobody is offered what they would be refused.
    """
    if not visit.is_stay:
        line = visit.first
        return [
            Placement(
                _with_room(slot, places, line.slot_id), ((line.line_no, slot.slot_id, slot.price_minor),)
            )
            for slot in slots
        ]
    nights = {slot.on_date: slot for slot in slots}
    found = [_stay(visit, arrival, nights, places) for arrival in sorted(nights)]
    return [one for one in found if one is not None]


def placement_at(found: Sequence[Placement], slot_id: int) -> Placement | None:
    """The one that begins in this slot."""
    return next((one for one in found if one.slot.slot_id == slot_id), None)


def price_now(visit: Visit) -> int:
    """What a place in the visit costs now: of a stay, all its nights."""
    return sum(line.price_minor for line in visit.lines)


def is_mixed(visit: Visit) -> bool:
    """A card pays for some of its nights and money for others: a sum is only of the nights that cost money."""
    return len({line.card_id is None for line in visit.lines}) > 1


def _stay(visit: Visit, arrival: date, nights: dict[date, SlotView], places: int) -> Placement | None:
    wanted = [arrival + timedelta(days=number) for number in range(len(visit.lines))]
    chain = [nights[day] for day in wanted if day in nights]
    if len(chain) < len(wanted):  # a night that is not planned yet
        return None
    had = {line.on_date: line for line in visit.lines}
    leaving = [line for line in visit.lines if line.on_date not in wanted]
    coming = [slot for slot in chain if slot.on_date not in had]
    moves = tuple(
        (line.line_no, slot.slot_id, slot.price_minor) for line, slot in zip(leaving, coming, strict=True)
    )
    price = sum(
        slot.price_minor
        for line, slot in zip(leaving, coming, strict=True)
        if line.card_id is None or not is_mixed(visit)
    )
    price += sum(line.price_minor for line in visit.lines if line.on_date in wanted)
    state = _state_of([_with_room(slot, places, None) for slot in coming])
    left = min((slot.left for slot in coming), default=places)
    first = replace(chain[0], ends_at=chain[-1].ends_at, price_minor=price, state=state, left=left)
    return Placement(first, moves)


def _with_room(slot: SlotView, places: int, own: int | None) -> SlotView:
    is_too_small = slot.state in _OPEN and slot.left < places and slot.slot_id != own
    return replace(slot, state=SlotState.FULL, left=0) if is_too_small else slot


def _state_of(slots: Collection[SlotView]) -> SlotState:
    states = {slot.state for slot in slots}
    worst = next((one for one in _WORST if one in states), None)
    return worst or (SlotState.TIGHT if SlotState.TIGHT in states else SlotState.PLENTY)
