"""Which compression a client takes, and packing: brotli before gzip. The only place that knows either."""

import gzip
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal, cast

import brotli

Coding = Literal["br", "gzip", ""]  # "": as it is
_HEADER_MAX: Final = (
    400  # bytes of a header that is read, and kept; a longer one takes nothing: its end may refuse
)
_brotli_compress = cast(Callable[..., bytes], brotli.compress)  # pyright: ignore[reportUnknownMemberType]
# Quality by whether it is packed once for ever: 11 takes fifty times as long as 5, for a tenth to a quarter less.
_BROTLI: Final = {False: 5, True: 11}
_WINDOW: Final = {False: 16, True: 22}  # 64 KB: pages are no larger, and a large window takes time to lay out
_GZIP: Final = {False: 5, True: 9}


def coding_of(accept_encoding: str | bytes) -> Coding:
    """The best coding that this Accept-Encoding takes; a weight of nothing refuses one (RFC 9110, 12.5.3)."""
    raw = (
        accept_encoding.encode("latin-1", "replace") if isinstance(accept_encoding, str) else accept_encoding
    )
    return _coding(raw if len(raw) <= _HEADER_MAX else b"")


def packed(body: bytes, coding: Coding, *, is_for_ever: bool = False) -> bytes:
    """The body in this coding. `is_for_ever`: it is packed once, and takes up to a second: not on the event loop."""
    if coding == "br":
        quality, window = _BROTLI[is_for_ever], _WINDOW[is_for_ever]
        return _brotli_compress(body, quality=quality, lgwin=window)
    if coding == "gzip":
        return gzip.compress(body, _GZIP[is_for_ever], mtime=0)
    return body


@lru_cache(maxsize=256)
def _coding(accept_encoding: bytes) -> Coding:
    """Remembered by the bytes: browsers send one of a few dozen headers."""
    weights: dict[str, float] = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = _weight(parameters)
    other = weights.get("*", 0.0)
    if weights.get("br", other) > 0:
        return "br"
    return "gzip" if weights.get("gzip", other) > 0 else ""


def _weight(parameters: str) -> float:
    """The `q` of one coding: 1 without one, 0 for one that is no number."""
    name, equals, value = parameters.strip().partition("=")
    if not equals or name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
