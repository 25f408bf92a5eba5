"""What a gate is equipped with, one scan that is put to it, and what is gathered for the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from wenyue.booking import Party
from wenyue.core.documents import Document
from wenyue.core.personal import Vault
from wenyue.gate.model import Facts, Presented, Reason, ScanAnswer
from wenyue.gate.tokens import GateKeys
from wenyue.platform.database.db import Tx
from wenyue.policy import Preset

Parties = dict[UUID, Party]


# Who typed what leads to nothing here: (kind, which), of the gate and of its keeper.
Guessers = Sequence[tuple[str, str]]


def _nobody(_: ScanAnswer, _guessers: Guessers) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a gate is equipped with: the vault, the voucher keys, and the reservation presets by code.

    `heard` is told of every new scan's answer, for whoever watches out for abuse; it may neither raise nor wait.
    """

    vault: Vault = field(repr=False)
    keys: GateKeys = field(repr=False)
    presets: Mapping[str, Preset] = field(repr=False)
    heard: Callable[[ScanAnswer, Guessers], None] = field(default=_nobody, repr=False)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, and what the answer shows beside the decision."""

    facts: Facts
    parties: Parties = field(repr=False)
    why: str = ""
    documents: Mapping[bytes, Document] = field(
        default_factory=dict[bytes, Document], repr=False
    )  # of a number that several persons have: whose is which


@dataclass(frozen=True, slots=True)
class Question:
    """One scan, where and when."""

    tx: Tx
    desk: Desk
    venue_id: int
    today: date
    now: datetime


def nothing(question: Question, kind: Presented, problem: Reason, why: str = "") -> Gathered:
    """What was presented leads to nothing, for this reason."""
    return Gathered(Facts(kind, question.venue_id, question.today, problem=problem), {}, why)
