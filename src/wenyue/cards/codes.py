"""Card numbers and PINs: what is printed on a card and typed on a phone. Digits only, so that everybody can type them.

A number is public: 15 random digits (so that one number does not lead to the next) and a check digit. The PIN under
the scratch panel is the secret.
"""

import re
import secrets
from typing import Final

from wenyue.core.documents.text import compact

_SERIAL_DIGITS: Final = 15
_PIN_DIGITS: Final = 8
_RAW_MAX: Final = 64
_PIN_FORM: Final = re.compile(r"[0-9A-Z]{4,32}")


def new_card_no() -> str:
    """A fresh card number of 16 digits."""
    low = 10 ** (_SERIAL_DIGITS - 1)
    serial = str(low + secrets.randbelow(9 * low))
    return serial + check_digit(serial)


def new_pin() -> str:
    """A fresh PIN of 8 digits."""
    return f"{secrets.randbelow(10**_PIN_DIGITS):0{_PIN_DIGITS}}"


def check_digit(serial: str) -> str:
    """The check digit of a string of digits: ISO 7064 MOD 11,10, which finds every single mistyped digit."""
    product = 10
    for digit in serial:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def clean_pin(raw: str) -> str:
    """A typed PIN without blanks and hyphens, full-width digits folded, letters upper-cased; '' when it is none."""
    if len(raw) > _RAW_MAX:
        return ""
    text = compact(raw)
    return text if _PIN_FORM.fullmatch(text) else ""
