"""Whose accounts are whose, once a document is seen and cards are shown: pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """An account that was opened with a document. `is_seen`: staff saw the document beside a card of this account."""

    traveller_id: int
    is_seen: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Of the accounts of one document: `fresh` become seen, of which `back` had lost it; `lost` lose it, `kept` stay as they are.

    `overturns`: what staff saw and decided before is taken back by it.
    """

    fresh: list[int]
    back: list[int]
    lost: list[int]
    kept: list[int]
    overturns: bool


def judge_claims(own: Collection[int], found: Sequence[Claim], gone: Sequence[Claim]) -> Judged:
    """Cards of the accounts `own` are shown with the document, which `found` claim and `gone` have lost.

    Who only typed it loses it. Who was seen with it stays, unless the person shows no card at all, or shows one that had lost the
    document and none of those that were seen: then an earlier settling was wrong.
    """
    back = [one for one in gone if one.traveller_id in own]
    others = [one for one in found if one.traveller_id not in own]
    is_known = any(one.is_seen for one in found if one.traveller_id in own)
    keeps_seen = bool(own) and (is_known or not back)
    lost = [one for one in others if not (one.is_seen and keeps_seen)]
    unseen = [one.traveller_id for one in found if one.traveller_id in own and not one.is_seen]
    return Judged(
        fresh=[*unseen, *(one.traveller_id for one in back)],
        back=[one.traveller_id for one in back],
        lost=[one.traveller_id for one in lost],
        kept=[one.traveller_id for one in others if one.is_seen and keeps_seen],
        overturns=any(one.is_seen for one in lost) or (not is_known and any(one.is_seen for one in back)),
    )
