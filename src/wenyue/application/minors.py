"""Whether a change of a booking parts minors from the adults whom a preset asks for. Pure but for the reading."""

from collections.abc import Collection, Mapping
from uuid import UUID

from wenyue.application.actors import Traveller
from wenyue.booking import BookingView, booking_view
from wenyue.container import Services
from wenyue.policy import PartyProblem, Preset, check_party


async def minors_parted(
    services: Services,
    traveller: Traveller,
    booking_id: UUID,
    lines: Collection[int],
    visitors: Collection[int],
    *,
    go_together: bool,
) -> int | None:
    """The first of these lines (none named: of all) where minors are alone once these visitors left it, or None.

    `go_together`: they go on as a party of their own, in which minors must not be alone either.
    """
    if not visitors:
        return None
    async with services.db.reading() as tx:
        view = await booking_view(tx, services.vault, booking_id, holder_id=traveller.id)
    if view is None:
        return None
    return parted_in(view, lines, visitors, services.presets, go_together=go_together)


def parted_in(
    view: BookingView,
    lines: Collection[int],
    visitors: Collection[int],
    presets: Mapping[str, Preset],
    *,
    go_together: bool,
) -> int | None:
    """The first line in which a part of its people would be only minors, or more than the adults may take along."""
    births = [one.birth for one in view.party.visitors]
    for line in view.lines:
        preset = presets.get(line.policy_code)
        if preset is None or not line.is_live or (lines and line.line_no not in lines):
            continue
        staying = [births[number] for number in line.visitors if number not in visitors]
        leaving = [births[number] for number in line.visitors if number in visitors]
        if not staying or not leaving:  # all of them stay together
            continue
        for party in (staying, leaving) if go_together else (staying,):
            if check_party(preset, party, line.on_date) is PartyProblem.MINOR_ALONE:
                return line.line_no
    return None
