"""Calendar arithmetic of card validity: months and days counted from a first day, both ends included. Pure."""

import calendar
from datetime import date, timedelta

from wenyue.cards.model import Activation, CardRules, Validity


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day (民法典 art. 202)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def last_day_of_months(first: date, months: int) -> date:
    """The last day of a period of `months` whose first day is `first`.

    The day before the corresponding one; where the last month has none, the last day of that month (民法典 art. 202):
    twelve months from 2028-02-29 end on 2029-02-28, six from 2026-08-31 on 2027-02-28.
    """
    corresponding = add_months(first, months)
    return corresponding - timedelta(days=1) if corresponding.day == first.day else corresponding


def validity_end(validity: Validity, first: date) -> date | None:
    """The last day of a card whose first day is `first`; None: it never ends."""
    ends: list[date] = []
    if validity.months is not None:
        ends.append(last_day_of_months(first, validity.months))
    if validity.days is not None:
        ends.append(first + timedelta(days=validity.days - 1))
    if validity.until is not None:
        ends.append(validity.until)
    return min(ends, default=None)


def activation_deadline(activation: Activation, issued: date) -> date | None:
    """The last day on which a card issued on `issued` can be activated; None: any day."""
    ends: list[date] = []
    if activation.within_months is not None:
        ends.append(add_months(issued, activation.within_months))
    if activation.within_days is not None:
        ends.append(issued + timedelta(days=activation.within_days))
    if activation.until is not None:
        ends.append(activation.until)
    return min(ends, default=None)


def validity_window(rules: CardRules, issued: date, activated: date) -> tuple[date | None, date | None]:
    """First and last day of a card activated on `activated`; no first day means: from the first visit on.

    A type that starts by itself (海南: 90 days after purchase) starts then at the latest, so activating late
    does not make it longer.
    """
    validity = rules.validity
    if validity.starts == "first_use":
        return None, validity.until
    if validity.starts == "issue":
        first = issued
    elif validity.starts == "fixed" and validity.fixed_from is not None:
        first = validity.fixed_from
    else:
        first = activated
    first += timedelta(days=validity.plus_days)
    if rules.activation.auto_after_days is not None:
        first = min(first, issued + timedelta(days=rules.activation.auto_after_days))
    return first, validity_end(validity, first)
