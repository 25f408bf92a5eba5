"""Answers that wait for somebody to take them: how long they may, and whose go first when too many do. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heapreplace

from wenyue.core.limits import UNREAD_RATE_MIN, UNREAD_WAIT_S


@dataclass(slots=True, eq=False)
class Unread:
    """One connection with answers that its peer has not taken. Times are on the clock of whoever looks; `taken` is in bytes."""

    address: str
    since_s: float
    taken: int

    def is_given_up(self, now_s: float, taken: int) -> bool:
        """Whether the peer took too little in UNREAD_WAIT_S; whoever took enough has as long again from `now_s` on."""
        if taken - self.taken >= UNREAD_RATE_MIN * UNREAD_WAIT_S:
            self.since_s, self.taken = now_s, taken
        return now_s - self.since_s >= UNREAD_WAIT_S


def too_many(waiting: Iterable[Unread], most: int) -> list[Unread]:
    """Which of these end so that `most` are left: of the address that has most of them, the one that has waited longest."""
    of_address: dict[str, list[Unread]] = {}
    for one in sorted(waiting, key=lambda one: one.since_s, reverse=True):
        of_address.setdefault(one.address, []).append(one)
    over = sum(map(len, of_address.values())) - most
    busiest = [(-len(own), address) for address, own in of_address.items()]
    heapify(busiest)
    ended: list[Unread] = []
    while over > len(ended):
        count, address = busiest[0]
        ended.append(of_address[address].pop())
        heapreplace(busiest, (count + 1, address))
    return ended
