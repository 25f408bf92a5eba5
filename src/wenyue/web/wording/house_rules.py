"""The rules of a visit in plain words, from the preset that decides. A tick says "you may"; a prohibition has its own mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, Literal

from wenyue.catalogue import Product
from wenyue.locale import Message, Texts, translations
from wenyue.locale.formats import say_date, say_instant, say_list, say_weekday
from wenyue.policy import CancelTerms, Preset
from wenyue.web.shared.i18n import Locale

Tone = Literal["good", "warn", "bad", ""]
_ICONS: Final = {"good": "plenty", "warn": "alert", "bad": "closed", "": "info"}
_MONDAY: Final = date(2024, 1, 1)
_SHOWN_MAX: Final = 12
_SIZES: Final = {
    "session": Message("Up to {n} people in one session"),
    "seat": Message("Up to {n} seats on one departure"),
    "night": Message("Up to {n} rooms a night"),
    "table": Message("Up to {n} tables in one sitting"),
}


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule; `icon` says by its form what `tone` says by its colour."""

    tone: Tone
    text: str

    @property
    def icon(self) -> str:
        """A tick for what one may, a barred circle for what one may not."""
        return _ICONS[self.tone]


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What is special about the days shown. `terms`: of cancelling the chosen day's session, None without one."""

    terms: CancelTerms | None
    timezone: str
    closed: Sequence[tuple[date, Texts]] = ()  # days, in order, each with its reason
    off_card: Sequence[date] = ()  # days on which the traveller's card does not count


def house_rules(preset: Preset, product: Product, facts: VisitFacts, locale: Locale) -> tuple[RuleView, ...]:
    """What to know before one books: first what one may, then what to heed, then what is not possible."""
    rules = [
        *_leaving(preset, facts, locale),
        *_people(preset, product, locale),
        *_missing(preset, locale),
        *_opening(preset, product, facts, locale),
    ]
    order = ("good", "", "warn", "bad")
    return tuple(sorted(rules, key=lambda one: order.index(one.tone))[:_SHOWN_MAX])


def _leaving(preset: Preset, facts: VisitFacts, locale: Locale) -> list[RuleView]:
    gettext, terms = translations(locale).gettext, facts.terms
    if not preset.cancel:
        return [RuleView("bad", gettext("Once booked, it can't be cancelled or moved"))]
    if terms is None:
        return []
    until = say_instant(terms.until, locale, facts.timezone)
    if not terms.is_allowed:
        return [RuleView("bad", gettext("On this day it can't be cancelled or moved any more"))]
    if terms.strike:
        return [
            RuleView(
                "warn", gettext("Until {at} you can cancel or move it, but it is noted as late", at=until)
            )
        ]
    return [
        RuleView(
            "good", gettext("Until {at} you can cancel or move it free; visits go back on the card", at=until)
        )
    ]


def _people(preset: Preset, product: Product, locale: Locale) -> list[RuleView]:
    texts = translations(locale)
    gettext, rules = texts.gettext, list[RuleView]()
    if preset.person_rule == "venue_day" and product.kind == "session":
        size = texts.ngettext(
            "{n} person per account and day", "Up to {n} people per account and day", preset.party_max
        )
    else:
        size = _SIZES[product.kind].filled(n=preset.party_max).say(locale)
    rules.append(RuleView("", size))
    if product.needs_visitors:
        rules.append(
            RuleView("", gettext("By real name: everyone enters with the document they were booked with"))
        )
    if preset.person_rule == "venue_day" and product.needs_visitors:
        rules.append(RuleView("warn", gettext("One visit per document per day")))
    if product.needs_visitors and preset.exempt_from_age is not None:
        rules.append(
            RuleView(
                "good",
                gettext(
                    "Ages {n} and over don't need a booking: come with your document",
                    n=preset.exempt_from_age,
                ),
            )
        )
    if product.needs_visitors and preset.minor_age_max is not None:
        if preset.minors_per_adult is None:
            text = gettext("Ages {n} and under only with an adult", n=preset.minor_age_max)
        else:
            text = texts.ngettext(
                "Ages {age} and under only with an adult, {n} child to each",
                "Ages {age} and under only with an adult, at most {n} children to each",
                preset.minors_per_adult,
                age=preset.minor_age_max,
            )
        rules.append(RuleView("warn", text))
    return rules


def _missing(preset: Preset, locale: Locale) -> list[RuleView]:
    rules, texts = preset.strikes, translations(locale)
    if preset.missed_strike is None or rules is None or preset.missed_strike not in rules.kinds:
        return []
    first = rules.ladder[0]
    if rules.window_days is None:
        text = texts.ngettext(
            "Not coming without cancelling is noted. Once, and booking stops for {days} days",
            "Not coming without cancelling is noted. {n} times, and booking stops for {days} days",
            first.strikes,
            days=first.ban_days,
        )
    else:
        text = texts.ngettext(
            "Not coming without cancelling is noted. Once in {window} days, and booking stops for {days} days",
            "Not coming without cancelling is noted. {n} times in {window} days, and booking stops for {days} days",
            first.strikes,
            window=rules.window_days,
            days=first.ban_days,
        )
    return [RuleView("warn", text)]


def _opening(preset: Preset, product: Product, facts: VisitFacts, locale: Locale) -> list[RuleView]:
    texts = translations(locale)
    gettext = texts.gettext
    at = f"{preset.release_time:%H:%M}"
    if product.kind in ("night", "table"):
        opens = texts.ngettext(
            "Can be booked from {n} day ahead", "Can be booked from {n} days ahead", preset.release_days
        )
    else:
        opens = texts.ngettext(
            "Booking opens {n} day ahead at {at}",
            "Booking opens {n} days ahead at {at}",
            preset.release_days,
            at=at,
        )
    rules = [RuleView("", opens)]
    if not preset.same_day_booking:
        rules.append(RuleView("bad", gettext("No same-day booking")))
    if preset.closed_weekdays:
        days = say_list(
            [
                gettext("on {day}", day=say_weekday(_MONDAY + timedelta(days=one), locale))
                for one in preset.closed_weekdays
            ],
            locale,
        )
        rules.append(RuleView("bad", gettext("Closed {days}, except on public holidays", days=days)))
    for first, last, reason in _spans(facts.closed, locale):
        span = _say_span_of_days(first, last, locale)
        rules.append(
            RuleView(
                "bad",
                gettext("{days}: closed ({x})", days=span, x=reason)
                if reason
                else gettext("{days}: closed", days=span),
            )
        )
    for first, last, _ in _spans([(day, {}) for day in facts.off_card], locale):
        span = _say_span_of_days(first, last, locale)
        rules.append(
            RuleView("bad", gettext("{days}: your card doesn't count, a ticket can be bought", days=span))
        )
    return rules


def _spans(days: Sequence[tuple[date, Texts]], locale: Locale) -> list[tuple[date, date, str]]:
    """Days in a row with one reason are one span. A reason in another language than the reader's is left out."""
    said = [(day, reason.get(locale, "")) for day, reason in days]
    if not said:
        return []
    spans, first = list[tuple[date, date, str]](), said[0]
    for one, following in pairwise([*said, (date.max, "")]):
        if following[0] - one[0] != timedelta(days=1) or following[1] != one[1]:
            spans.append((first[0], one[0], first[1]))
            first = following
    return spans


def _say_span_of_days(first: date, last: date, locale: Locale) -> str:
    if first == last:
        return say_date(first, locale)
    return f"{say_date(first, locale)} – {say_date(last, locale)}"
