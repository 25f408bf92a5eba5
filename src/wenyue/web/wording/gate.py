"""What a gate answers to a scan: for every reason one word to read at arm's length, why, and what the gate keeper does next."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from wenyue.gate import Reason
from wenyue.locale import Message

Tone = Literal["good", "ask", "bad"]


class GateText(NamedTuple):
    """`icon` names a symbol of the shared sprite. Placeholders: {when} {day} {session} {gate} {venue}."""

    tone: Tone
    icon: str
    word: Message
    why: Message
    next_step: Message


_CHECK_DOCUMENT: Final = Message("Check that the document is theirs, then let them in.")
_DESK: Final = Message("Send them to the counter.")
_SCAN_AGAIN: Final = Message(
    "Wipe the screen, turn up the brightness and scan again. Or use the identity document or booking code."
)

GATE_TEXTS: Final[Mapping[Reason, GateText]] = MappingProxyType(
    {
        Reason.ADMIT: GateText(
            "good",
            "check",
            Message("gate_reason.admit.word"),
            Message("gate_reason.admit.why"),
            _CHECK_DOCUMENT,
        ),
        Reason.CHOOSE_VISITOR: GateText(
            "ask",
            "users",
            Message("gate_reason.choose_visitor.word"),
            Message("gate_reason.choose_visitor.why"),
            Message("gate_reason.choose_visitor.next_step"),
        ),
        Reason.UNDONE: GateText(
            "ask",
            "swap",
            Message("gate_reason.undone.word"),
            Message("gate_reason.undone.why"),
            Message("gate_reason.undone.next_step"),
        ),
        Reason.ALREADY_USED: GateText(
            "bad",
            "closed",
            Message("gate_reason.already_used.word"),
            Message("gate_reason.already_used.why"),
            Message("gate_reason.already_used.next_step"),
        ),
        Reason.NOT_YET: GateText(
            "bad",
            "clock",
            Message("gate_reason.not_yet.word"),
            Message("gate_reason.not_yet.why"),
            Message("gate_reason.not_yet.next_step"),
        ),
        Reason.WRONG_DAY: GateText(
            "bad",
            "calendar",
            Message("gate_reason.wrong_day.word"),
            Message("gate_reason.wrong_day.why"),
            Message("gate_reason.wrong_day.next_step"),
        ),
        Reason.EXPIRED: GateText(
            "bad",
            "clock",
            Message("gate_reason.expired.word"),
            Message("gate_reason.expired.why"),
            Message("gate_reason.expired.next_step"),
        ),
        Reason.WRONG_VENUE: GateText(
            "bad",
            "pin",
            Message("gate_reason.wrong_venue.word"),
            Message("gate_reason.wrong_venue.why"),
            Message("gate_reason.wrong_venue.next_step"),
        ),
        Reason.VENUE_CLOSED: GateText(
            "bad",
            "lock",
            Message("gate_reason.venue_closed.word"),
            Message("gate_reason.venue_closed.why"),
            Message("gate_reason.venue_closed.next_step"),
        ),
        Reason.CANCELLED: GateText(
            "bad",
            "x",
            Message("gate_reason.cancelled.word"),
            Message("gate_reason.cancelled.why"),
            Message("gate_reason.cancelled.next_step"),
        ),
        Reason.HELD_UNPAID: GateText(
            "bad",
            "clock",
            Message("gate_reason.held_unpaid.word"),
            Message("gate_reason.held_unpaid.why"),
            Message("gate_reason.held_unpaid.next_step"),
        ),
        Reason.CARD_FROZEN: GateText(
            "bad",
            "nocard",
            Message("gate_reason.card_frozen.word"),
            Message("gate_reason.card_frozen.why"),
            Message("gate_reason.card_frozen.next_step"),
        ),
        Reason.CARD_DEAD: GateText(
            "bad",
            "nocard",
            Message("gate_reason.card_dead.word"),
            Message("gate_reason.card_dead.why"),
            Message("gate_reason.card_dead.next_step"),
        ),
        Reason.CARD_NOT_ACTIVE: GateText(
            "bad",
            "card",
            Message("gate_reason.card_not_active.word"),
            Message("gate_reason.card_not_active.why"),
            Message("gate_reason.card_not_active.next_step"),
        ),
        Reason.CARD_EXPIRED: GateText(
            "bad",
            "card",
            Message("gate_reason.card_expired.word"),
            Message("gate_reason.card_expired.why"),
            Message("gate_reason.card_expired.next_step"),
        ),
        Reason.PERSON_BANNED: GateText(
            "bad",
            "tight",
            Message("gate_reason.person_banned.word"),
            Message("gate_reason.person_banned.why"),
            Message("gate_reason.person_banned.next_step"),
        ),
        Reason.MINOR_WAITS: GateText(
            "ask",
            "users",
            Message("gate_reason.minor_waits.word"),
            Message("gate_reason.minor_waits.why"),
            Message("gate_reason.minor_waits.next_step"),
        ),
        Reason.NEEDS_MANUAL: GateText(
            "ask",
            "user",
            Message("gate_reason.needs_manual.word"),
            Message("gate_reason.needs_manual.why"),
            Message("gate_reason.needs_manual.next_step"),
        ),
        Reason.SHOW_DOCUMENT: GateText(
            "ask",
            "id",
            Message("gate_reason.show_document.word"),
            Message("gate_reason.show_document.why"),
            Message("gate_reason.show_document.next_step"),
        ),
        Reason.UNKNOWN_CODE: GateText(
            "bad",
            "info",
            Message("gate_reason.unknown_code.word"),
            Message("gate_reason.unknown_code.why"),
            _SCAN_AGAIN,
        ),
        Reason.BAD_SIGNATURE: GateText(
            "bad",
            "tight",
            Message("gate_reason.bad_signature.word"),
            Message("gate_reason.bad_signature.why"),
            Message("gate_reason.bad_signature.next_step"),
        ),
        Reason.DOCUMENT_INVALID: GateText(
            "bad",
            "id",
            Message("gate_reason.document_invalid.word"),
            Message("gate_reason.document_invalid.why"),
            Message("gate_reason.document_invalid.next_step"),
        ),
        Reason.NO_BOOKING: GateText(
            "bad",
            "calendar",
            Message("gate_reason.no_booking.word"),
            Message("gate_reason.no_booking.why"),
            Message("gate_reason.no_booking.next_step"),
        ),
        Reason.NOT_IN_PARTY: GateText(
            "bad",
            "users",
            Message("gate_reason.not_in_party.word"),
            Message("gate_reason.not_in_party.why"),
            _DESK,
        ),
    }
)

ELSEWHERE: Final = Message("Booked elsewhere today.")
SHARED_NUMBER: Final = Message(
    "Several visitors have documents with this number. Choose by the nationality and name on the document."
)
