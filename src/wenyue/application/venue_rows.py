"""What a row of a list makes of a venue, new or here already. Pure."""

from collections.abc import Sequence
from typing import cast

from msgspec import structs

from wenyue import catalogue
from wenyue.catalogue import Venue, VenueKind
from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.venues import ATTRACTION, VenueRow
from wenyue.locale import DEFAULT, Message


def made(row: VenueRow, code: str, source: str) -> Venue:
    """The venue that a row makes."""
    venue = Venue(
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
        aliases=row.aliases,
        summary=row.summary,
        source=source,
    )
    return _with_facts(venue, row)


def merged(before: Venue, row: VenueRow) -> Venue:
    """The facts of the row over what is there. A name that a list gives is the operator's: no longer made from the Chinese."""
    name, tags = {**before.name, **row.name}, row.tags or before.tags
    aliases = row.aliases if row.aliases and set(row.aliases) != set(before.aliases) else before.aliases
    if name != before.name:
        tags = tuple(tag for tag in tags if tag != catalogue.ROMANISED_NAME)
    changed = structs.replace(
        before,
        name=name,
        province=row.province or before.province,
        city=row.city or before.city,
        latitude=before.latitude if row.latitude is None else row.latitude,
        longitude=before.longitude if row.longitude is None else row.longitude,
        level=row.level or before.level,
        tags=tags,
        aliases=aliases,
        summary={**before.summary, **row.summary},
    )
    return _with_facts(changed, row)


def _with_facts(before: Venue, row: VenueRow) -> Venue:
    """What the row says for whoever comes, over what is there."""
    was = before.facts.texts
    said = {name: {**was[name], **texts} for name, texts in row.facts.items()}
    facts = structs.replace(before.facts, phone=row.phone or before.facts.phone, **said)
    return structs.replace(before, facts=facts)


def here(found: Venue, currencies: Sequence[str]) -> Message:
    """That the venue is here already, and what a list could not change of it."""
    return Message(
        "here already: {code}, {timezone}, {currency}",
        code=found.code,
        timezone=found.timezone,
        currency="/".join(currencies) or "–",
    )


def conflict(found: Venue, row: VenueRow) -> Refusal | None:
    """Of a venue that is here a list changes neither the kind nor the time zone."""
    if row.kind not in {"", found.kind}:
        return refusal_of(
            Reason.CONFLICT, row, Message("it is here as another kind: {kind}", kind=found.kind), row.kind
        )
    if row.timezone not in {"", found.timezone}:
        fix = Message("it is here with another time zone: {timezone}", timezone=found.timezone)
        return refusal_of(Reason.CONFLICT, row, fix, row.timezone)
    return None


def refusal_of(reason: Reason, row: VenueRow, fix: Message, value: str = "") -> Refusal:
    """The refusal of a row; `value`: what stands in the way, else its name."""
    return Refusal(reason, "", value or row.name[DEFAULT], fix)
