"""What somebody typed, as a question to the stored texts."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from msgspec import Struct

from wenyue.catalogue.search.folding import fold, is_han, runs
from wenyue.catalogue.search.texts import (
    NAME,
    OTHER_NAME,
    PLACE,
    SHORT_NAME,
    SUMMARY,
    WHOLE_NAME,
    WHOLE_OTHER_NAME,
    bigrams,
)
from wenyue.core.limits import SEARCH_TEXT_MAX

EVERYWHERE: Final = NAME + PLACE + OTHER_NAME + SUMMARY
STAGES: Final = 8
_TERMS_MAX: Final = 12
_LETTERS_MIN: Final = 3


class Query(Struct, frozen=True):
    """`whole`: as one word. `clauses`: all must hold, each by one of its lexemes; `*` at its end: by any that begins so."""

    whole: str
    clauses: tuple[tuple[str, ...], ...]

    def stages(self) -> tuple[str, ...]:
        """The texts of STAGES tsqueries, the best finds first, none of which finds what one before it finds.

        By the very name; by another name; by what people say of it; by the beginning of the name; in the name; with the
        place; with other names; with the summary.
        """
        wheres = (NAME, NAME + PLACE, NAME + PLACE + OTHER_NAME, EVERYWHERE)
        whole = [_term(self.whole, where) for where in (WHOLE_NAME, WHOLE_OTHER_NAME, SHORT_NAME)]
        found = [*whole, self._beginning()] + [self._all(where) for where in wheres]
        return (found[0], *(f"({one}) & !({' | '.join(found[:at])})" for at, one in enumerate(found[1:], 1)))

    def text(self) -> str:
        """The text of a tsquery for all that any stage finds."""
        return " | ".join(f"({one})" for one in (self._beginning(), self._all(EVERYWHERE)))

    def loose(self) -> str:
        """The text of a tsquery for what is alike in name: a pair, a character or a beginning of what was typed."""
        found: dict[str, None] = {}
        for one in (one for clause in self.clauses for one in clause):
            short = one.rstrip("*")
            found |= dict.fromkeys((short[:_LETTERS_MIN] + "*",) if one.endswith("*") else (one, *one))
        return " | ".join(_term(one, where) for one in found for where in NAME + OTHER_NAME)

    def _beginning(self) -> str:
        return " | ".join(_term(self.whole + "*", where) for where in (WHOLE_NAME, SHORT_NAME))

    def _all(self, wheres: str) -> str:
        each = (
            " | ".join(_term(one, where) for one in clause for where in wheres) for clause in self.clauses
        )
        return " & ".join(f"({one})" for one in each)


def query_of(typed: str) -> Query | None:
    """The question in what was typed, None when there is none: nothing, or only signs.

    Letters are the beginning of a word, of a spelling or of first letters. Of a run of Chinese characters each must stand
    beside one of its neighbours as typed: 杭州西湖 is found as 西湖 in 杭州, whatever stands between.
    """
    parts = runs(fold(typed)[: 2 * SEARCH_TEXT_MAX])
    clauses: dict[tuple[str, ...], None] = {}
    for run in parts:
        for clause in _of_han(run) if is_han(run) else [(run + "*" if len(run) > 1 else run,)]:
            clauses[clause] = None
    if not clauses:
        return None
    return Query("".join(parts)[:SEARCH_TEXT_MAX], tuple(list(clauses)[: _TERMS_MAX * 2]))


def _of_han(run: str) -> Iterable[tuple[str, ...]]:
    pairs = bigrams(run)
    if not pairs:
        return [(run,)]
    inner = pairwise(pairs)
    return [(pairs[0],), *inner, (pairs[-1],)]


def _term(lexeme: str, where: str) -> str:
    return f"'{where}{lexeme.removesuffix('*')}'" + (":*" if lexeme.endswith("*") else "")
