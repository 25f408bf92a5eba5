"""The rows of abuse detection: counts, findings, blocks, an operator's limits."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue.abuse.model import SHIPPED, Block, Finding, Pattern, PatternRule, blocked_until, read_rule
from wenyue.audit import Entry, record
from wenyue.core.ids import uuid7
from wenyue.core.limits import ABUSE_BLOCKS_MAX, ABUSE_FINDINGS_MAX
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.abuse")
_BUCKET_S: Final = 600
_KEPT: Final = timedelta(days=2)
_FORGOTTEN: Final = timedelta(days=1)
Signs = Mapping[tuple[Pattern, str], int]


async def add_signs(
    tx: Tx, signs: Signs, rules: Mapping[Pattern, PatternRule], now: datetime
) -> list[Finding]:
    """Add one process's counts to those of all, and note who passed a limit with them; returns those findings.

    A finding is recorded once, when it is new. `signs` is bounded by the caller.
    """
    if not signs:
        return []
    start = datetime.fromtimestamp(now.timestamp() // _BUCKET_S * _BUCKET_S, UTC)
    rows = [{"pattern": pattern, "subject": subject, "count": n} for (pattern, subject), n in signs.items()]
    await tx.execute(_SQL["add_tallies"], {"tallies": json.dumps(rows), "bucket_at": start})
    wanted = [
        {
            "pattern": pattern,
            "subject": subject,
            "since": (now - timedelta(seconds=rules[pattern].window_s)).isoformat(),
        }
        for pattern, subject in signs
    ]
    cursor = await tx.execute(_SQL["totals"], {"wanted": json.dumps(wanted)})
    totals = {(Pattern(row[0]), row[1]): row[2] for row in await cursor.fetchall()}
    return await save_findings(tx, totals, rules, now)


async def save_findings(
    tx: Tx, totals: Signs, rules: Mapping[Pattern, PatternRule], now: datetime
) -> list[Finding]:
    """Note whoever reached a limit; returns these findings. Whom a person let off is noted when as much again has come on top."""
    found = [
        Finding(pattern, subject, count, now, now, blocked_until(rules[pattern], subject, now))
        for (pattern, subject), count in totals.items()
        if count >= rules[pattern].limit
    ]
    if not found:
        return []
    rows = [
        {
            "id": str(uuid7()),
            "pattern": one.pattern,
            "subject": one.subject,
            "count": one.count,
            "blocked_until": one.blocked_until.isoformat() if one.blocked_until else None,
            "again_from": rules[one.pattern].limit,
            "since": (now - timedelta(seconds=rules[one.pattern].window_s)).isoformat(),
        }
        for one in found
    ]
    cursor = await tx.execute(_SQL["save_findings"], {"findings": json.dumps(rows), "now": now})
    kept = {(Pattern(row[0]), row[1]): row[2] for row in await cursor.fetchall()}
    found = [one for one in found if (one.pattern, one.subject) in kept]
    entries = [
        Entry(now, "system:abuse", "abuse.found", one.subject, {"pattern": one.pattern, "count": one.count})
        for one in found
        if kept[one.pattern, one.subject]
    ]
    if entries:
        await record(tx, entries)
    return found


async def read_pairs(tx: Tx, booking_ids: Sequence[UUID]) -> list[tuple[bytes, int]]:
    """Who is booked by whom in these bookings: (person key, account)."""
    if not booking_ids:
        return []
    rows = await (await tx.execute(_SQL["pairs"], {"bookings": list(booking_ids)})).fetchall()
    return [(bytes(key), holder_id) for key, holder_id in rows]


async def note_pairs(
    tx: Tx, pairs: Collection[tuple[str, str]], since: datetime, now: datetime
) -> dict[str, int]:
    """Note who was booked by whom, both as `Detector.subject`; of each person, how many accounts booked them since then."""
    if not pairs:
        return {}
    rows = json.dumps([{"person": person, "account": account} for person, account in pairs])
    await tx.execute(_SQL["add_pairs"], {"pairs": rows, "now": now})
    asked = {"persons": sorted({person for person, _ in pairs}), "since": since}
    return dict(await (await tx.execute(_SQL["count_accounts"], asked)).fetchall())


async def look_at_accounts(
    tx: Tx, booking_ids: Sequence[UUID], rules: Mapping[Pattern, PatternRule], now: datetime
) -> dict[int, int]:
    """Of the accounts that made these bookings, those that booked for many persons within the rule's window: id → persons."""
    rule = rules[Pattern.MANY_PERSONS]
    row: dict[str, object] = {
        "bookings": list(booking_ids),
        "since": now - timedelta(seconds=rule.window_s),
        "limit": rule.limit,
    }
    return dict(await (await tx.execute(_SQL["many_persons"], row)).fetchall())


async def tidy(tx: Tx, now: datetime) -> None:
    """Drop counts that no window needs any more, and end findings that were not seen again for a day."""
    await tx.execute(_SQL["drop_tallies"], {"before": now - _KEPT})
    await tx.execute(_SQL["drop_pairs"], {"before": now - _KEPT})
    await tx.execute(_SQL["close_old"], {"before": now - _FORGOTTEN, "now": now})


async def read_blocks(tx: Tx, now: datetime) -> dict[str, Block]:
    """Who may not do something now, by subject; ABUSE_BLOCKS_MAX at most."""
    cursor = await tx.execute(_SQL["blocks"], {"now": now, "limit": ABUSE_BLOCKS_MAX})
    return {row[1]: Block(Pattern(row[0]), row[2]) for row in await cursor.fetchall()}


async def open_findings(tx: Tx, limit: int = ABUSE_FINDINGS_MAX) -> list[Finding]:
    """Open findings, the newest first."""
    cursor = await tx.execute(_SQL["findings"], {"limit": limit})
    return [Finding(Pattern(row[0]), *row[1:]) for row in await cursor.fetchall()]


async def close(
    tx: Tx, pattern: Pattern, subject: str, *, now: datetime, actor: str, reason: str
) -> list[str]:
    """End a finding and its block; `subject` may be cut short. Returns the subjects that it was for; recorded."""
    escaped = subject.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    row = {"pattern": pattern, "subject": escaped, "now": now, "actor": actor, "reason": reason}
    ended = [one[0] for one in await (await tx.execute(_SQL["close"], row)).fetchall()]
    detail: dict[str, object] = {"pattern": pattern, "reason": reason}
    await record(tx, [Entry(now, actor, "abuse.closed", one, detail) for one in ended])
    return ended


async def block(
    tx: Tx, pattern: Pattern, subject: str, *, until: datetime, now: datetime, actor: str, reason: str
) -> None:
    """Block a subject by hand, with the reason; recorded. Every process follows within seconds."""
    row = {
        "id": uuid7(),
        "pattern": pattern,
        "subject": subject,
        "now": now,
        "until": until,
        "reason": reason,
    }
    await tx.execute(_SQL["block"], row)
    detail: dict[str, object] = {"pattern": pattern, "until": until.isoformat(), "reason": reason}
    await record(tx, [Entry(now, actor, "abuse.blocked", subject, detail)])


async def read_rules(tx: Tx) -> tuple[dict[Pattern, PatternRule], list[str]]:
    """The limits in force, and what is mistyped: there the shipped limit holds."""
    rules, problems = dict(SHIPPED), list[str]()
    for name, raw in await (await tx.execute(_SQL["rules"])).fetchall():
        try:
            pattern = Pattern(name)
            rules[pattern] = read_rule(raw, pattern)
        except ValueError as problem:
            problems.append(f"abuse.rule {problem}")
    return rules, problems


async def save_rule(tx: Tx, pattern: Pattern, rule: PatternRule, *, now: datetime, actor: str) -> None:
    """An operator's own limit; recorded."""
    detail: dict[str, object] = {"limit": rule.limit, "window_s": rule.window_s, "block_s": rule.block_s}
    await tx.execute(_SQL["save_rule"], {"pattern": pattern, "rules": json.dumps(detail)})
    await record(tx, [Entry(now, actor, "abuse.rule", f"pattern:{pattern}", detail)])
