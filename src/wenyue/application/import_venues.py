"""Whoever may import brings a list of venues in; what the list does not say of a venue that is there stays.

A venue is known by its code here; where the list has none, or one that is not known, by its province and name (and kind,
where the list says it). So it stays the same venue when its level, its position or, known by its code, its name changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from msgspec import structs

from wenyue import catalogue
from wenyue.application.list_outcomes import (
    Difference,
    ListOutcome,
    ListRequest,
    ListTaken,
    ListVerdict,
    differences,
    refused,
)
from wenyue.application.on_server import acting_with, require
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.catalogue import OpeningHours, Venue, VenueKind
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.venues import ATTRACTION, VenueRow, new_code
from wenyue.locale import DEFAULT, Message
from wenyue.platform.database.db import Tx

VENUES_PER_STATEMENT_MAX = 1_000
_FIELDS = (
    "name", "kind", "province", "city", "latitude", "longitude", "level", "timezone", "tags", "summary",
)  # fmt: skip
_EVERY_DAY = range(7)


async def import_venues(works: Works, operator: Operator, request: ListRequest[VenueRow]) -> ListTaken:
    """Take them all or none. Raises NotAllowed, LoginEnded."""
    if request.is_dry_run:
        require(operator, Right.DATA_IMPORT)
        async with works.db.reading() as tx:
            return await do_import_venues(tx, request)
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        taken = await do_import_venues(act.tx, request)
        new, changed = taken.counts[ListVerdict.NEW], taken.counts[ListVerdict.CHANGED]
        detail: dict[str, object] = {"source": request.source, "new": new, "changed": changed}
        await record(act.tx, [Entry(act.now, operator.name, "venues.imported", "import", detail)])
        if new or changed:
            await append(act.tx, [kinds.VenuesImported(request.source, new, changed)], act.now)
    return taken


async def do_import_venues(tx: Tx, request: ListRequest[VenueRow]) -> ListTaken:
    """The same in a transaction that has begun; of a rehearsal it only reads."""
    known = await _Known.of(tx, [row for _, row in request.rows])
    taken, wanted, weeks = ListTaken(), list[Venue](), dict[str, VenueRow]()
    for line, row in request.rows:
        outcome, venue = known.take(line, row, request.source)
        taken.outcomes.append(outcome)
        if venue is not None and outcome.verdict is not ListVerdict.SAME:
            wanted.append(venue)
            if row.week is not None or row.closed_weekdays is not None:
                weeks[venue.code] = row
    if wanted and not request.is_dry_run:
        ids: dict[str, int] = {}
        for at in range(0, len(wanted), VENUES_PER_STATEMENT_MAX):
            ids |= await catalogue.upsert_venues(tx, wanted[at : at + VENUES_PER_STATEMENT_MAX])
        await catalogue.replace_weeks(
            tx, {ids[code]: known.week(ids[code], row) for code, row in weeks.items()}
        )
    taken.gone = sorted(await catalogue.codes_of_source(tx, request.source) - known.seen)
    return taken


class _Known:
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
    async def of(cls, tx: Tx, rows: Sequence[VenueRow]) -> "_Known":
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
            refusal = _refusal(Reason.KEY_TWICE, row, fix)
        if refusal is not None:
            return refused(refusal, code), None
        if before is None:
            return ListOutcome(ListVerdict.NEW, code), _made(row, code, source)
        after = _merged(before, row)
        changes = differences(before, after, _FIELDS) + self._changed_week(before, row)
        verdict = ListVerdict.CHANGED if changes else ListVerdict.SAME
        return ListOutcome(verdict, code, changes, known_by=known_by, here=self._here(before)), after

    def _here(self, before: Venue) -> Message:
        return Message(
            "here already: {code}, {timezone}, {currency}",
            code=before.code,
            timezone=before.timezone,
            currency="/".join(self._currencies.get(before.id, ())) or "–",
        )

    def week(self, venue_id: int, row: VenueRow) -> list[OpeningHours]:
        """The venue's week by the row; what the row does not say is as it was."""
        was = {one.weekday: one for one in self._weeks.get(venue_id, ())}
        open_days = set(was or _EVERY_DAY)
        if row.closed_weekdays is not None:
            open_days = {day for day in _EVERY_DAY if not row.closed_weekdays & 1 << day}
        like = next(iter(was.values()), None)
        found: list[OpeningHours] = []
        for day in sorted(open_days):
            if row.week is not None:
                found.append(
                    OpeningHours(venue_id, day, row.week.opens, row.week.closes, row.week.last_entry)
                )
            elif hours := was.get(day, like):
                found.append(structs.replace(hours, weekday=day))
        return found

    def _find(self, row: VenueRow) -> tuple[Venue | None, str, Refusal | None]:
        """The venue that a row means, by what it was recognised, and why it cannot be taken."""
        if found := self._by_code.get(row.code):
            return found, "code", _conflict(found, row)
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
            return None, "", _refusal(Reason.CONFLICT, row, fix)
        if candidates:
            return candidates[0], "name", _conflict(candidates[0], row)
        if other := self._by_code.get(new_code(row)):
            fix = Message(
                "it is here under another name; say that it is the same by its code: {code}", code=other.code
            )
            return None, "", _refusal(Reason.CONFLICT, row, fix)
        return None, "", None

    def _changed_week(self, before: Venue, row: VenueRow) -> tuple[Difference, ...]:
        if row.week is None and row.closed_weekdays is None:
            return ()
        was, now = list(self._weeks.get(before.id, ())), self.week(before.id, row)
        return () if was == now else (Difference("opening hours", _hours(was), _hours(now)),)


def _made(row: VenueRow, code: str, source: str) -> Venue:
    return Venue(
        code=code,
        kind=cast(VenueKind, row.kind or ATTRACTION),
        name=row.name,
        province=row.province,
        city=row.city,
        latitude=row.latitude,
        longitude=row.longitude,
        level=row.level,
        timezone=row.timezone or "Asia/Shanghai",
        tags=row.tags,
        summary=row.summary,
        source=source,
    )


def _merged(before: Venue, row: VenueRow) -> Venue:
    """The facts of the row over what is there. A name that a list gives is the operator's: no longer made from the Chinese."""
    name, tags = {**before.name, **row.name}, row.tags or before.tags
    if name != before.name:
        tags = tuple(tag for tag in tags if tag != catalogue.ROMANISED_NAME)
    return structs.replace(
        before,
        name=name,
        province=row.province or before.province,
        city=row.city or before.city,
        latitude=before.latitude if row.latitude is None else row.latitude,
        longitude=before.longitude if row.longitude is None else row.longitude,
        level=row.level or before.level,
        tags=tags,
        summary={**before.summary, **row.summary},
    )


def _conflict(found: Venue, row: VenueRow) -> Refusal | None:
    """Of a venue that is here a list changes neither the kind nor the time zone."""
    if row.kind not in {"", found.kind}:
        return _refusal(
            Reason.CONFLICT, row, Message("it is here as another kind: {kind}", kind=found.kind), row.kind
        )
    if row.timezone not in {"", found.timezone}:
        fix = Message("it is here with another time zone: {timezone}", timezone=found.timezone)
        return _refusal(Reason.CONFLICT, row, fix, row.timezone)
    return None


def _refusal(reason: Reason, row: VenueRow, fix: Message, value: str = "") -> Refusal:
    return Refusal(reason, "", value or row.name[DEFAULT], fix)


def _hours(week: Sequence[OpeningHours]) -> str:
    return "; ".join(
        f"{one.weekday + 1}: {one.opens:%H:%M}-{one.closes:%H:%M} ({one.last_entry:%H:%M})" for one in week
    )
