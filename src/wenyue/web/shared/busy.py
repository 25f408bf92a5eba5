"""The page of a process that cannot take on more: rendered once per language and wait, then always the same bytes."""

from functools import lru_cache

from wenyue.web.shared.i18n import Locale
from wenyue.web.shared.pages import environment

_PAGES_MAX = 256


@lru_cache(maxsize=_PAGES_MAX)
def busy_page(locale: Locale, wait_s: int, *, is_read: bool, is_unsure: bool = False) -> bytes:
    """What to do now. `is_read`: the page asks again by itself; `is_unsure`: the change may have been made."""
    template = environment(locale).get_template("shared/busy.html")
    return template.render(wait_s=wait_s, is_read=is_read, is_unsure=is_unsure).encode()
