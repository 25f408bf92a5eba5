"""Age on the day of the visit, the only age a discount or a guardian rule may look at."""

from datetime import date

from wenyue.core.documents.model import DocumentErrorCode

_GUARDIAN_AGE = 14
_YEARS_MAX = 130  # nobody is known to have become older than 122


def age_on(birth: date, day: date) -> int:
    """Full years (周岁) at `day`; the birthday itself counts. Negative when `day` lies before `birth`.

    A birthday on 29 February falls on 28 February in common years: 民法典 art. 202 ends a period of years that has
    no corresponding day on the last day of that month. Applying it to ticket ages, and counting the birthday
    itself, is our reading (criminal law counts from the day after); check it before relying on it elsewhere.
    """
    anniversary_day = birth.day
    if birth.month == 2 and birth.day == 29 and not _is_leap(day.year):
        anniversary_day = 28
    reached = (day.month, day.day) >= (birth.month, anniversary_day)
    return day.year - birth.year - (0 if reached else 1)


def is_minor_under_14(birth: date, day: date) -> bool:
    """Whether a guardian must be in the order on `day`: 个人信息保护法 art. 31 protects those under 14."""
    return age_on(birth, day) < _GUARDIAN_AGE


def birth_problem(birth: date, today: date) -> DocumentErrorCode | None:
    """Why nobody who lives can have been born on that day: it lies ahead, or more than 130 years back."""
    if birth > today:
        return DocumentErrorCode.FUTURE_BIRTH_DATE
    years = today.year - birth.year
    if years >= _YEARS_MAX and (years > _YEARS_MAX or (today.month, today.day) > (birth.month, birth.day)):
        return DocumentErrorCode.BIRTH_TOO_LONG_AGO
    return None


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
