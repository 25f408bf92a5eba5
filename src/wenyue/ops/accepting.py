"""A person accepts the audit chain as it is, after it was found broken or other than its anchors say. Who and why is recorded."""

from __future__ import annotations

from typing import Final

from wenyue.audit import Anchors, Entry, Link, broken_link, newest, record, verify_from
from wenyue.core.clock import utc_now
from wenyue.locale import Message
from wenyue.monitor import connect
from wenyue.platform.config import Settings
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_seal_keys

BREAKS_MAX: Final = 1000  # a chain with more was not changed here and there: restore a backup


async def accept_record(settings: Settings, *, who: str, why: str) -> int:
    """Accept every broken link and the newest one, with an entry in the record; the newest link's number. Raises SetupError."""
    keys, now = load_seal_keys(settings.home), utc_now()
    anchors = Anchors(settings.home, keys)
    accepted, link, breaks = anchors.accepted(), Link(), 0
    tx = await connect(settings)
    try:
        last = await newest(tx, now)
        if last is None:
            raise SetupError(Message("the record has no seals: restore a backup"))
        while True:
            link, broken, is_at_end = await verify_from(tx, link, keys, accepted=accepted)
            if broken is None:
                if is_at_end:
                    break
                continue
            breaks += 1
            found = await broken_link(tx, link.no, now)
            if found is None or breaks > BREAKS_MAX:
                raise SetupError(Message("the chain is broken almost everywhere: restore a backup"))
            accepted.append(anchors.accept(found, now, who=who, why=why))
        anchors.begin_anew(last, now, who=who, why=why)
        detail: dict[str, object] = {"why": why[:500], "breaks": breaks, "link": last.no}
        await record(tx, [Entry(now, f"operator:{who[:80]}", "record.accepted", f"seal:{last.no}", detail)])
    finally:
        await tx.close()
    return last.no
