"""A person takes their own place out of a booking that somebody else made; the others in it keep theirs."""

from wenyue.accounts import names
from wenyue.application.actors import Traveller
from wenyue.application.places_by_others import NotTaken, own_keys
from wenyue.application.take_places_back import take_places_back
from wenyue.application.travelling import Own, acting
from wenyue.booking import Answer, by_others
from wenyue.container import Services


async def disown_place(services: Services, traveller: Traveller, slot_id: int) -> NotTaken | Answer | None:
    """Take back what others booked of the session; None: it is out, also if it was before. An answer: the first refusal.

    It counts as a try. Raises LoginEnded.
    """
    async with acting(services, traveller) as own:
        found = await _claim(services, own, slot_id)
    if isinstance(found, NotTaken):
        return None if found is NotTaken.DONE else found
    return await take_places_back(services, found, actor=traveller.name, login=traveller.login)


async def _claim(services: Services, act: Own, slot_id: int) -> list[by_others.PlaceByOther] | NotTaken:
    """The person's places of the session, to be taken back after this transaction."""
    holder_id, now = act.traveller.id, act.now
    own = await own_keys(services, act.tx, holder_id)
    if own is None:
        return NotTaken.UNSEEN
    here = await by_others.places_by_others(
        act.tx, [own.person], now, number_keys=own.numbers, slot_id=slot_id
    )
    if not here:
        number_key = own.numbers[0] if own.numbers else None
        is_done = await by_others.was_disowned(act.tx, own.person, slot_id, number_key=number_key)
        return NotTaken.DONE if is_done else NotTaken.NOTHING_THERE
    return here if await names.may_disown(act.tx, holder_id, now) else NotTaken.TOO_OFTEN
