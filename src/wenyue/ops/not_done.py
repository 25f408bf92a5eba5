"""Why an operator's act was not done, as commands say it."""

from typing import Final

from wenyue.application.operating import NotDone
from wenyue.application.operator_checks import DAYS_MAX
from wenyue.changes import Refusal
from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue.web.console.change_words import REFUSALS

NOT_DONE: Final[dict[NotDone, Message]] = {
    NotDone.VENUE_UNKNOWN: Message("no such venue"),
    NotDone.EVERY_VENUE: Message("it concerns every venue: only staff of the whole destination do it"),
    NotDone.PRODUCT_UNKNOWN: Message("no such product at this venue"),
    NotDone.SLOT_UNKNOWN: Message("no such session"),
    NotDone.CLOSURE_UNKNOWN: Message("no such closure, or it was lifted: see `wenyue slots closures`"),
    NotDone.DAY_UNKNOWN: Message(
        "the venue has no day's capacity then: it is past or too far ahead, or its calendar plans none"
    ),
    NotDone.BAD_DATES: Message("the last day follows the first, {n} days at most", n=DAYS_MAX),
    NotDone.TOO_MANY_CLOSURES: Message(
        "the venue has 200 closures that are not over: one longer one says the same; or lift some"
    ),
    NotDone.REASON_RESERVED: Message(
        "the calendar says this of the days it closes by itself: say it in other words"
    ),
    NotDone.REASON_NEEDED: Message(
        "say in one line of 200 characters at most what travellers are told (--reason)"
    ),
    NotDone.BAD_PRICE: Message("a price is 0 to 10,000,000 yuan"),
    NotDone.BAD_CAPACITY: Message("a capacity is 0 to 10,000,000"),
    NotDone.BELOW_TAKEN: Message(
        "more places are held and sold: with --follow the session is closed and the capacity goes down with what is given back"
    ),
    NotDone.POST_NEEDED: Message("name the gate or counter, in 40 characters at most"),
    NotDone.TOO_MANY_DEVICES: Message("this venue has too many devices: revoke some"),
    NotDone.DEVICE_UNKNOWN: Message("there is no such device, or it was revoked"),
    NotDone.FACTOR_OLD: Message("prove the second factor first"),
    NotDone.BELOW_RESERVES: Message("the channels' reserves add up to more"),
}


def refused(why: Refusal | NotDone) -> SetupError:
    """What is raised for it."""
    if isinstance(why, NotDone):
        return SetupError(NOT_DONE[why])
    return SetupError(REFUSALS[why])
