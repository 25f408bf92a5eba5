"""Who came before the release, one bit an account, until it is written: bounded by accounts, not by visits."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from wenyue.waiting_room.model import ACCOUNTS_PER_CHUNK, CHUNKS_MAX

_BYTES: Final = ACCOUNTS_PER_CHUNK // 8


class Early:
    """The bits of one process. Somebody who asks a thousand times sets one bit and is written once."""

    def __init__(self) -> None:
        self._bits: dict[tuple[int, int], bytearray] = {}
        self._news: set[tuple[int, int]] = set()

    @property
    def has_news(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._news)

    def add(self, room_id: int, account_id: int) -> None:
        """This account was here before the release."""
        chunk, number = divmod(account_id, ACCOUNTS_PER_CHUNK)
        if chunk >= CHUNKS_MAX:
            return  # the pass itself still proves it
        key = (room_id, chunk)
        bits = self._bits.get(key)
        if bits is None:
            bits = self._bits[key] = bytearray(_BYTES)
        at, mask = number >> 3, 0x80 >> (number & 7)
        if not bits[at] & mask:
            bits[at] |= mask
            self._news.add(key)

    def keep_only(self, room_ids: frozenset[int]) -> None:
        """Forget rooms that are closed."""
        for key in [key for key in self._bits if key[0] not in room_ids]:
            del self._bits[key]
            self._news.discard(key)

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[list[tuple[int, int, bytes]]]:
        """What is to be written now: (room, chunk, bits), in order; it stays news when writing fails."""
        taken = sorted(self._news)
        self._news.clear()
        try:
            yield [(room, chunk, bytes(self._bits[room, chunk])) for room, chunk in taken]
        except BaseException:
            self._news.update(key for key in taken if key in self._bits)
            raise
