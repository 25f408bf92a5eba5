"""The page of a defect: rendered without login, look-up or token, because any of these may be what failed."""

from wenyue.web.shared.i18n import Locale
from wenyue.web.shared.pages import environment


def fault_page(locale: Locale, request_id: str) -> bytes:
    """It names the request, so that whoever is told it finds the line in the log."""
    template = environment(locale).get_template("shared/fault.html")
    return template.render(request_id=request_id).encode()
