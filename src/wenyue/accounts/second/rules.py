"""Second factors: who is asked for one, and which code is right. Functions of facts and `now`."""

import hmac
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Final

from pyotp.totp import TOTP

from wenyue.core.duties import Duties, needs_factor

STEP_S: Final = 30  # RFC 6238
_WINDOW: Final = 1  # steps before and after: clocks differ
CODE_DIGITS: Final = 6
CODES_COUNT: Final = 10
_ALPHABET: Final = frozenset("23456789abcdefghjkmnpqrstuvwxyz")  # of recovery codes
RECOVERY_LENGTH: Final = 15  # 74 bits: nothing is gained by trying them against a keyed hash
FACTORS_MAX: Final = 10  # of one member of staff
NAME_LENGTH_MAX: Final = 40


class Mode(StrEnum):
    """What the installation wants of staff."""

    OFF = "off"  # nobody is asked
    ASKED = "asked"  # whoever has a factor is asked for it
    NEEDED = "needed"  # and whoever changes something sets one up at the next sign-in


class Step(StrEnum):
    """What comes after the password."""

    NOTHING = ""
    FACTOR = "factor"
    ENROLMENT = "enrolment"


def step_after_password(mode: Mode, duties: Duties, *, has_factor: bool) -> Step:
    """What somebody still does before they are signed in."""
    if mode is Mode.OFF:
        return Step.NOTHING
    if has_factor:
        return Step.FACTOR
    return Step.ENROLMENT if mode is Mode.NEEDED and needs_factor(duties) else Step.NOTHING


def plain_code(raw: str) -> str:
    """What somebody typed, without what people add: blanks, hyphens, full-width digits, capitals."""
    folded = unicodedata.normalize("NFKC", raw).casefold()
    return "".join(one for one in folded if one.isalnum())


def is_app_code(code: str) -> bool:
    """Whether a plain code looks like one of an app."""
    return len(code) == CODE_DIGITS and code.isascii() and code.isdecimal()


def is_recovery_code(code: str) -> bool:
    """Whether a plain code looks like a recovery code."""
    return len(code) == RECOVERY_LENGTH and set(code) <= _ALPHABET


def step_of_code(secret: str, code: str, now: datetime, *, last_step: int) -> int | None:
    """The time step whose code this is, within the window and after the last accepted one; None: it is not right."""
    if not is_app_code(code):
        return None
    app, present = TOTP(secret, digits=CODE_DIGITS, interval=STEP_S), int(now.timestamp()) // STEP_S
    for step in range(present - _WINDOW, present + _WINDOW + 1):
        if step > last_step and hmac.compare_digest(app.generate_otp(step), code):
            return step
    return None
