"""Which sessions and which carrying capacity a day has: pure functions of templates and the kind of day."""

from collections.abc import Sequence
from datetime import date

from wenyue.catalogue.model import Closure, SessionPlan, Template


def sessions_for(
    templates: Sequence[Template], day: date, day_kind: str, weekday: int | None = None
) -> list[SessionPlan]:
    """The sessions of `day` in time order, from the matching template of the highest priority; empty when none matches.

    `day_kind` is the holiday calendar's word for the day; `weekday` (Monday = 0) defaults to the date's own and differs
    from it only where a timetable of another weekday is announced. Sessions that start at the same time are one slot
    in the database: the first wins.
    """
    template = _template_for(templates, day, day_kind, weekday)
    if template is None:
        return []
    planned = {one.starts: one for one in reversed(template.sessions)}
    return [
        SessionPlan(one.starts, one.ends, one.capacity, one.label, one.price_minor, one.reserves)
        for _, one in sorted(planned.items())
    ]


def day_capacity_for(
    templates: Sequence[Template], day: date, day_kind: str, weekday: int | None = None
) -> int | None:
    """The approved carrying capacity of the venue on `day` that these templates state; None when they state none."""
    template = _template_for(templates, day, day_kind, weekday)
    return template.day_capacity if template else None


def closure_on(closures: Sequence[Closure], product_id: int, day: date) -> Closure | None:
    """The closure of the product (or its whole venue) that covers `day`; `closures` are those of one venue."""
    for closure in closures:
        if closure.from_date <= day <= closure.to_date and closure.product_id in {None, product_id}:
            return closure
    return None


def _template_for(
    templates: Sequence[Template], day: date, day_kind: str, weekday: int | None
) -> Template | None:
    bit = 1 << (day.weekday() if weekday is None else weekday)
    matching = [
        one
        for one in templates
        if one.valid_from <= day
        and (one.valid_to is None or day <= one.valid_to)
        and one.weekdays & bit
        and one.day_kind in {"any", day_kind}
    ]
    # Equal priorities: the template that names the kind of day, then the newer one.
    return max(matching, key=lambda one: (one.priority, one.day_kind != "any", one.id), default=None)
