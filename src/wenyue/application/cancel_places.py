"""A traveller cancels a part of a booking: some visits, or some people. Asked again, it gives the same answer."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from wenyue.application.actors import Traveller
from wenyue.application.changing import ask_engine, change_request
from wenyue.booking import Answer, BookingView, ChangeKind, Outcome, booking_view
from wenyue.container import Services
from wenyue.policy import PartyProblem, Preset, check_party


class Part(Struct, frozen=True, gc=False):
    """What of a booking: these lines (none named: every line), and of them these visitors' places (none named: all)."""

    lines: tuple[int, ...] = ()
    visitors: tuple[int, ...] = ()


async def cancel_places(
    services: Services, traveller: Traveller, booking_id: UUID, part: Part, *, reason: str = ""
) -> Answer:
    """Give back some lines of a booking, or some people's places in them; the rest stands. Raises LoginEnded.

    As in a booking, no minors are left without the adults whom the venue's preset asks for (MINOR_ALONE, with the line).
    """
    alone = await _minors_left(services, traveller, booking_id, part) if part.visitors else None
    if alone is not None:
        return Answer(Outcome.MINOR_ALONE, booking_id, line=alone)
    sealed = services.vault.seal(reason.encode(), purpose=b"reason") if reason else b""
    request = change_request(ChangeKind.CANCEL, traveller, booking_id, reason=sealed)
    return await ask_engine(services, replace(request, lines=part.lines, visitors=part.visitors))


async def _minors_left(services: Services, traveller: Traveller, booking_id: UUID, part: Part) -> int | None:
    async with services.db.reading() as tx:
        view = await booking_view(tx, services.vault, booking_id, holder_id=traveller.id)
    return minors_left_in(view, part, services.presets) if view is not None else None


def minors_left_in(view: BookingView, part: Part, presets: Mapping[str, Preset]) -> int | None:
    """The first line in which only minors would be left, or more than the adults may take along."""
    births = [one.birth for one in view.party.visitors]
    for line in view.lines:
        if not line.is_live or (part.lines and line.line_no not in part.lines):
            continue
        staying = [births[number] for number in line.visitors if number not in part.visitors]
        preset = presets.get(line.policy_code)
        if preset is None or not 0 < len(staying) < len(line.visitors):
            continue
        if check_party(preset, staying, line.on_date) is PartyProblem.MINOR_ALONE:
            return line.line_no
    return None
