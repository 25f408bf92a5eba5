"""Adapters of `SmsTransport`. "file" writes texts down where an operator can read them; a provider's replaces it."""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from wenyue.core.documents import mask_phone
from wenyue.notifications.model import Sms, SmsTransport
from wenyue.platform.config import Settings

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


def transport_of(settings: Settings) -> SmsTransport:
    """The way by which texts leave here, those to travellers (worker) and those to operators (monitor) alike."""
    return FileSms(settings.home / "messages")


class FileSms:
    """Appends each text as one JSON line to `folder/sms-YYYY-MM-DD.jsonl` (UTC day); phones are masked for good."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The adapter's name."""
        return "file"

    async def is_up(self) -> bool:
        """Whether the folder can be written."""
        place = next((one for one in (self._folder, *self._folder.parents) if one.exists()), self._folder)
        return await asyncio.to_thread(os.access, place, os.W_OK | os.X_OK)

    async def send(self, batch: Sequence[Sms], now: datetime, /) -> frozenset[int]:
        """Write the batch in one piece. Raises OSError when the folder cannot be written."""
        lines = [
            {"id": sms.id, "at": now.isoformat(), "to": mask_phone(sms.phone.reveal()), "text": sms.text}
            for sms in batch
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        await asyncio.to_thread(self._append, f"sms-{now:%Y-%m-%d}.jsonl", text.encode())
        return frozenset(sms.id for sms in batch)

    def _append(self, name: str, data: bytes) -> None:
        self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        descriptor = os.open(
            self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE
        )
        with open(descriptor, "ab", buffering=0) as file:  # noqa: PTH123 - a descriptor with its own mode
            if file.write(data) != len(data):
                raise OSError(f"{name}: the disk is full")
