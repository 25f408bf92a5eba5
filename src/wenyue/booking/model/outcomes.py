"""What the engine can say to a request."""

from enum import IntEnum


class Outcome(IntEnum):
    """Every answer the engine can give, in order of precedence: a request gets the smallest that applies.

    0-9 the place is had; 10-19 transient, the same request may be sent again; 20 and above it was decided.
    """

    CONFIRMED = 0
    HELD = 1
    CANCELLED = 2
    RESCHEDULED = 3

    BUSY = 10  # the queue is full or the database is away: nothing was done
    TOO_LATE = 11  # the deadline passed before the request was started: nothing was done
    UNKNOWN = 12  # the connection died during COMMIT: ask again with the same id
    STALE_FACTS = 13  # internal: a cached fact changed under the batch; the batcher decides again

    ID_REUSED = 20  # this id was used with another body
    NOT_FOUND = 21
    WRONG_STATE = 22  # e.g. confirming a cancelled booking
    ALREADY_REDEEMED = 23
    TERMS_FORBID = 24  # the cancellation or change deadline has passed
    LOGIN_ENDED = 25  # the login that asked was ended or ran out meanwhile: nothing was done
    LINE_UNKNOWN = 26  # a move names a line that the booking has no more, or one twice; `lines` are there

    SLOT_UNKNOWN = 30
    SLOT_CLOSED = 31  # 闭园
    NOT_RELEASED = 32  # 未开放
    SALES_ENDED = 33
    CHANNEL_CLOSED = 34
    PRICE_CHANGED = 35
    CURRENCIES_MIXED = 36  # one booking is paid in one currency

    CARD_UNKNOWN = 40
    CARD_NOT_ACTIVE = 41
    CARD_FROZEN = 42
    CARD_DEAD = 43  # replaced or cancelled
    CARD_NOT_YET_VALID = 44
    CARD_EXPIRED = 45
    CARD_BLACKOUT = 46
    CARD_NOT_COVERED = 47  # the product is not in the card's scope
    CARD_LEAD_TIME = 48
    CARD_PERSON = 49  # a visitor who is neither holder nor a companion the card allows
    CARD_PARTY = 50
    CARD_EXHAUSTED = 51
    CARD_PERIOD = 52  # per-day, -week or -month limit reached
    CARD_INTERVAL = 53
    CARD_SAME_VENUE_DAY = 54  # once per day per venue
    CARD_OPEN_RESERVATION = 55  # so many unused reservations at a time

    ACCOUNT_BANNED = 60
    PARTY_SIZE = 62  # of one line, or of everything that the account has there
    MINOR_ALONE = 63
    VISITORS_NEEDED = 64
    TOO_MANY_OPEN = 65
    CANCEL_LIMIT = 66
    PERSON_REPEATED = 67  # this very request names the person twice for one day (or session)
    MOVE_LIMIT = 69  # this booking was moved as often as its account may

    SOLD_OUT = 80
    DAY_FULL = 81  # approved carrying capacity of the day
    CHANNEL_FULL = 82

    # What tells something of a person who may be somebody else comes last: only whoever would have booked them hears it.
    NAME_DIFFERS = 90  # staff saw another name on the document; looked at before anything else of the person
    PERSON_BANNED = 91
    PERSON_TWICE = 92  # this person already has a place that day (or in that session)
    NUMBER_TWICE = 93  # the document's number has a place there under another kind or nationality

    @property
    def is_success(self) -> bool:
        """The caller has what it asked for."""
        return self < Outcome.BUSY

    @property
    def is_transient(self) -> bool:
        """The same request with the same id may succeed a moment later."""
        return Outcome.BUSY <= self < Outcome.ID_REUSED

    @property
    def is_full(self) -> bool:
        """No capacity is left."""
        return Outcome.SOLD_OUT <= self < Outcome.NAME_DIFFERS

    @property
    def tells_of_person(self) -> bool:
        """It says something of a document that may be somebody else's: who asked is counted for it."""
        return self >= Outcome.NAME_DIFFERS or self is Outcome.CARD_PERSON
