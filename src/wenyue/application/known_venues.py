"""By what a row of a list is known to be a venue that is here, and what it makes of it."""

from collections.abc import Iterable, Mapping, Sequence

from wenyue import catalogue
from wenyue.application.list_outcomes import ListOutcome, ListVerdict, refused
from wenyue.application.venue_rows import conflict, here, made, merged, refusal_of
from wenyue.application.venue_weeks import changes_of, week_of
from wenyue.catalogue import OpeningHours, Venue
from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.venues import VenueRow, new_code
from wenyue.locale import DEFAULT, Message
from wenyue.platform.database.db import Tx


class KnownVenues:
    """The venues here that a list speaks of, and which of them its rows have named so far."""

    def __init__(
        self,
        venues: Iterable[Venue],
        codes: frozenset[str],
        weeks: Mapping[int, Sequence[OpeningHours]],
        currencies: Mapping[int, Sequence[str]],
    ) -> None:
        """`codes`: those that the list has."""
        self._by_code = {one.code: one for one in venues}
        self._by_place: dict[tuple[str, str], list[Venue]] = {}
        for one in self._by_code.values():
            self._by_place.setdefault((one.province, one.name.get(DEFAULT, "")), []).append(one)
        self._codes, self._weeks, self._currencies = codes, weeks, currencies
        self._lines: dict[str, int] = {}

    @classmethod
    async def of(cls, tx: Tx, rows: Sequence[VenueRow]) -> "KnownVenues":
        """Read once for the whole list."""
        codes = frozenset({new_code(row) for row in rows} | {row.code for row in rows if row.code})
        found = await catalogue.venues_by_code(tx, sorted(codes))
        found |= {one.code: one for one in await catalogue.venues_by_place(tx, [row.place for row in rows])}
        ids = [one.id for one in found.values()]
        weeks, currencies = await catalogue.weeks(tx, ids), await catalogue.currencies(tx, ids)
        return cls(found.values(), frozenset(row.code for row in rows if row.code), weeks, currencies)

    @property
    def seen(self) -> set[str]:
        """The codes of the venues that the list has."""
        return set(self._lines)

    def take(self, line: int, row: VenueRow, source: str) -> tuple[ListOutcome, Venue | None]:
        """What becomes of a row, and the venue as it is to be."""
        before, known_by, refusal = self._find(row)
        code = before.code if before is not None else new_code(row)
        if refusal is None and (first := self._lines.setdefault(code, line)) != line:
            fix = Message("line {line} is the same venue: leave one of them out", line=first)
            refusal = refusal_of(Reason.KEY_TWICE, row, fix)
        if refusal is not None:
            return refused(refusal, code), None
        if before is None:
            return ListOutcome(ListVerdict.NEW, code), made(row, code, source)
        after = merged(before, row)
        changes = changes_of(before, after, self._weeks.get(before.id, ()), row)
        verdict = ListVerdict.CHANGED if changes else ListVerdict.SAME
        return ListOutcome(
            verdict, code, changes, known_by=known_by, here=here(before, self._currencies.get(before.id, ()))
        ), after

    def week(self, venue_id: int, row: VenueRow) -> list[OpeningHours]:
        """The venue's week by the row."""
        return week_of(venue_id, row, self._weeks.get(venue_id, ()))

    def _find(self, row: VenueRow) -> tuple[Venue | None, str, Refusal | None]:
        """The venue that a row means, by what it was recognised, and why it cannot be taken."""
        if found := self._by_code.get(row.code):
            return found, "code", conflict(found, row)
        candidates = [
            one
            for one in self._by_place.get(row.place, ())
            if row.province and one.code not in self._codes and row.kind in {"", one.kind}
        ]
        if len(candidates) > 1:
            codes = ", ".join(one.code for one in candidates)
            fix = Message(
                "several venues here have this province and name: say which by its code ({codes})",
                codes=codes,
            )
            return None, "", refusal_of(Reason.CONFLICT, row, fix)
        if candidates:
            return candidates[0], "name", conflict(candidates[0], row)
        if other := self._by_code.get(new_code(row)):
            fix = Message(
                "it is here under another name; say that it is the same by its code: {code}", code=other.code
            )
            return None, "", refusal_of(Reason.CONFLICT, row, fix)
        return None, "", None
