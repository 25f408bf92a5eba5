"""What can stand in an event: ids, days, numbers, and codes of things. Nothing about a person."""

from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest

from wenyue.booking import EventKind
from wenyue.events import TYPES, Event, kind_of
from wenyue.events.decoding import decode
from wenyue.events.kinds import AccountEvent, BookingEvent, StaffEvent

ALLOWED = {int, UUID, date, NoneType}
CODES = {
    "source",
    "type_code",
    "room_code",
}  # of a type of card, a waiting room, an old system: they are given by operators, not by travellers


def parts(hint: Any) -> set[Any]:
    """The plain types of a field."""
    if get_origin(hint) is Annotated:
        return parts(get_args(hint)[0])
    if get_origin(hint) in {Union, UnionType, tuple}:
        return {part for one in get_args(hint) if one is not Ellipsis for part in parts(one)}
    if get_origin(hint) is Literal:
        return set()  # one of a few words that stand in the program
    return {hint}


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_no_field_can_hold_personal_data(kind: str) -> None:
    fields = get_type_hints(TYPES[kind], include_extras=True)
    for name in TYPES[kind].__struct_fields__:
        assert parts(fields[name]) <= (ALLOWED | ({str} if name in CODES else set[Any]())), name
        # Whose account or login it is stands only in what happened to that itself, never beside a booking or a card.
        own = {"account_id"} if issubclass(TYPES[kind], AccountEvent) else set[str]()
        own |= {"staff_id"} if issubclass(TYPES[kind], StaffEvent) else set[str]()
        assert name not in {"holder_id", "traveller_id", "account_id", "staff_id", "visitor_id"} - own, name


def every(one: type[Event]) -> set[type[Event]]:
    return {one} | {below for child in one.__subclasses__() for below in every(child)}


def test_every_type_has_a_name_of_its_own_and_a_version() -> None:
    leaves = {one for one in every(Event) if not one.__subclasses__()}
    assert leaves == set(TYPES.values())
    assert len(TYPES) > 20
    assert all(kind == kind_of(one) and one.version >= 1 for kind, one in TYPES.items())


def test_every_note_to_travellers_is_an_event_and_back() -> None:
    for kind in EventKind:
        assert issubclass(kind.event, BookingEvent)
        assert EventKind.of(kind.event) is kind
        assert kind.event.__struct_fields__ == ("booking_id",), "a batch writes no more than ids"
        assert isinstance(decode(kind_of(kind.event), 1, UUID(int=7), None), kind.event)
