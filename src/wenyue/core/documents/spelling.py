"""One name however it is written: width, case, blanks, dots and hyphens do not make another name."""

import unicodedata


def plain_name(name: str) -> str:
    """`name` for comparison: NFKC, casefolded, letters, digits and their marks only (阿依古丽·买买提 = 阿依古丽 买买提)."""
    if not name.isalnum() or not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    folded = unicodedata.normalize("NFKC", name.casefold())
    return "".join(sign for sign in folded if sign.isalnum() or unicodedata.category(sign)[0] == "M")
