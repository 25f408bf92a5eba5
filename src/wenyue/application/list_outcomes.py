"""A list of the catalogue that comes in, and what became of each of its rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar, cast

from msgspec import Struct, structs

from wenyue.imports.refusals import Refusal
from wenyue.locale import Message

R = TypeVar("R")


class ListRequest(Struct, Generic[R], frozen=True):
    """A whole list. `source`: by which it is remembered what it brought; `rows` with the line of each.

    A rehearsal (`is_dry_run`) answers the same and writes nothing.
    """

    source: str
    rows: Sequence[tuple[int, R]]
    is_dry_run: bool = False


class ListVerdict(StrEnum):
    """What became of one row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    KEPT = "kept"  # differs, but what is here needs a second person to change
    REFUSED = "refused"


class Difference(Struct, frozen=True):
    """What differs between the row and what is here. `is_applied` False: what is here stays."""

    field: str
    before: str
    after: str
    is_applied: bool = True


class ListOutcome(Struct, frozen=True):
    """One row's. `what`: the code of what it is here; `known_by`: by what it was recognised, `here`: what of it is here."""

    verdict: ListVerdict
    what: str = ""
    differences: tuple[Difference, ...] = ()
    refusal: Refusal | None = None
    known_by: str = ""
    here: Message | None = None


@dataclass(slots=True)
class ListTaken:
    """What became of a list, row by row. `gone`: codes that this source brought once and the list has no more."""

    outcomes: list[ListOutcome] = field(default_factory=list[ListOutcome])
    gone: list[str] = field(default_factory=list[str])
    slots_opened: int = 0

    @property
    def counts(self) -> Counter[ListVerdict]:
        """Rows by verdict."""
        return Counter(one.verdict for one in self.outcomes)


def differences(before: Struct, after: Struct, fields: Sequence[str]) -> tuple[Difference, ...]:
    """Which of these fields differ; a text in several languages differs by language."""
    found: list[Difference] = []
    was, now = structs.asdict(before), structs.asdict(after)
    for name in fields:
        if was[name] == now[name]:
            continue
        if isinstance(was[name], Mapping):
            languages = sorted({*was[name], *now[name]})
            pairs = [(f"{name} {one}", was[name].get(one, ""), now[name].get(one, "")) for one in languages]
            found += [Difference(*one) for one in pairs if one[1] != one[2]]
        else:
            found.append(Difference(name, _shown(was[name]), _shown(now[name])))
    return tuple(found)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in cast("tuple[object, ...]", value))
    return "" if value is None else str(value)


def refused(refusal: Refusal, what: str = "") -> ListOutcome:
    """The outcome of a row that is not taken."""
    return ListOutcome(ListVerdict.REFUSED, what, refusal=refusal)
