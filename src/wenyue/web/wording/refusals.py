"""What the API and the pages say when the rules refuse a booking: the session, the people, the price or the places left."""

from collections.abc import Mapping
from typing import Final

from wenyue.booking import Outcome
from wenyue.locale import Message
from wenyue.policy import LimitKind
from wenyue.web.wording import OutcomeWords, Taken

SLOT_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.SLOT_UNKNOWN: OutcomeWords(
        Message("outcome.slot_unknown.title"),
        Message("outcome.slot_unknown.explanation"),
        Message("outcome.slot_unknown.next_step"),
    ),
    Outcome.SLOT_CLOSED: OutcomeWords(
        Message("outcome.slot_closed.title"),
        Message("outcome.slot_closed.explanation"),
        Message("outcome.slot_closed.next_step"),
    ),
    Outcome.NOT_RELEASED: OutcomeWords(
        Message("outcome.not_released.title"),
        Message("outcome.not_released.explanation"),
        Message("outcome.not_released.next_step"),
        at_note=Message("outcome.not_released.at_note"),
    ),
    Outcome.SALES_ENDED: OutcomeWords(
        Message("outcome.sales_ended.title"),
        Message("outcome.sales_ended.explanation"),
        Message("outcome.sales_ended.next_step"),
        at_note=Message("outcome.sales_ended.at_note"),
    ),
    Outcome.CHANNEL_CLOSED: OutcomeWords(
        Message("outcome.channel_closed.title"),
        Message("outcome.channel_closed.explanation"),
        Message("outcome.channel_closed.next_step"),
    ),
}

PEOPLE_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.NAME_DIFFERS: OutcomeWords(
        Message("outcome.name_differs.title"),
        Message("outcome.name_differs.explanation"),
        Message("outcome.name_differs.next_step"),
    ),
    Outcome.ACCOUNT_BANNED: OutcomeWords(
        Message("outcome.account_banned.title"),
        Message("outcome.account_banned.explanation"),
        Message("outcome.account_banned.next_step"),
        at_note=Message("outcome.account_banned.at_note"),
    ),
    Outcome.PERSON_BANNED: OutcomeWords(
        Message("outcome.person_banned.title"),
        Message("outcome.person_banned.explanation"),
        Message("outcome.person_banned.next_step"),
        at_note=Message("outcome.person_banned.at_note"),
    ),
    Outcome.PERSON_TWICE: OutcomeWords(
        Message("outcome.person_twice.title"),
        Message("outcome.person_twice.explanation"),
        Message("outcome.person_twice.next_step"),
    ),
    Outcome.PARTY_SIZE: OutcomeWords(
        Message("outcome.party_size.title"),
        Message("outcome.party_size.explanation"),
        Message("outcome.party_size.next_step"),
    ),
    Outcome.PERSON_REPEATED: OutcomeWords(
        Message("outcome.person_repeated.title"),
        Message("outcome.person_repeated.explanation"),
        Message("outcome.person_repeated.next_step"),
    ),
    Outcome.NUMBER_TWICE: OutcomeWords(
        Message("outcome.number_twice.title"),
        Message("outcome.number_twice.explanation"),
        Message("outcome.number_twice.next_step"),
    ),
    Outcome.MINOR_ALONE: OutcomeWords(
        Message("outcome.minor_alone.title"),
        Message("outcome.minor_alone.explanation"),
        Message("outcome.minor_alone.next_step"),
    ),
    Outcome.VISITORS_NEEDED: OutcomeWords(
        Message("outcome.visitors_needed.title"),
        Message("outcome.visitors_needed.explanation"),
        Message("outcome.visitors_needed.next_step"),
    ),
    Outcome.TOO_MANY_OPEN: OutcomeWords(
        Message("outcome.too_many_open.title"),
        Message("outcome.too_many_open.explanation"),
        Message("outcome.too_many_open.next_step"),
    ),
    Outcome.CANCEL_LIMIT: OutcomeWords(
        Message("outcome.cancel_limit.title"),
        Message("outcome.cancel_limit.explanation"),
        Message("outcome.cancel_limit.next_step"),
        Taken.UNCHANGED,
        Message("outcome.cancel_limit.at_note"),
    ),
    Outcome.MOVE_LIMIT: OutcomeWords(
        Message("outcome.move_limit.title"),
        Message("outcome.move_limit.explanation"),
        Message("outcome.move_limit.next_step"),
    ),
}

LIMIT_NOTES: Final[Mapping[LimitKind, Message]] = {  # about as many as the limit allows
    LimitKind.VISIT: Message.plural(
        "One account can book {n} place here per day, and you have {used}.",
        "One account can book {n} places here per day, and you have {used}.",
        0,
    ),
    LimitKind.SESSION: Message.plural(
        "One account can book {n} place in this session, and you have {used}.",
        "One account can book {n} places in this session, and you have {used}.",
        0,
    ),
    LimitKind.DAY: Message.plural(
        "One account can book {n} place of this kind per day, and you have {used}.",
        "One account can book {n} places of this kind per day, and you have {used}.",
        0,
    ),
    LimitKind.PLACES: Message.plural(
        "One account can have {n} unused place, and you have {used}.",
        "One account can have {n} unused places, and you have {used}.",
        0,
    ),
    LimitKind.UNPAID: Message.plural(
        "One account can have {n} unpaid place, and you have {used}.",
        "One account can have {n} unpaid places, and you have {used}.",
        0,
    ),
    LimitKind.UNNAMED: Message.plural(
        "One account can have {n} place without a name (rooms, tables, seats), and you have {used}.",
        "One account can have {n} places without a name (rooms, tables, seats), and you have {used}.",
        0,
    ),
    LimitKind.HOLDS: Message.plural(
        "One account can have {n} unconfirmed booking, and you have {used}.",
        "One account can have {n} unconfirmed bookings, and you have {used}.",
        0,
    ),
    LimitKind.MOVES: Message.plural(
        "A booking can be rescheduled once, and this one has been.",
        "A booking can be rescheduled {n} times, and this one was rescheduled {used} times.",
        0,
    ),
    LimitKind.MOVES_DAY: Message.plural(
        "You can reschedule {n} booking a day, and have rescheduled {used} today.",
        "You can reschedule {n} bookings a day, and have rescheduled {used} today.",
        0,
    ),
    LimitKind.CANCELS_DAY: Message.plural(
        "You can cancel {n} booking a day, and have cancelled {used} today.",
        "You can cancel {n} bookings a day, and have cancelled {used} today.",
        0,
    ),
    LimitKind.CANCELS_WEEK: Message.plural(
        "You can cancel {n} booking a week, and have cancelled {used} this week.",
        "You can cancel {n} bookings a week, and have cancelled {used} this week.",
        0,
    ),
    LimitKind.CANCELS_MONTH: Message.plural(
        "You can cancel {n} booking a month, and have cancelled {used} this month.",
        "You can cancel {n} bookings a month, and have cancelled {used} this month.",
        0,
    ),
    LimitKind.CANCELS_YEAR: Message.plural(
        "You can cancel {n} booking a year, and have cancelled {used} this year.",
        "You can cancel {n} bookings a year, and have cancelled {used} this year.",
        0,
    ),
}

PLACE_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.PRICE_CHANGED: OutcomeWords(
        Message("outcome.price_changed.title"),
        Message("outcome.price_changed.explanation"),
        Message("outcome.price_changed.next_step"),
    ),
    Outcome.CURRENCIES_MIXED: OutcomeWords(
        Message("outcome.currencies_mixed.title"),
        Message("outcome.currencies_mixed.explanation"),
        Message("outcome.currencies_mixed.next_step"),
    ),
    Outcome.SOLD_OUT: OutcomeWords(
        Message("outcome.sold_out.title"),
        Message("outcome.sold_out.explanation"),
        Message("outcome.sold_out.next_step"),
    ),
    Outcome.DAY_FULL: OutcomeWords(
        Message("outcome.day_full.title"),
        Message("outcome.day_full.explanation"),
        Message("outcome.day_full.next_step"),
    ),
    Outcome.CHANNEL_FULL: OutcomeWords(
        Message("outcome.channel_full.title"),
        Message("outcome.channel_full.explanation"),
        Message("outcome.channel_full.next_step"),
    ),
}
