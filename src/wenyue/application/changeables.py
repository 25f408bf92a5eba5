"""The acts that can be proposed: what each is asked, what it would touch, and how it is done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

import msgspec

from wenyue.application.capacities import SetCapacity, SetDayCapacity, look_at_capacity
from wenyue.application.close_slots import do_close_slots
from wenyue.application.closing import CloseSlots, look_at_closing
from wenyue.application.entering_holidays import do_enter_holidays, look_at_holidays
from wenyue.application.lift_closure import LiftClosure, do_lift_closure, look_at_lifting
from wenyue.application.operating import Act, NotDone
from wenyue.application.reprice import Reprice, do_reprice, look_at_repricing
from wenyue.application.set_capacity import do_set_capacity
from wenyue.booking.slots.replanning import HolidayEntry
from wenyue.changes import Looked
from wenyue.core.duties import Right
from wenyue.locale import Texts, paired, unpaired

R = TypeVar("R", bound=msgspec.Struct)
_PAIRED: Final = ("reason",)


@dataclass(frozen=True, slots=True)
class Changeable(Generic[R]):
    """One act, and the right to it. `look` and `do` take an Act and a `request`; `do` refuses with NotDone, changing nothing."""

    kind: str
    right: Right
    request: type[R]
    look: Callable[[Act, R], Awaitable[Looked | NotDone]]
    do: Callable[[Act, R], Awaitable[object]]

    def read_request(self, plain: Mapping[str, Any]) -> R:
        """The request behind plain JSON values. Raises msgspec.ValidationError naming the field."""
        return msgspec.convert(unpaired(plain, *_PAIRED), self.request, strict=False)


def plain(request: msgspec.Struct) -> dict[str, Any]:
    """A request as plain JSON values, as the release before also reads them."""
    return cast(dict[str, Any], paired(msgspec.to_builtins(request, str_keys=True), *_PAIRED))


def told_by(plain: Mapping[str, Any]) -> Texts:
    """What the closure behind these values tells travellers."""
    return CHANGEABLES["slots.close"].read_request(plain).reason


CHANGEABLES: Final[Mapping[str, Changeable[Any]]] = {
    one.kind: one
    for one in (
        Changeable("slots.close", Right.SLOTS_CLOSE, CloseSlots, look_at_closing, do_close_slots),
        Changeable("slots.reopen", Right.SLOTS_REOPEN, LiftClosure, look_at_lifting, do_lift_closure),
        Changeable("prices.set", Right.PRICES_SET, Reprice, look_at_repricing, do_reprice),
        Changeable("capacity.set", Right.CAPACITY_SET, SetCapacity, look_at_capacity, do_set_capacity),
        Changeable("capacity.day", Right.CAPACITY_SET, SetDayCapacity, look_at_capacity, do_set_capacity),
        Changeable("holidays.set", Right.HOLIDAYS_SET, HolidayEntry, look_at_holidays, do_enter_holidays),
    )
}
