"""Places come out of the bookings that others made of them: what both ways of asking for it share."""

from collections.abc import Sequence

from wenyue.accounts import LoginEnded
from wenyue.booking import Answer, ChangeKind, ChangeRequest, Outcome, by_others
from wenyue.container import Services


async def take_places_back(
    services: Services, places: Sequence[by_others.PlaceByOther], *, actor: str, login: str
) -> Answer | None:
    """Take these places out of the bookings they are in; the first refusal, or None: all are out.

    Whoever booked is told by the worker, and counted as having tried a document. Raises LoginEnded.
    """
    for one in places:
        asked = ChangeRequest(
            ChangeKind.DISOWN,
            one.booking_id,
            actor,
            person_key=one.person_key,
            slot_id=one.slot_id,
            login=login,
        )
        answer = await services.engine.change(asked)
        if answer.outcome is Outcome.LOGIN_ENDED:
            raise LoginEnded
        if answer.outcome is not Outcome.CANCELLED:
            return answer
        if one.holder_id is not None and not answer.is_replay:
            services.note_document(one.holder_id)
    return None
