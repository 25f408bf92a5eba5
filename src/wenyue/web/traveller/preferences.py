"""Language and type size: two cookies, set by the buttons of the top bar; the account remembers the language, too."""

from starlette.responses import Response

from wenyue.accounts import traveller
from wenyue.application.choose_language import choose_language
from wenyue.locale import LOCALES, Locale
from wenyue.web.shared.i18n import LOCALE_COOKIE, PREFERENCE_AGE_S, SIZE_COOKIE, chosen_locale
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.session import set_cookie
from wenyue.web.traveller.context import TravellerContext, local_path, post


async def set_preferences(context: TravellerContext) -> Response:
    """Remember what was pressed and show the page again."""
    response = redirect(local_path(context.form.one("back")))
    lang, size = context.form.one("lang"), context.form.one("size")
    if lang in LOCALES:
        if context.traveller_id is not None:
            await choose_language(context.services, context.traveller, lang)
        _keep(context, response, LOCALE_COOKIE, lang)
    if size in ("normal", "large"):
        _keep(context, response, SIZE_COOKIE, size)
    return response


def language_to_keep(context: TravellerContext) -> Locale:
    """What a login that begins tells the account: the language that was chosen in this browser; '': none was."""
    return chosen_locale(context.request) or ""


async def speak_as_before(context: TravellerContext, response: Response, holder_id: int) -> None:
    """A browser in which nobody chose a language speaks from now on the one of the account that signed in."""
    if chosen_locale(context.request):
        return
    async with context.reading() as tx:
        account = await traveller(tx, context.services.vault, holder_id)
    if account is not None:
        _keep(context, response, LOCALE_COOKIE, account.locale)


def _keep(context: TravellerContext, response: Response, name: str, value: str) -> None:
    is_secure = context.services.settings.web.is_secure
    set_cookie(response, name, value, is_secure=is_secure, age_s=PREFERENCE_AGE_S)


routes = [post("/preferences", set_preferences, needs_login=False)]
