"""Noting what a preset counts as a failure when places are given back: by a cancellation or by a move. Pure."""

from collections.abc import Iterable

from wenyue.booking import returning
from wenyue.booking.effects import Effects, Strike
from wenyue.booking.facts import Facts, account_subject
from wenyue.booking.model import ExistingBooking, LineFacts
from wenyue.policy import Preset, StrikeKind


def note_strikes(
    lines: Iterable[LineFacts], booking: ExistingBooking, facts: Facts, effects: Effects
) -> tuple[StrikeKind, ...]:
    """Note what giving these lines back now counts as: at most one strike per preset and visit date of a booking.

    Returns the kinds that were noted, each once.
    """
    today = facts.local_now.date()
    before = len(effects.strikes)
    for line in lines:
        slot, terms = returning.terms_of(line, facts)
        if terms.strike is None:
            continue
        on_date = today if terms.strike == "cancel" else slot.on_date
        subjects = subjects_of(terms.strike, line, booking, facts.book.presets[slot.policy_code])
        noted = [(one.policy_code, one.kind, one.on_date) for one in effects.strikes[before:]]
        if (slot.policy_code, terms.strike, on_date) not in noted:
            effects.strikes.append(Strike(subjects, slot.policy_code, terms.strike, on_date, booking.id))
    return tuple(dict.fromkeys(one.kind for one in effects.strikes[before:]))


def subjects_of(
    kind: StrikeKind, line: LineFacts, booking: ExistingBooking, preset: Preset
) -> tuple[bytes, ...]:
    """Whom a strike counts against: those whom the preset names; cancelling is always the account's doing."""
    named = preset.strikes.subjects if preset.strikes is not None else ("account", "visitor")
    subjects = [key for _, key, _ in line.places] if kind != "cancel" and "visitor" in named else []
    if booking.holder_id is not None and (kind == "cancel" or "account" in named):
        subjects.append(account_subject(booking.holder_id))
    return tuple(subjects)
