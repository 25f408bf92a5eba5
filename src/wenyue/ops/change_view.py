"""A proposed change as a command shows it, in English; names of acts and states in both languages."""

from collections.abc import Mapping
from typing import Final

from wenyue.changes import Change, State
from wenyue.locale import translations
from wenyue.web.console.change_words import ACTS, Named, rows_of, say_counts

SHOWN_LENGTH: Final = 12  # hex digits of the digest: what `show` printed, and approving is bound to
STATES: Final = {
    State.WAITING: "waits · 待审批",
    State.APPLIED: "done · 已生效",
    State.DECLINED: "declined · 未通过",
    State.WITHDRAWN: "taken back · 已撤回",
    State.EXPIRED: "expired · 已过期",
    State.FAILED: "not done · 未能执行",
}


def state_of(change: Change) -> str:
    """What became of it, and whether somebody is still to look at it."""
    return STATES[change.state] + (" · awaits review 待复核" if change.awaits_review else "")


def lines_of(change: Change, about: Named, logins: Mapping[str, str]) -> list[str]:
    """Everything that a decision is about, and last what `approve` wants to be told: that one has seen it."""
    reader, act = translations("en"), ACTS[change.kind]
    lines = [
        ("act · 操作", f"{act.say('en')} · {act.say('zh-CN')}"),
        ("venue · 场馆", about.venue(change.venue_id, "en") or "every venue · 所有场馆"),
        *(
            (one.label, f"{one.was} → {one.becomes}" if one.was else one.becomes)
            for one in rows_of(reader, change, about)
        ),
        ("touches · 涉及", say_counts(reader, change.counts)),
        ("at most · 上限", f"{change.bounds.places:,} places · 个名额"),
        ("reason · 原因", change.reason),
        ("by · 提出人", logins.get(change.proposed_by, change.proposed_by)),
        ("proposed (UTC) · 时间", f"{change.proposed_at:%Y-%m-%d %H:%M}"),
        ("state · 状态", state_of(change)),
        ("shown", change.digest[:SHOWN_LENGTH]),
    ]
    return [f"{label}: {value}" for label, value in lines]
