"""A proposed change as a command shows it."""

from collections.abc import Mapping
from typing import Final

from wenyue.changes import Change, State
from wenyue.locale import Message, command_locale, translations
from wenyue.locale.terminal import gettext
from wenyue.web.console.change_words import ACTS, Named, rows_of, say_counts

SHOWN_LENGTH: Final = 12  # hex digits of the digest: what `show` printed, and approving is bound to
STATES: Final = {
    State.WAITING: Message("waits"),
    State.APPLIED: Message("done"),
    State.DECLINED: Message("declined"),
    State.WITHDRAWN: Message("withdrawn"),
    State.EXPIRED: Message("expired"),
    State.FAILED: Message("not done"),
}


def state_of(change: Change) -> str:
    """What became of it, and whether somebody is still to look at it."""
    state = STATES[change.state].say(command_locale())
    return gettext("{state}, awaiting review", state=state) if change.awaits_review else state


def lines_of(change: Change, about: Named, logins: Mapping[str, str]) -> list[str]:
    """Everything that a decision is about, and last what `approve` wants to be told: that one has seen it."""
    reader = translations(command_locale())
    lines = [
        (gettext("act"), ACTS[change.kind].say(reader.locale)),
        (gettext("venue"), about.venue(change.venue_id, reader.locale) or gettext("all venues")),
        *(
            (one.label, f"{one.was} → {one.becomes}" if one.was else one.becomes)
            for one in rows_of(reader, change, about)
        ),
        (gettext("touches"), say_counts(reader, change.counts)),
        (gettext("at most"), gettext("{places} places", places=f"{change.bounds.places:,}")),
        (gettext("reason"), change.reason),
        (gettext("by"), logins.get(change.proposed_by, change.proposed_by)),
        (gettext("proposed (UTC)"), f"{change.proposed_at:%Y-%m-%d %H:%M}"),
        (gettext("state"), state_of(change)),
        ("shown", change.digest[:SHOWN_LENGTH]),
    ]
    return [f"{label}: {value}" for label, value in lines]
