"""Whose accounts are whose, once a document is seen and cards are shown: a table."""

import pytest

from wenyue.accounts.claim_rules import Claim, Judged, judge_claims

SEEN, TYPED, OTHER = Claim(1, is_seen=True), Claim(2, is_seen=False), Claim(3, is_seen=False)
GONE, GONE_SEEN = Claim(8, is_seen=False), Claim(9, is_seen=True)


def judged(
    *,
    fresh: tuple[int, ...] = (),
    back: tuple[int, ...] = (),
    lost: tuple[int, ...] = (),
    kept: tuple[int, ...] = (),
    overturns: bool = False,
) -> Judged:
    return Judged(list(fresh), list(back), list(lost), list(kept), overturns)


@pytest.mark.parametrize(
    ("own", "found", "gone", "what"),
    [
        ((), (), (), judged()),
        ((), (TYPED, OTHER), (), judged(lost=(2, 3))),
        ((), (SEEN, TYPED), (), judged(lost=(1, 2), overturns=True)),
        ((2,), (TYPED, OTHER), (), judged(fresh=(2,), lost=(3,))),
        ((1,), (SEEN, TYPED), (), judged(lost=(2,))),
        ((2,), (SEEN, TYPED), (), judged(fresh=(2,), kept=(1,))),
        ((8,), (), (GONE,), judged(fresh=(8,), back=(8,))),
        ((8,), (TYPED,), (GONE, GONE_SEEN), judged(fresh=(8,), back=(8,), lost=(2,))),
        ((9,), (), (GONE_SEEN,), judged(fresh=(9,), back=(9,), overturns=True)),
        ((8,), (SEEN,), (GONE,), judged(fresh=(8,), back=(8,), lost=(1,), overturns=True)),
        ((1, 8), (SEEN,), (GONE,), judged(fresh=(8,), back=(8,))),
        ((1, 9), (SEEN, TYPED), (GONE_SEEN,), judged(fresh=(9,), back=(9,), lost=(2,))),
    ],
)
def test_security_sixth_S2_whose_accounts_are_whose(
    own: tuple[int, ...], found: tuple[Claim, ...], gone: tuple[Claim, ...], what: Judged
) -> None:
    assert judge_claims(own, found, gone) == what
