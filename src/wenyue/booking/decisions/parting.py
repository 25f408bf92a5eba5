"""Whether a change of a booking parts minors from the adults whom a preset asks for. Decided where the lines are locked. Pure."""

from collections.abc import Collection, Sequence
from datetime import date

from wenyue.booking.decisions import release
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.model import Answer, ExistingBooking, LineFacts, Outcome
from wenyue.policy import PartyProblem, check_party


def minors_parted(
    lines: Collection[LineFacts],
    visitors: Sequence[int],
    births: Sequence[date | None],
    booking: ExistingBooking,
    facts: Facts,
    *,
    go_together: bool,
) -> Answer | None:
    """MINOR_ALONE with the first of these stored lines in which minors are alone once these visitors left it, or None.

    `births`: of the party, by visitor number; none: whoever asks saw the people. `go_together`: those who leave go on as a
    party of their own, in which minors must not be alone either.
    """
    if not births or not visitors:
        return None
    for line in sorted(lines, key=lambda one: one.line_no):
        preset = facts.book.presets[facts.slots[line.slot_id].policy_code]
        numbers = [one[0] for one in line.places]
        staying = [births[one] for one in numbers if one not in visitors]
        leaving = [births[one] for one in numbers if one in visitors]
        if not staying or not leaving:  # all of them stay together
            continue
        for party in (staying, leaving) if go_together else (staying,):
            if check_party(preset, party, line.on_date) is PartyProblem.MINOR_ALONE:
                return release.answer_of(Outcome.MINOR_ALONE, booking, line=line.line_no)
    return None
