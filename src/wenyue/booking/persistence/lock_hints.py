"""Which pools are nearly full: those are locked while a batch is decided; all others only guarded when written."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from wenyue.booking.model import PoolFacts

_REMEMBERED_S: Final = 2.0
_POOLS_MAX: Final = 20_000
_SPARE_PLACES: Final = 8  # other batches in flight may want some, too …
_SPARE_TIMES: Final = 8  # … for each of them about as much as this one


class LockHints:
    """Remembers, for seconds, pools that were found without room to spare."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}

    def is_any(self, pool_ids: Iterable[int]) -> bool:
        """Whether any of these is known to be nearly full."""
        if not self._until:
            return False
        now = asyncio.get_running_loop().time()
        return any(self._until.get(pool_id, 0.0) > now for pool_id in pool_ids)

    def note(self, pools: Mapping[int, PoolFacts], demand: Mapping[int, int]) -> bool:
        """Remember those of `pools` that `demand` brings near their limit; whether there was any."""
        nearly_full = [
            pool_id
            for pool_id, places in demand.items()
            if pool_id in pools and pools[pool_id].left - places < _SPARE_PLACES + _SPARE_TIMES * places
        ]
        self.add(nearly_full)
        return bool(nearly_full)

    def add(self, pool_ids: Iterable[int]) -> None:
        """Remember these as nearly full."""
        if len(self._until) > _POOLS_MAX:
            self._until.clear()
        until = asyncio.get_running_loop().time() + _REMEMBERED_S
        self._until.update(dict.fromkeys(pool_ids, until))
