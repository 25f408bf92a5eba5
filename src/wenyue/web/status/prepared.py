"""Answers that are ready before anybody asks: headers and bytes, plain and packed."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

HTML: Final = "text/html; charset=utf-8"
Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

_SECURITY: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One prepared answer."""

    status: int
    etag: bytes
    plain: tuple[Headers, bytes]
    zipped: tuple[Headers, bytes]
    same: Headers  # of the answer when the asker has it already


def page(
    body: bytes,
    kind: str,
    *,
    age_s: int,
    status: int = 200,
    policy: str = "default-src 'none'",
    more: Iterable[tuple[bytes, bytes]] = (),
) -> Page:
    """Prepare an answer; `age_s`: how long anybody may keep it; `policy`: its Content-Security-Policy."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()
    common: Headers = (
        (b"content-type", kind.encode()),
        (b"cache-control", b"public, max-age=%d" % age_s if age_s else b"no-store"),
        (b"content-security-policy", f"{policy}; frame-ancestors 'none'".encode()),
        (b"vary", b"accept-encoding"),
        *more,
        *_SECURITY,
        (b"etag", etag),
    )
    packed = gzip.compress(body, 6, mtime=0)
    plain: Headers = (*common, (b"content-length", b"%d" % len(body)))
    zipped: Headers = (*common, (b"content-length", b"%d" % len(packed)), (b"content-encoding", b"gzip"))
    return Page(status, etag, (plain, body), (zipped, packed), common)
