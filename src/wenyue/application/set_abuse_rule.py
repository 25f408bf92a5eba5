"""An operator sets a limit of their own for a suspicious pattern."""

from msgspec import Struct

from wenyue import abuse
from wenyue.abuse import Pattern, PatternRule
from wenyue.application.on_server import acting_with
from wenyue.application.operating import Operator, Works
from wenyue.core.duties import Right


class SetAbuseRule(Struct, frozen=True):
    """From so many signs within so many seconds on it is a finding, and blocked for so many (0: only told)."""

    pattern: Pattern
    rule: PatternRule


async def set_abuse_rule(works: Works, operator: Operator, request: SetAbuseRule) -> None:
    """In force within seconds, in every process; recorded."""
    async with acting_with(works, operator, Right.ABUSE_MANAGE) as act:
        await abuse.save_rule(act.tx, request.pattern, request.rule, now=act.now, actor=operator.name)
