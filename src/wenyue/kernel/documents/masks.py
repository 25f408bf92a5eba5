"""Masks for what must be shown or logged: enough for its owner to recognise, not enough for anyone else to use.

The forms `110***********1234`, `138****8000` and `张*三` are the customary ones (个人信息保护法 asks for
de-identification and leaves the form open). Every function takes any string and never raises.
"""

_LONGEST = 64


def mask_document(number: str) -> str:
    """Three and four characters of a long number, two and two of a permit or passport, less of anything shorter."""
    size = len(number)
    if size > _LONGEST:
        return "*" * _LONGEST
    if size >= 15:
        head, tail = 3, 4
    elif size >= 8:
        head, tail = 2, 2
    elif size >= 5:
        head, tail = 1, 1
    else:
        return "*" * size
    return number[:head] + "*" * (size - head - tail) + number[-tail:]


def mask_phone(phone: str) -> str:
    """An E.164 or national number with the four characters before the last four hidden; +86 is left out."""
    if len(phone) == 14 and phone.startswith("+861"):
        phone = phone[3:]
    size = len(phone)
    if size > _LONGEST:
        return "*" * _LONGEST
    if size >= 9:
        return phone[:-8] + "****" + phone[-4:]
    return "*" * (size - 2) + phone[-2:] if size >= 5 else "*" * size


def mask_name(name: str) -> str:
    """First and last character of a name without blanks (`张*三`, `张*`); the initials of a name with them."""
    words = name.split()[:4]
    if len(words) > 1:
        return " ".join(word[0] + "***" for word in words)
    word = words[0] if words else ""
    if len(word) > _LONGEST:
        return "*" * _LONGEST
    if word.isascii() and len(word) > 2:
        return word[0] + "***"
    if len(word) <= 2:
        return word[0] + "*" if len(word) == 2 else "*" * len(word)
    return word[0] + "*" * (len(word) - 2) + word[-1]
