"""After every step: one round trip for the invariants and the whole state, compared with the model."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from wenyue.booking import Answer, Outcome
from wenyue.ops.invariants import upon_standing
from wenyue_lab.simulator.fixtures import SQL
from wenyue_lab.simulator.model import Naive

SHOWN_MAX: Final = 12
_INSPECT: Final = upon_standing(SQL["inspect"])


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that must not be. `by` is what noticed it: an invariant, the model, or a constraint of the database."""

    by: str
    says: str


class Caught(Exception):
    """A step came out wrong."""

    def __init__(self, troubles: list[Trouble]) -> None:
        super().__init__(f"{len(troubles)} troubles")
        self.troubles = troubles

    @property
    def by(self) -> str:
        """Everything that noticed, in order."""
        return ", ".join(sorted({trouble.by for trouble in self.troubles}))


async def inspect(owner: AsyncConnection[TupleRow], model: Naive) -> list[Trouble]:
    """Broken invariants as the database's rows show them, and every difference between rows and model."""
    row = await (await owner.execute(_INSPECT, {})).fetchone()
    if row is None:
        raise LookupError("inspect")
    violations, pools, bookings, lines, cards = (json.loads(text) for text in row)
    troubles = [Trouble(text[:2], text[3:]) for text in cast(list[str], violations)[:SHOWN_MAX]]
    return troubles + list(_differences(model, pools, bookings, lines, cards))[:SHOWN_MAX]


def _differences(
    model: Naive,
    pools: list[list[int]],
    bookings: list[tuple[str, int, int]],
    lines: list[list[object]],
    cards: list[list[int]],
) -> Iterator[Trouble]:
    counted = model.counted()
    for pool, *row in pools:
        expected = [model.capacity[pool], *counted[pool], model.targets.get(pool)]
        if row != expected:
            yield Trouble("state", f"pool {pool}: rows say {row}, model {expected}")
    known = {str(booking.id): [int(booking.state), booking.total] for booking in model.bookings.values()}
    stored = {id_: [state, total] for id_, state, total in bookings}
    for id_ in sorted(known.keys() | stored.keys()):
        if known.get(id_) != stored.get(id_):
            what = (
                "an acknowledged booking is not as it was told" if id_ in known else "nobody was told of it"
            )
            yield Trouble("I1", f"booking {id_}: rows say {stored.get(id_)}, model {known.get(id_)}: {what}")
    there = {tuple(line) for line in lines}
    expected_lines = {
        (str(booking.id), line.no, line.slot.id, line.quantity) for booking, line in model.live()
    }
    for line in sorted(there ^ expected_lines, key=str):
        whose = "rows" if line in there else "model"
        yield Trouble("state", f"live line {line} only in the {whose}")
    for card, used in cards:
        expected_use = sum(count for _, count in model.card_uses(card))
        if used != expected_use:
            yield Trouble("state", f"card {card}: rows say {used} used, model {expected_use}")


def compare(said: Answer, expected: Answer) -> list[Trouble]:
    """The engine's answer against the model's."""
    if said == expected:
        return []
    return [Trouble("answer", f"engine: {show(said)}; model: {show(expected)}")]


def show(answer: Answer) -> str:
    """An answer in one line."""
    more = [
        f"{name}={value}"
        for name, value in (
            ("line", answer.line),
            ("visitor", answer.visitor),
            ("at", answer.at),
            ("hold_until", answer.hold_until),
            ("total", answer.total_minor or None),
            ("state", answer.state.name if answer.state else None),
        )
        if value is not None
    ]
    replay = " (replay)" if answer.is_replay else ""
    return f"{Outcome(answer.outcome).name}{replay} {' '.join(more)}".strip()


def is_refusal(answer: Answer) -> bool:
    """Nothing was written for it."""
    return answer.outcome >= Outcome.ID_REUSED
