"""Why an operator's act was not done, as commands say it."""

from typing import Final

from wenyue.application.operating import NotDone
from wenyue.application.operator_checks import DAYS_MAX
from wenyue.changes import Refusal
from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue.web.console.change_words import REFUSALS

NOT_DONE: Final[dict[NotDone, Message]] = {
    NotDone.VENUE_UNKNOWN: Message("venue not found"),
    NotDone.EVERY_VENUE: Message("this affects all venues: only staff responsible for all venues can do it"),
    NotDone.PRODUCT_UNKNOWN: Message("this venue has no such product"),
    NotDone.SLOT_UNKNOWN: Message("session not found"),
    NotDone.CLOSURE_UNKNOWN: Message("closure not found or already lifted: see `wenyue slots closures`"),
    NotDone.DAY_UNKNOWN: Message(
        "the venue has no daily capacity then: the day is past, too far ahead, or not set in its calendar"
    ),
    NotDone.BAD_DATES: Message(
        "the last day can't be before the first, and {n} days is the maximum", n=DAYS_MAX
    ),
    NotDone.TOO_MANY_CLOSURES: Message(
        "the venue already has 200 closures that haven't ended: replace them with a longer one, or lift some"
    ),
    NotDone.REASON_RESERVED: Message("the calendar uses this wording for regular closures: use other words"),
    NotDone.REASON_NEEDED: Message(
        "give the reason shown to travellers on one line, with at most 200 characters (--reason)"
    ),
    NotDone.BAD_PRICE: Message("a price is 0 to 10,000,000 yuan"),
    NotDone.BAD_CAPACITY: Message("a capacity is 0 to 10,000,000"),
    NotDone.BELOW_TAKEN: Message(
        "more places are already held or sold: with --follow the session closes and its "
        "capacity drops as places are given back"
    ),
    NotDone.POST_NEEDED: Message("name the gate or counter, with at most 40 characters"),
    NotDone.TOO_MANY_DEVICES: Message("this venue has too many devices: revoke some first"),
    NotDone.DEVICE_UNKNOWN: Message("device not found or already revoked"),
    NotDone.FACTOR_OLD: Message("verify the second step first"),
    NotDone.BELOW_RESERVES: Message("the channels' reserved places add up to more than this"),
}


def refused(why: Refusal | NotDone) -> SetupError:
    """What is raised for it."""
    if isinstance(why, NotDone):
        return SetupError(NOT_DONE[why])
    return SetupError(REFUSALS[why])
