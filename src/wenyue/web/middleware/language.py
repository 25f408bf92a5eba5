"""In which language the API answers: `?lang=`, then Accept-Language, then Chinese. No cookie: who calls is a program."""

from functools import lru_cache
from typing import Final

from starlette.requests import Request

from wenyue.locale import DEFAULT, Locale, locale_named, negotiate
from wenyue.platform.http.bodies import Message as Scope

_HEADER_MAX: Final = 400  # of a header that is read, and kept


def locale_of(request: Request) -> Locale:
    """The language of the answer."""
    return scope_locale(request.scope)


def scope_locale(scope: Scope) -> Locale:
    """The language of a request that has no Request object."""
    return asked_locale(scope) or DEFAULT


def asked_locale(scope: Scope) -> Locale | None:
    """The language that the caller named; None when it is none of ours."""
    query: bytes = scope["query_string"]
    if b"lang=" in query:
        for part in reversed(query.split(b"&")):
            if part.startswith(b"lang=") and (named := locale_named(part[5:].decode("latin-1"))):
                return named
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return _negotiated(value[:_HEADER_MAX])
    return None


def header_locale(accept_language: bytes) -> Locale:
    """The language of a request that says it in this header only; of a whole request, `scope_locale`."""
    return _negotiated(accept_language[:_HEADER_MAX]) or DEFAULT


@lru_cache(maxsize=512)
def _negotiated(accept_language: bytes) -> Locale | None:
    """Remembered by the bytes: the hot endpoints ask for each request."""
    return negotiate(accept_language.decode("latin-1"))
