"""What the worker does for the record: it seals it under the seals' key and keeps an anchor of it outside the database."""

import asyncio
import logging
from datetime import datetime
from typing import Final

from wenyue.application.jobs.seal_record import seal_record
from wenyue.audit import (
    ANCHOR_EVERY,
    ENTRIES_PER_SEAL_MAX,
    Anchor,
    Anchors,
    ChainAhead,
    differing,
    newest,
)
from wenyue.container import Services
from wenyue.core.personal import SealKeys
from wenyue.platform.keys import KEYS, KeyFile, load_seal_keys, seal_keys

_log: Final = logging.getLogger("wenyue.worker")


class RecordKeeper:
    """Of one worker; it alone of the application's processes reads the seals' key."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._use(load_seal_keys(services.settings.home))
        self._anchored_at: datetime | None = None
        services.key_files.append(
            KeyFile(services.settings.home / KEYS, lambda raw: self._use(seal_keys(raw)))
        )

    def _use(self, keys: SealKeys) -> None:
        self._keys = keys
        self._anchors = Anchors(self._services.settings.home, keys)

    async def keep(self) -> bool:
        """Seal what is settled and, once a minute, anchor the newest link; True when more is waiting at once."""
        now = self._services.clock()
        try:
            sealed = await seal_record(self._services, self._keys)
        except ChainAhead as ahead:
            _log.critical("the record is not sealed: %s", ahead)
            return False
        if self._anchored_at is None or now - self._anchored_at >= ANCHOR_EVERY:
            await self._anchor(now)
            self._anchored_at = now
        return sealed >= ENTRIES_PER_SEAL_MAX

    async def _anchor(self, now: datetime) -> None:
        """Only a chain that goes on from the anchors there are gets another one: the monitor tells of any other."""
        try:
            known = await asyncio.to_thread(self._anchors.recent)
            async with self._services.db.connection() as tx:
                link: Anchor | None = await newest(tx, now)
                is_other = bool(await differing(tx, known))
            if is_other:
                _log.error("the record is not what its anchors say; no anchor is added")
            elif link is not None and (not known or known[-1].no < link.no):
                await asyncio.to_thread(self._anchors.keep, link)
        except OSError as error:
            _log.error("no anchor of the record could be kept: %s", error.strerror)
