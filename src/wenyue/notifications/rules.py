"""What a message says. Pure: a booking, the presets and `now` give the text, with masked names and no document number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import reduce
from typing import Final

from wenyue.booking import BookingState, BookingView, EventKind, LineView
from wenyue.core.clock import zone
from wenyue.core.documents import mask_name
from wenyue.locale import Locale, Message, Translations, text_in, translations
from wenyue.locale.formats import say_clock, say_day
from wenyue.policy import Preset, cancel_terms

_TRUE_IN: Final = {
    EventKind.CONFIRMED: (BookingState.CONFIRMED,),
    EventKind.HELD: (BookingState.HELD,),
    EventKind.CANCELLED: (BookingState.CANCELLED,),
    EventKind.RESCHEDULED: (BookingState.CONFIRMED, BookingState.HELD),
    EventKind.EXPIRED: (BookingState.EXPIRED,),
    EventKind.NO_SHOW: (BookingState.NO_SHOW, BookingState.CONFIRMED),  # a session of several
    EventKind.DISOWNED: (BookingState.CONFIRMED, BookingState.HELD, BookingState.CANCELLED),
    EventKind.REDUCED: (BookingState.CONFIRMED, BookingState.HELD),
}
_BRING: Final = {
    "session": Message("Bring your original ID"),
    "night": Message("Check in with your original ID"),
    "table": Message("Show your voucher at the table"),
    "seat": Message("Board with your original ID"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a text is told by besides the booking."""

    presets: Mapping[str, Preset]
    now: datetime


def is_still_true(kind: EventKind, state: BookingState) -> bool:
    """Whether a booking in `state` should still hear of `kind`: nobody is sent to a visit that was cancelled since."""
    return state in _TRUE_IN[kind]


def render(kind: EventKind, view: BookingView, told: Told, locale: Locale, *, is_signed: bool) -> str:
    """The text for one booking; `is_signed`: an SMS, which names its sender."""
    lines = _lines_of(kind, view)
    text = _Words(view, lines, told, locale).of(kind) if lines else ""
    return signed(text, locale) if is_signed else text


def signed(text: str, locale: Locale) -> str:
    """An SMS: its text with the sender's name, as it is registered with the provider."""
    return translations(locale).gettext("[Wenyue Card] {text}", text=text)


def _lines_of(kind: EventKind, view: BookingView) -> list[LineView]:
    """What a text is about: of a booking over several sessions, those that were missed."""
    if kind is EventKind.DISOWNED:
        return disowned_lines(view)
    lines = _lines(view)
    missed = [line for line in lines if line.is_missed] if kind is EventKind.NO_SHOW else []
    return missed or lines


def _lines(view: BookingView) -> list[LineView]:
    """What the booking is about, in time order; when everything was given back, what was given back last."""
    live = sorted((line for line in view.lines if line.is_live), key=_starts)
    return live or sorted(view.lines, key=_number)[-1:]


def disowned_lines(view: BookingView) -> list[LineView]:
    """The lines out of which somebody took their place, in time order."""
    return sorted((line for line in view.lines if line.disowned), key=_starts)


def _disowners(view: BookingView, lines: Sequence[LineView]) -> list[str]:
    """Who took their places out, masked, each once."""
    numbers = dict.fromkeys(number for line in lines for number in line.disowned)
    people = view.party.visitors
    return [mask_name(people[number].name) for number in numbers if number < len(people)]


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said of a booking's lines in one language. Hyphens and straight quotes: an English SMS counts in GSM letters."""

    view: BookingView
    lines: Sequence[LineView]
    told: Told
    locale: Locale

    @property
    def _(self) -> Translations:
        return translations(self.locale)

    def of(self, kind: EventKind) -> str:
        """The whole text."""
        _, what, who = self._, self._what(), self._who()
        match kind:
            case EventKind.CONFIRMED:
                use = {"bring": self._bring(), "cancel": self._cancel()}
                text = _.gettext("Booked: {what}, {who}. {bring}. {cancel}.", what=what, who=who, **use)
            case EventKind.HELD:
                until = self._clock(self.view.hold_until or self.told.now)
                text = _.gettext(
                    "Held for you: {what}, {who}. Confirm before {until} or it will be released.",
                    what=what,
                    who=who,
                    until=until,
                )
            case EventKind.CANCELLED:
                text = _.gettext(
                    "Cancelled: {what}, {who}. The places have been released.", what=what, who=who
                )
            case EventKind.RESCHEDULED:
                use = {"bring": self._bring(), "cancel": self._cancel()}
                text = _.gettext("Changed to: {what}, {who}. {bring}. {cancel}.", what=what, who=who, **use)
            case EventKind.EXPIRED:
                text = _.gettext(
                    "Released because it was not confirmed in time: {what}, {who}.", what=what, who=who
                )
            case EventKind.NO_SHOW:
                text = _.gettext(
                    "Missed: {what}, {who}. If this is wrong, contact customer service.", what=what, who=who
                )
            case EventKind.DISOWNED:
                text = self._disowned()
            case EventKind.REDUCED:
                text = _.gettext(
                    "Part of your booking was cancelled, and its places have been released. Still booked: {what}, {who}.",
                    what=what,
                    who=who,
                )
        return text

    def _disowned(self) -> str:
        _ = self._
        people, what = self._people(_disowners(self.view, self.lines)), self._what()
        if _has_rest(self.view):
            return _.gettext(
                "{people} did not agree to being booked for {what}, and that place has been released. Everyone else keeps"
                " theirs. If in doubt, contact customer service.",
                people=people,
                what=what,
            )
        return _.gettext(
            "{people} did not agree to being booked for {what}, and that place has been released. Nothing is left of the"
            " booking. If in doubt, contact customer service.",
            people=people,
            what=what,
        )

    def _people(self, names: Sequence[str]) -> str:
        if not names:
            return self._.gettext("A visitor")
        *first, last = names
        if not first:
            return last
        before = reduce(lambda a, b: self._.pgettext("people", "{a}, {b}", a=a, b=b), first)
        return self._.pgettext("people", "{a} and {b}", a=before, b=last)

    def _who(self) -> str:
        """For how many people, and the first one's name, if it is known."""
        _, name, count = self._, _name(self.view), max(line.quantity for line in self.lines)
        if name:
            return (
                _.npgettext("who", "{n} person ({name})", "{n} people ({name})", count, name=name)
                if count > 1
                else _.pgettext("who", "1 person ({name})", name=name)
            )
        return (
            _.npgettext("who", "{n} person", "{n} people", count)
            if count > 1
            else _.pgettext("who", "1 person")
        )

    def _what(self) -> str:
        """Where and when: the first line, and how many more there are."""
        _, first, count = self._, self.lines[0], len(self.lines)
        day = say_day(first.on_date, self.locale)
        venue = text_in(first.venue, self.locale)
        start = self._clock(first.starts_at)
        if first.product_kind == "night":
            if len({line.product_id for line in self.lines}) == 1:
                return _.ngettext(
                    "{venue}, {n} night from {day}",
                    "{venue}, {n} nights from {day}",
                    count,
                    venue=venue,
                    day=day,
                )
            text = _.gettext("{venue}, from {day}", venue=venue, day=day)
        elif first.product_kind == "table":
            text = _.gettext("{venue}, {day} {start}", venue=venue, day=day, start=start)
        else:
            end = self._clock(first.ends_at)
            text = _.gettext("{venue}, {day} {start}-{end}", venue=venue, day=day, start=start, end=end)
        return _.gettext("{what} and {m} more", what=text, n=count, m=count - 1) if count > 1 else text

    def _bring(self) -> str:
        return _BRING[self.lines[0].product_kind].say(self.locale)

    def _cancel(self) -> str:
        is_allowed, is_counted, until = _cancel(self.lines, self.told)
        if not is_allowed:
            return self._.gettext("It can no longer be cancelled")
        local = until.astimezone(zone(self.lines[0].timezone))
        if local.time() == time(0):
            day = say_day(local.date() - timedelta(days=1), self.locale)
            text = self._.gettext("Cancel by the end of {day}", day=day)
        else:
            day = say_day(local.date(), self.locale)
            text = self._.gettext("Cancel before {clock} on {day}", clock=self._clock(until), day=day)
        return self._.gettext("{until} (this counts as a missed visit)", until=text) if is_counted else text

    def _clock(self, at: datetime) -> str:
        """On the wall of the first line's venue."""
        return say_clock(at, self.locale, self.lines[0].timezone)


def _starts(line: LineView) -> datetime:
    return line.starts_at


def _number(line: LineView) -> int:
    return line.line_no


def _has_rest(view: BookingView) -> bool:
    return any(line.is_live for line in view.lines)


def _cancel(lines: Sequence[LineView], told: Told) -> tuple[bool, bool, datetime]:
    """Allowed, counted against the party, and until when: the strictest line decides, as in the engine."""
    terms = [
        cancel_terms(told.presets[line.policy_code], line.on_date, line.starts_at, line.timezone, told.now)
        for line in lines
    ]
    return (
        all(one.is_allowed for one in terms),
        any(one.strike is not None for one in terms),
        min(one.until for one in terms),
    )


def _name(view: BookingView) -> str:
    coming = view.coming
    return mask_name(coming[0][1].name if coming else view.party.contact_name)
