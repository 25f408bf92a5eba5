"""Language and type size: two cookies, set by the buttons of the top bar."""

from starlette.responses import Response

from wenyue.locale import LOCALES
from wenyue.web.shared.i18n import LOCALE_COOKIE, PREFERENCE_AGE_S, SIZE_COOKIE
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.session import set_cookie
from wenyue.web.traveller.context import TravellerContext, local_path, post


async def set_preferences(context: TravellerContext) -> Response:
    """Remember what was pressed and show the page again."""
    response = redirect(local_path(context.form.one("back")))
    is_secure = context.services.settings.web.is_secure
    lang, size = context.form.one("lang"), context.form.one("size")
    if lang in LOCALES:
        set_cookie(response, LOCALE_COOKIE, lang, is_secure=is_secure, age_s=PREFERENCE_AGE_S)
    if size in ("normal", "large"):
        set_cookie(response, SIZE_COOKIE, size, is_secure=is_secure, age_s=PREFERENCE_AGE_S)
    return response


routes = [post("/preferences", set_preferences, needs_login=False)]
