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

LIMIT_NOTES: Final[Mapping[LimitKind, Message]] = {
    LimitKind.VISIT: Message("limit_kind.visit"),
    LimitKind.SESSION: Message("limit_kind.session"),
    LimitKind.DAY: Message("limit_kind.day"),
    LimitKind.PLACES: Message("limit_kind.places"),
    LimitKind.UNPAID: Message("limit_kind.unpaid"),
    LimitKind.UNNAMED: Message("limit_kind.unnamed"),
    LimitKind.HOLDS: Message("limit_kind.holds"),
    LimitKind.MOVES: Message("limit_kind.moves"),
    LimitKind.MOVES_DAY: Message("limit_kind.moves_day"),
    LimitKind.CANCELS_DAY: Message("limit_kind.cancels_day"),
    LimitKind.CANCELS_WEEK: Message("limit_kind.cancels_week"),
    LimitKind.CANCELS_MONTH: Message("limit_kind.cancels_month"),
    LimitKind.CANCELS_YEAR: Message("limit_kind.cancels_year"),
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
