"""The table of rights: what a duty allows where, what may be given, and that nobody lost or gained by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.core.duties import (
    AT_POSTS,
    EVERY_DUTY,
    FORMER,
    RIGHTS,
    Duties,
    Duty,
    FormerRole,
    Right,
    Role,
    duties_of_role,
    former_role,
    may,
    may_anywhere,
    may_give,
    read_duties,
    read_duty,
    venues_for,
)

VENUES = (1, 2, 3)
POSTS = ("", "北门", "柜台/2")


def duty(role: Role, venue: int | None, post: str) -> Duty:
    return Duty(role, venue, post if venue and role in AT_POSTS else "")


DUTY = st.builds(duty, st.sampled_from(Role), st.sampled_from((None, *VENUES)), st.sampled_from(POSTS))
DUTIES = st.frozensets(DUTY, max_size=5)
PLACE = st.sampled_from(
    [(None, None), *((venue, post) for venue in VENUES for post in (None, "北门", "南门"))]
)


@given(DUTY)
def test_a_duty_is_what_its_text_says(one: Duty) -> None:
    assert read_duty(str(one)) == one


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "valid Role"),
        ("king", "valid Role"),
        ("gate@", "a scope is"),
        ("gate@venue:", "a scope is"),
        ("gate@venue:0", "a scope is"),
        ("gate@venue:x", "a scope is"),
        ("gate@venue:٣", "a scope is"),
        ("gate@lake:1", "a scope is"),
        (f"gate@venue:{2**63}", "a scope is"),
        ("finance@venue:1/x", "stand at a post"),
        (f"gate@venue:1/{'x' * 41}", "at most 40"),
    ],
)
def test_what_is_no_duty_is_refused_and_allows_nothing(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_duty(text)
    assert read_duties([text]) == frozenset()


@given(DUTIES, st.sampled_from(Right), PLACE)
def test_each_duty_by_itself_allows_what_all_together_allow(
    duties: Duties, right: Right, place: tuple[int | None, str | None]
) -> None:
    assert may(duties, right, *place) == any(may(frozenset({one}), right, *place) for one in duties)
    if may(duties, right, *place):
        assert may_anywhere(duties, right)
        found = venues_for(duties, right)
        assert found is None or place[0] in found
    if may(duties, right):
        assert all(may(duties, right, venue, "any") for venue in VENUES)


@given(DUTIES, DUTY)
def test_who_gives_a_duty_gains_nothing_for_themselves_by_it(duties: Duties, given_to: Duty) -> None:
    """Whoever may give it administers the place of it: no venue's administrator makes one of another place."""
    if may_give(duties, given_to):
        assert any(
            one.role is Role.ADMINISTRATOR and one.venue_id in {None, given_to.venue_id} for one in duties
        )


def test_every_right_has_its_line_and_only_the_server_runs_the_server() -> None:
    assert set(RIGHTS) == set(Right)
    assert [right for right, roles in RIGHTS.items() if not roles] == [Right.SERVER_RUN]
    assert {role for roles in RIGHTS.values() for role in roles} == set(Role)
    assert all(may(EVERY_DUTY, right) for right in Right if right is not Right.SERVER_RUN)


# What logins could do before there were duties, as the release before wrote it in its code.
BEFORE: dict[FormerRole, set[Right]] = {
    "gate": {Right.GATE_SCAN, Right.GATE_UNDO, Right.BOOKINGS_FIND},
}
BEFORE["operator"] = BEFORE["gate"] | {
    Right.UNDO_CONFIRM,
    Right.CARDS_REPLACE,
    Right.CARDS_STOP,
    Right.PLACES_TAKE_BACK,
    Right.HOLDERS_SETTLE,
    Right.CONSOLE_VIEW,
    Right.HOLIDAYS_PREVIEW,
    Right.HOLIDAYS_SET,
}
BEFORE["admin"] = BEFORE["operator"] | {Right.CARDS_REPLACE_DISPUTED, Right.HOLDERS_SETTLE_SEEN}
# Acts that no login did before, only whoever has the server.
BY_COMMAND_ONLY = {
    *(Right.SLOTS_CLOSE, Right.SLOTS_REOPEN, Right.PRICES_SET, Right.CAPACITY_SET),
    *(Right.STAFF_MANAGE, Right.DEVICES_MANAGE, Right.SERVER_RUN),
    *(Right.CHANGES_APPROVE, Right.CHANGES_REVIEW, Right.RECORD_READ, Right.DATA_IMPORT, Right.DATA_EXPORT),
    *(Right.ROOMS_MANAGE, Right.BANS_LIFT, Right.NAMES_STRIKE, Right.ABUSE_MANAGE),
}


@pytest.mark.parametrize("role", FORMER)
@pytest.mark.parametrize("venues", [(), (1,), (1, 2)])
def test_nobody_lost_or_gained_a_right(role: FormerRole, venues: tuple[int, ...]) -> None:
    duties = duties_of_role(role, venues)
    assert former_role(duties) == role
    for right in set(Right) - BY_COMMAND_ONLY:
        had = right in BEFORE[role]
        for venue in VENUES:
            assert may(duties, right, venue) == (had and (not venues or venue in venues)), (right, venue)
        assert may(duties, right) == (had and not venues)
