"""Why an operator's act was not done, in words for the console."""

from typing import Final

from wenyue.application.operating import NotDone
from wenyue.application.operator_checks import DAYS_MAX, REASON_LENGTH_MAX
from wenyue.locale import Message
from wenyue.web.console.context import OperatorContext

# Field of the form, then the words.
SAID: Final = {
    NotDone.VENUE_UNKNOWN: (
        "venue",
        Message.in_context("console", "Venue not found, or it isn't yours."),
    ),
    NotDone.EVERY_VENUE: (
        "from",
        Message(
            "Holidays change the sessions of every venue, so only staff responsible for all "
            "venues can enter them. Ask an administrator."
        ),
    ),
    NotDone.PRODUCT_UNKNOWN: ("product", Message("This venue doesn't have this product.")),
    NotDone.SLOT_UNKNOWN: (
        "starts",
        Message("No session starts at this time on this day."),
    ),
    NotDone.CLOSURE_UNKNOWN: (
        "closure",
        Message("Closure not found, or already lifted."),
    ),
    NotDone.DAY_UNKNOWN: (
        "from",
        Message(
            "This day has no daily capacity: it's in the past, too far ahead, or not set in the calendar."
        ),
    ),
    NotDone.BAD_DATES: (
        "to",
        Message("The last day can't be before the first, and {n} days is the maximum.", n=DAYS_MAX),
    ),
    NotDone.TOO_MANY_CLOSURES: (
        "from",
        Message(
            "This venue already has 200 closures that haven't ended. Replace them with one "
            "longer closure, or lift some first."
        ),
    ),
    NotDone.REASON_RESERVED: (
        "reason",
        Message(
            "The calendar uses this wording for regular closures, so reopening couldn't tell "
            "them apart. Use other words, such as the specific reason."
        ),
    ),
    NotDone.REASON_NEEDED: (
        "reason",
        Message("Enter the reason on one line, {n} characters at most.", n=REASON_LENGTH_MAX),
    ),
    NotDone.BAD_PRICE: (
        "yuan",
        Message("Enter an amount such as 58 or 58.50, up to 10 million yuan."),
    ),
    NotDone.BAD_CAPACITY: (
        "places",
        Message("Enter a whole number from 0 to 10,000,000."),
    ),
    NotDone.BELOW_TAKEN: (
        "places",
        Message(
            "More places are already taken. You can tick “stop sales and reduce step by step as "
            "bookings are cancelled”."
        ),
    ),
    NotDone.FACTOR_OLD: ("code", Message("Verify again first.")),
    NotDone.BELOW_RESERVES: (
        "places",
        Message("The channels' reserved places add up to more than this. Change the reserves first."),
    ),
}


def say_not_done(context: OperatorContext, why: NotDone) -> str:
    """The sentence."""
    return context.say(SAID[why][1])


def field_of(why: NotDone) -> str:
    """Which field of a form it is about."""
    return SAID[why][0]
