"""What a load process is told to do: streams of requests that fall due at given rates, and how each request is made."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import merge
from time import time_ns
from typing import Final

from wenyue_lab.benchmark.wire import HOST, resident_id, token

_GAPS: Final = 1 << 16
_TOKEN_PREFIX: Final = b"bench"
_HEAD: Final = (
    b"POST %b HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nAuthorization: Bearer %b\r\n"
    b"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n"
)
# Numbers are padded with spaces, which JSON allows, so that every body has the same length.
_BODY: Final = (
    '{"id":"%b-%04x-7%03x-8%03x-%012x","card_id":%10d,'
    '"lines":[{"slot_id":%10d,"quantity":1,"visitors":[0],"on_card":true}],'
    '"visitors":[{"name":"张晓明","kind":"resident_id","number":"%b"}],'
    '"contact_phone":"13800138000"}'
).encode()


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests that fall due as a Poisson process, `(seconds, rate a second)` one piece after the other.

    Request `n` books for card `first_card + n mod cards`; each time the cards have been gone through, the next slot is
    booked, so that no person asks twice for one place and day. `path` other than bookings: the body goes there as well.
    """

    name: str
    pieces: tuple[tuple[float, float], ...]
    first_card: int
    cards: int
    slots: tuple[int, ...]
    path: str = "/v1/bookings"
    after_s: float = 0.0  # the first piece begins this long after the start
    first_number: int = 0  # requests with smaller numbers were made by earlier orders

    def share(self, number: int, of: int) -> "Stream":
        """The part of member `number` of `of`: its share of the rate and cards of its own."""
        each = self.cards // of
        return replace(
            self,
            pieces=tuple((seconds, rate / of) for seconds, rate in self.pieces),
            first_card=self.first_card + number * each,
            cards=each,
        )

    @property
    def seconds(self) -> float:
        """From the start until nothing more falls due."""
        return self.after_s + sum(seconds for seconds, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class Orders:
    """One run of a load process. `starts_at` is on this machine's monotonic clock."""

    streams: tuple[Stream, ...]
    starts_at: float
    drain_s: float
    seed: int = 1

    def share(self, number: int, of: int) -> "Orders":
        """The part of member `number` of `of`."""
        return replace(
            self,
            streams=tuple(stream.share(number, of) for stream in self.streams),
            seed=self.seed * 1009 + number,
        )


class Maker:
    """Makes the requests of one stream. A request costs about a microsecond and is made when it is sent.

    `people`: the documents of the stream's cards, when they were computed before.
    """

    __slots__ = ("_format", "people", "stream")

    def __init__(self, stream: Stream, people: list[bytes] | None = None) -> None:
        self.stream = stream
        first = stream.first_card
        self.people = people or [resident_id(first + n).encode() for n in range(stream.cards)]
        length = len(_BODY % (b"0" * 8, 0, 0, 0, 0, 1, 1, b"0" * 18))
        digits = len(token(1)) - len(_TOKEN_PREFIX)
        self._format = _HEAD % (stream.path.encode(), b"%b%%0%dd" % (_TOKEN_PREFIX, digits), length) + _BODY

    def __call__(self, number: int) -> bytes:
        """Request `number`, complete, with an id that is unique and in the order of time."""
        turn, person = divmod(number, self.stream.cards)
        card = self.stream.first_card + person
        milliseconds = time_ns() // 1_000_000
        return self._format % (
            card,
            b"%08x" % (milliseconds >> 16),
            milliseconds & 0xFFFF,
            number & 0xFFF,
            turn & 0xFFF,
            (card << 24) | (number & 0xFFFFFF),
            card,
            self.stream.slots[turn],
            self.people[person],
        )


def arrivals(orders: Orders) -> Iterator[tuple[float, int]]:
    """(instant when it is due, number of its stream), in the order of time, for every request of `orders`."""
    chance = random.Random(orders.seed)  # noqa: S311 - arrival times, not secrets
    gaps = [chance.expovariate(1.0) for _ in range(_GAPS)]
    each = [
        _arrivals(stream, number, orders.starts_at, gaps, chance.randrange(_GAPS))
        for number, stream in enumerate(orders.streams)
    ]
    return each[0] if len(each) == 1 else merge(*each)


def _arrivals(
    stream: Stream, number: int, starts_at: float, gaps: list[float], turn: int
) -> Iterator[tuple[float, int]]:
    began = starts_at + stream.after_s
    for seconds, rate in stream.pieces:
        ends = began + seconds
        if rate > 0:
            mean_s = 1.0 / rate
            due = began + gaps[turn] * mean_s
            while due < ends:
                yield due, number
                turn = (turn + 1) % _GAPS
                due += gaps[turn] * mean_s
        began = ends
