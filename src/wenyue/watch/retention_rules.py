"""Whether personal data is erased in time. Pure; the threshold stands at the head, and docs/monitoring.md repeats it."""

from collections.abc import Sequence
from typing import Final

from wenyue.watch.model import Finding, RetentionFacts, Severity

RETENTION_GRACE_DAYS: Final = 3


def judge_retention(facts: Sequence[RetentionFacts]) -> list[Finding]:
    """Data that is kept longer than its period and RETENTION_GRACE_DAYS: the worker does not erase it."""
    return [
        Finding(
            "retention",
            Severity.WARNING,
            f"个人信息（{one.kind}）超过保留期 {one.behind_days} 天仍未清除",
            f"personal data ({one.kind}) is {one.behind_days} days past its period and not erased",
            one.kind,
        )
        for one in facts
        if one.behind_days > RETENTION_GRACE_DAYS
    ]
