"""What a text with a code says to the holder of a card."""

from wenyue.cards import recovery
from wenyue.locale import Locale, Message
from wenyue.locale.formats import say_clock


def code_words(begun: recovery.Begun, *, is_lost: bool) -> Message:
    """The text with a code that is the holder's alone."""
    code, minutes = begun.code.reveal(), recovery.CODE_TTL_S // 60
    if is_lost:
        return Message(
            "Code {code} to replace your lost card, valid for {minutes} minutes. Never share it. Not you? Ignore this.",
            code=code,
            minutes=minutes,
        )
    return Message(
        "Code {code} to sign in (and then unfreeze a card or change its PIN), valid for {minutes} minutes. Never share it."
        " Not you? Ignore this.",
        code=code,
        minutes=minutes,
    )


def shared_words(begun: recovery.Begun, locale: Locale) -> Message:
    """Many codes were asked for: this one serves whoever reads the phone, for whichever request. `locale`: the reader's."""
    drawn = begun.code.reveal()
    return Message(
        "Many codes were requested today. Code {code} to sign in, unfreeze or replace a card is valid until {until}; no"
        " other is sent before then. Never share it. Not you? Ignore this.",
        code="-".join(drawn[at : at + 5] for at in range(0, len(drawn), 5)),
        until=say_clock(begun.until, locale),
    )
