"""The queue in front of sessions, said where one chooses them: that there is one, how long it takes, or that it is one's turn."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from wenyue.locale import translations
from wenyue.locale.formats import say_clock, say_instant, say_number
from wenyue.waiting_room import Known, RoomState, state_of
from wenyue.web.shared.i18n import Locale
from wenyue.web.traveller.context import TravellerContext
from wenyue.web.traveller.room_cookies import room_tokens
from wenyue.web.traveller.room_views import PACE_LEAST, eta_words, rounded
from wenyue.web.traveller.views import QueueView


class _File(msgspec.Struct, frozen=True):
    waiting: int
    per_s: float


_decode: Final = msgspec.json.Decoder(_File).decode


def queues_of(context: TravellerContext, slot_ids: Sequence[int], timezone: str) -> dict[int, QueueView]:
    """The queue of each of these slots that has one; no database. `timezone`: the venue's."""
    guarding = context.services.room.guarding(slot_ids)
    if not guarding:
        return {}
    tokens = room_tokens(context.request)
    said: dict[int, QueueView] = {}
    for known in {one.room.id: one for one in guarding.values()}.values():
        until = None
        if context.traveller_id is not None:
            until = context.services.room.token_for(context.traveller_id, known.room.id, tokens)
        said[known.room.id] = queue_view(known, until, timezone, context.locale)
    return {slot_id: said[known.room.id] for slot_id, known in guarding.items()}


def queue_view(known: Known, until: datetime | None, timezone: str, locale: Locale) -> QueueView:
    """What is said of a queue. `until`: of this traveller's turn, when it is theirs."""
    gettext, href = translations(locale).gettext, f"/room/{known.room.code}"
    if until is not None:
        at = say_clock(until, locale, timezone)
        return QueueView(
            href,
            gettext("Your turn until {at}", at=at),
            gettext("It's your turn. Choose and submit before {at}.", at=at),
            "",
            is_mine=True,
        )
    state = state_of(known.room)
    join = gettext("Join the queue")
    if state is RoomState.WAITING:
        opens = say_instant(known.room.release_at, locale, timezone)
        return QueueView(
            href,
            gettext("A queue from {at}", at=opens),
            gettext(
                "Many people want these days. Booking opens {at}, and there will be a queue. You can wait "
                "in it from now on: a draw decides the order of everybody who is there by then.",
                at=opens,
            ),
            gettext("Go to the waiting room"),
        )
    if state is RoomState.PAUSED:
        return QueueView(
            href,
            gettext("Queue, paused"),
            gettext("These days have a queue. It is paused now; whoever joins keeps their place."),
            join,
        )
    if state is RoomState.SOLD_OUT:
        return QueueView(
            href,
            gettext("Queue, all taken"),
            gettext("All places of these days are taken. If somebody cancels, the queue moves on."),
            join,
        )
    return _open_view(href, _decode(known.body), locale)


def _open_view(href: str, file: _File, locale: Locale) -> QueueView:
    gettext = translations(locale).gettext
    join = gettext("Join the queue")
    if not file.waiting:
        return QueueView(
            href,
            gettext("Queue, nobody waiting"),
            gettext("These days have a queue. Nobody is waiting now: it will be your turn at once."),
            join,
        )
    eta, count = eta_words(file.waiting, file.per_s, locale), say_number(rounded(file.waiting), locale)
    if file.per_s < PACE_LEAST:
        return QueueView(
            href,
            gettext("Queue, {n} waiting", n=count),
            gettext("These days have a queue. About {n} people are waiting now.", n=count),
            join,
        )
    return QueueView(
        href,
        gettext("Queue, {eta}", eta=eta),
        gettext(
            "These days have a queue. About {n} people are waiting now; the wait: {eta}.", n=count, eta=eta
        ),
        join,
    )
