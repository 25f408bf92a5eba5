"""Noting what a preset counts as a failure: places given back, by a cancellation or a move, and visits missed. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from math import inf

from wenyue.booking.decisions import release
from wenyue.booking.decisions.effects import Effects, Strike
from wenyue.booking.decisions.facts import Facts, account_subject
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
        slot, terms = release.terms_of(line, facts)
        if terms.strike is None:
            continue
        on_date = today if terms.strike == "cancel" else slot.on_date
        subjects = subjects_of(terms.strike, line, booking, facts.book.presets[slot.policy_code])
        add_strike(effects, before, Strike(subjects, slot.policy_code, terms.strike, on_date, booking.id))
    return tuple(dict.fromkeys(one.kind for one in effects.strikes[before:]))


def note_missed(lines: Iterable[LineFacts], booking: ExistingBooking, facts: Facts, effects: Effects) -> None:
    """Note what these missed lines cost: at most one strike per preset and visit date of a booking.

    A day with several missed sessions is one failure, of everybody who answers for any of them (故宫: at most one counted a
    day). What is stored is one a subject, booking and day whatever the preset: so the preset that bans soonest comes first.
    """
    before = len(effects.strikes)
    for line in sorted(lines, key=lambda one: _strikes_until_ban(one, facts)):
        slot = facts.slots[line.slot_id]
        preset = facts.book.presets[slot.policy_code]
        if preset.missed_strike is not None:
            subjects = subjects_of(preset.missed_strike, line, booking, preset)
            strike = Strike(subjects, slot.policy_code, preset.missed_strike, slot.on_date, booking.id)
            add_strike(effects, before, strike)


def _strikes_until_ban(line: LineFacts, facts: Facts) -> float:
    strikes = facts.book.presets[facts.slots[line.slot_id].policy_code].strikes
    return strikes.ladder[0].strikes if strikes is not None else inf


def note_cancellation(
    live: Sequence[LineFacts], booking: ExistingBooking, facts: Facts, effects: Effects
) -> tuple[StrikeKind, ...]:
    """Note what the presets count when these last lines are given back, and that the account gave back a booking.

    Whoever does it: the account that cancels, or the last person who takes their place back. The kinds that count as failures.
    """
    limited = [line for line in live if _is_limited(line, facts)]
    before = len(effects.strikes)
    today = facts.local_now.date()
    kinds = note_strikes(live, booking, facts, effects)
    noted = {(one.policy_code, one.kind, one.on_date) for one in effects.strikes[before:]}
    for line in limited:
        code = facts.slots[line.slot_id].policy_code
        if (code, "cancel", today) not in noted:
            noted.add((code, "cancel", today))
            subjects = subjects_of("cancel", line, booking, facts.book.presets[code])
            effects.strikes.append(Strike(subjects, code, "cancel", today, booking.id))
    _note_cancel(booking, noted, today, facts=facts, effects=effects)
    return kinds


def _is_limited(line: LineFacts, facts: Facts) -> bool:
    return facts.book.presets[facts.slots[line.slot_id].policy_code].cancel_limits is not None


def _note_cancel(
    booking: ExistingBooking,
    noted: set[tuple[str, str, date]],
    today: date,
    *,
    facts: Facts,
    effects: Effects,
) -> None:
    """The cancellation counts once for the account: under the first preset that counts it, else under no preset."""
    if booking.holder_id is None:
        return
    account = account_subject(booking.holder_id)
    code = next((code for code, kind, _ in noted if kind == "cancel"), None)
    if code is None:
        code = ""
        effects.strikes.append(Strike((account,), code, "cancel", today, booking.id))
    facts.cancels.setdefault(account, []).append((code, today))


def subjects_of(
    kind: StrikeKind, line: LineFacts, booking: ExistingBooking, preset: Preset
) -> tuple[bytes, ...]:
    """Whom a strike counts against: those whom the preset names, as far as they answer for the booking.

    A person answers only for what their own account booked for them: whoever knows a document's number can book with it.
    For everybody else on the line the account answers, also where the preset names visitors alone; cancelling is always the
    account's doing. A booking without an account (made at a desk, by a partner, imported) counts against nobody.
    """
    if booking.holder_id is None:
        return ()
    account = account_subject(booking.holder_id)
    if kind == "cancel":
        return (account,)
    named = preset.strikes.subjects if preset.strikes is not None else ("account", "visitor")
    is_own = [key == booking.own_key for _, key, _ in line.places]
    subjects: list[bytes] = []
    if "visitor" in named and booking.own_key is not None and any(is_own):
        subjects.append(booking.own_key)
    if "account" in named or not all(is_own) or not is_own:
        subjects.append(account)
    return tuple(subjects)


def add_strike(effects: Effects, first: int, strike: Strike) -> None:
    """Add a strike to those from `first` on; one of the same preset, kind and day takes its subjects in."""
    for one in effects.strikes[first:]:
        if (one.policy_code, one.kind, one.on_date) == (strike.policy_code, strike.kind, strike.on_date):
            one.subjects = tuple(dict.fromkeys(one.subjects + strike.subjects))
            return
    effects.strikes.append(strike)
