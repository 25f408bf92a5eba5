"""The requests, byte for byte: built before the window opens, so that the window measures the server."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import mul
from typing import Final, Literal
from uuid import UUID

from wenyue.core.ids import uuid7

HOST: Final = "127.0.0.1"
_TOKEN_DIGITS: Final = 38
_FIRST_BIRTH: Final = date(1950, 1, 1)
_BIRTHS_PER_DAY: Final = 500  # the sequence's even numbers: a woman born that day in Dongcheng, Beijing
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK_DIGITS: Final = "10X98765432"
_CYCLE: Final = 4_000

Kind = Literal["book", "noop", "sold_out", "availability"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: `count` requests of the cards from `first_card` on, spread over `slots` in turn.

    Kinds other than `book` change nothing, so a few thousand different requests are sent again and again.
    """

    kind: Kind
    first_card: int = 1
    count: int = _CYCLE
    slots: tuple[int, ...] = ()
    path: str = ""

    def share(self, number: int, of: int) -> "Plan":
        """The part of member `number` of `of`; members share neither cards nor, in the same order, slots."""
        each = self.count // of
        turn = number * len(self.slots) // of if self.slots else 0
        return replace(
            self,
            first_card=self.first_card + number * each,
            count=each,
            slots=self.slots[turn:] + self.slots[:turn],
        )


def build(plan: Plan) -> list[bytes]:
    """The requests of a plan, each complete."""
    if plan.kind == "availability":
        return [f"GET {plan.path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n\r\n".encode()]
    path = "/v1/noop" if plan.kind == "noop" else "/v1/bookings"
    slots = plan.slots
    return [
        booking(plan.first_card + number, slots[number % len(slots)], path=path)
        for number in range(plan.count)
    ]


def booking(card: int, slot: int, *, path: str = "/v1/bookings") -> bytes:
    """One booking of one place by the holder of card `card`, for that person, paid by the card."""
    body = booking_body(uuid7(), card, slot)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token(card)}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def booking_body(id_: UUID, card: int, slot: int) -> bytes:
    """The JSON body of that booking, under this id."""
    return (
        f'{{"id":"{id_}","card_id":{card},'
        f'"lines":[{{"slot_id":{slot},"quantity":1,"visitors":[0],"on_card":true}}],'
        f'"visitors":[{{"name":"张晓明","kind":"resident_id","number":"{resident_id(card)}"}}],'
        f'"contact_phone":"13800138000"}}'
    ).encode()


def token(card: int) -> str:
    """The login token of the holder of card `card`."""
    return f"bench{card:0{_TOKEN_DIGITS}d}"


def resident_id(number: int) -> str:
    """A valid resident ID number for person `number`: all different, all adults in any year this can run."""
    day, sequence = divmod(number, _BIRTHS_PER_DAY)
    born = (_FIRST_BIRTH + timedelta(days=day)).isoformat()
    body = f"110101{born[:4]}{born[5:7]}{born[8:]}{2 * sequence:03d}"
    total = sum(map(mul, map(int, body), _WEIGHTS))
    return body + _CHECK_DIGITS[total % 11]
