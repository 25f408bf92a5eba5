"""Which names are near to what was typed, by the number of characters to change."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

_T = TypeVar("_T")
_COMPARED_MAX: Final = 32
_SHARE_MAX: Final = 0.5  # of what was typed that may differ in Chinese: 故公 is 故宫 …
_SHARE_OF_LETTERS_MAX: Final = 0.34  # … in letters every third


def nearest(typed: str, candidates: Iterable[tuple[_T, Sequence[str]]], limit: int) -> list[_T]:
    """At most `limit` of the candidates, each with its names as stored, that begin nearly as was typed; the nearest first."""
    wanted = typed[:_COMPARED_MAX]
    share = _SHARE_OF_LETTERS_MAX if wanted.isascii() else _SHARE_MAX
    most = max(1, int(len(wanted) * share))
    found: list[tuple[int, int, _T]] = []
    for order, (candidate, names) in enumerate(candidates):
        apart = min((distance(wanted, one) for one in names if one), default=most + 1)
        if apart <= most and apart < len(wanted):
            found.append((apart, order, candidate))
    return [candidate for _, _, candidate in sorted(found, key=lambda one: one[:2])[:limit]]


def distance(wanted: str, name: str) -> int:
    """How many characters must change to make `wanted` the beginning of `name`, the whole of it, or the other way round.

    Myers' bit vectors: one step for each character of the name.
    """
    text = name[: len(wanted) + 2]
    masks: dict[str, int] = {}
    for at, character in enumerate(wanted):
        masks[character] = masks.get(character, 0) | (1 << at)
    top, full = 1 << (len(wanted) - 1), (1 << len(wanted)) - 1
    plus, minus, score = full, 0, len(wanted)
    best = score
    for character in text:
        match = masks.get(character, 0)
        vertical = match | minus
        carried = (((match & plus) + plus) ^ plus) | match
        horizontal_plus = minus | ~(carried | plus)
        horizontal_minus = plus & carried
        score += 1 if horizontal_plus & top else -1 if horizontal_minus & top else 0
        horizontal_plus = (horizontal_plus << 1) | 1
        plus = ((horizontal_minus << 1) | ~(vertical | horizontal_plus)) & full
        minus = horizontal_plus & vertical & full
        best = min(best, score)
    return best
