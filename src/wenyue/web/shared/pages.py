"""Turns a template and a context into a page: language, type size, anti-forgery token, security headers."""

from collections.abc import Mapping, MutableMapping
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from typing import Any, Final

from jinja2 import BytecodeCache, Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from wenyue.imports.countries import nations
from wenyue.locale import DEFAULT, LOCALES, Locale
from wenyue.locale.templates import EXTENSIONS, prepare
from wenyue.web.shared.i18n import is_large, lang_of, locale_of, say_money
from wenyue.web.shared.scene_files import scene_url
from wenyue.web.shared.services import services_of
from wenyue.web.shared.session import CSRF_COOKIE, csrf_token, masked, read_cookie, set_cookie
from wenyue.web.shared.static import static_url

_CSRF_AGE_S: Final = 7 * 24 * 3600
_HTTPS_ONLY: Final = "max-age=31536000"
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class _Compiled(BytecodeCache):
    """What one language's environment compiled serves all."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket when its template was compiled before."""
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._codes[bucket.key] = bucket.bytecode_to_string()


class _Pages(Environment):
    """An environment whose globals are complete before its first template."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals themselves: copying Jinja's chain of maps costs a page more than all its texts."""
        return {**self.globals, **d} if d else self.globals


_COMPILED: Final = _Compiled()


@cache
def environment(locale: Locale) -> Environment:
    """The Jinja environment of all pages in one language: `shared/…`, `traveller/…` name the templates of each part.

    Its globals speak: `_("…", n=3)`, `ngettext`, `pgettext`, `say(message)`, `money(minor, currency)`.
    """
    prefixes = {
        face.name: PackageLoader(f"wenyue.web.{face.name}")
        for face in files("wenyue.web").iterdir()
        if face.joinpath("templates").is_dir()
    }
    jinja = _Pages(
        loader=PrefixLoader(prefixes),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=EXTENSIONS,
        bytecode_cache=_COMPILED,
    )
    sprite = files("wenyue.web.shared").joinpath("templates", "icons.svg").read_text(encoding="utf-8")

    def money(minor: int, currency: str = "CNY") -> str:
        return say_money(minor, locale, currency)

    shared: dict[str, Any] = {
        "static": static_url,
        "scene_url": scene_url,
        "lang_of": lang_of,
        "locale": locale,
        "languages": [one for one in LOCALES.values() if one.is_offered],
        "money": money,
        "nations": nations(LOCALES[locale].folder if locale in LOCALES else "en"),
        "sprite": Markup(sprite),  # noqa: S704 - a file of this package
    }
    jinja.globals.update(shared)
    prepare(jinja, locale)
    return jinja


def render_text(template: str, request: Request, context: Mapping[str, object]) -> tuple[str, str]:
    """(the page, its anti-forgery token)."""
    locale = locale_of(request)
    token = csrf_token(request, services_of(request).vault)
    page = (
        environment(locale)
        .get_template(template)
        .render(
            context,
            is_large=is_large(request),
            path=request.url.path,
            status_url=status_url(request),
            csrf=Markup('<input type="hidden" name="_csrf" value="{}">').format(masked(token)),
        )
    )
    return page, token


def status_url(request: Request) -> str:
    """The public status page as this visitor reaches it, in the visitor's language; '' when there is none to link to."""
    settings = services_of(request).settings
    own, base = settings.status, settings.status.url
    if settings.web.is_https and request.url.scheme == "https" and not base:
        return ""  # the status page has no certificate, and listens for this machine only
    if not base and own.is_on and not settings.web.public_url and (host := _own_host(request)):
        base = f"{request.url.scheme}://{f'[{host}]' if ':' in host else host}:{own.port}"
    if not base:
        return ""
    return f"{base.rstrip('/')}/{'' if (locale := locale_of(request)) == DEFAULT else locale}"


def _own_host(request: Request) -> str:
    """The host that a link may name without WENYUE_PUBLIC_URL: this machine by address. A name is only what somebody sent."""
    host, own = request.url.hostname or "", services_of(request).settings.web.host
    try:
        ip_address(host)
    except ValueError:
        return host if host in {"localhost", own} else ""
    return host


def server_of(request: Request) -> str:
    """The address of this installation for examples; `https://…` when nothing trustworthy says it."""
    public = services_of(request).settings.web.public_url
    if public:
        return public
    return str(request.base_url).rstrip("/") if _own_host(request) else "https://…"


def render(
    request: Request,
    template: str,
    context: Mapping[str, object],
    *,
    status: int = 200,
    is_private: bool = True,
) -> HTMLResponse:
    """A whole page. Private pages may be kept by the browser for the back button, but by no cache in between."""
    page, token = render_text(template, request, context)
    response = HTMLResponse(page, status, headers=dict(SECURITY_HEADERS))
    response.headers["Cache-Control"] = "private, no-cache" if is_private else "no-store"
    response.headers["Content-Language"] = locale_of(request)
    is_secure = services_of(request).settings.web.is_secure
    if (
        is_secure and not services_of(request).settings.web.is_https
    ):  # of our own certificate no browser is sure
        response.headers["Strict-Transport-Security"] = _HTTPS_ONLY
    if read_cookie(request, CSRF_COOKIE) != token:
        set_cookie(response, CSRF_COOKIE, token, is_secure=is_secure, age_s=_CSRF_AGE_S)
    return response
