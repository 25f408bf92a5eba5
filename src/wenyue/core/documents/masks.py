"""Masks for what must be shown or logged: enough for its owner to recognise, not enough for anyone else to use.

`138****8000` and `张*三` are the customary forms (个人信息保护法 asks for de-identification and leaves the form open).
The customary `110***********1234` of an ID number is not used: whoever knows the birth date, as every classmate does,
is left with two to six numbers, because the check digit and the sequence are shown and the division has few values.
A mask made here leaves a thousand numbers to whoever knows birth date and division (docs/adr/0015-limits-and-masks.md).
Every function takes any string and never raises.
"""

_LONGEST = 64
_CARD = 18


def mask_document(number: str) -> str:
    """The province and the birth year of an 18-character card, the first letters or digits of any other document.

    The two last characters of permits, passports and military cards are shown as well: they have no check digit.
    """
    size = len(number)
    if size > _LONGEST:
        return "*" * _LONGEST
    if size == _CARD:
        return f"{number[:2]}****{number[6:10]}********"
    if size > 11:  # the older permanent-resident card: its last two characters follow from the others
        head, tail = 3, 0
    elif size >= 8:
        head, tail = 2, 2
    elif size >= 5:
        head, tail = 1, 0
    else:
        return "*" * size
    return number[:head] + "*" * (size - head - tail) + number[size - tail :]


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
