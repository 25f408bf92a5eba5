"""Cancelling a booking or a part of it: first which visits and which people, then what it means, then the button."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.responses import Response

from wenyue.application import Denied, Part, Traveller, cancel_booking, cancel_places
from wenyue.application.visits import Visit, visit_with, visits_of
from wenyue.booking import Answer, Outcome
from wenyue.container import Services
from wenyue.core.limits import LINE_NUMBERS_MAX, LINES_MAX, VISITORS_MAX
from wenyue.locale import text_in
from wenyue.locale.formats import say_list
from wenyue.web.shared import whole_number
from wenyue.web.shared.forms import FieldError
from wenyue.web.shared.i18n import say_money
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.booking_access import change_booking, facts_of, find
from wenyue.web.traveller.booking_views import BookingFacts, booking_page, shown_lines, visit_notes
from wenyue.web.traveller.context import TravellerContext, get, post
from wenyue.web.traveller.visit_views import may_cancel, say_visit

_UNPROCESSABLE: Final = 422


@dataclass(frozen=True, slots=True)
class _Choice:
    """What may be cancelled of a booking, and what of it was chosen. `people`: numbers within the party."""

    facts: BookingFacts
    visits: list[Visit]
    open_visits: list[Visit]
    chosen: list[Visit]
    people: tuple[int, ...]

    @property
    def everybody(self) -> tuple[int, ...]:
        """Everybody who is still named in a visit that may be cancelled."""
        named = {number for visit in self.open_visits for line in visit.lines for number in line.visitors}
        return tuple(number for number, _ in self.facts.view.coming if number in named)

    @property
    def is_some_people(self) -> bool:
        """Somebody stays in one of the chosen visits."""
        named = {number for visit in self.chosen for line in visit.lines for number in line.visitors}
        return bool(self.people) and bool(named - set(self.people))

    @property
    def is_whole(self) -> bool:
        """Nothing stays: every visit and everybody."""
        return len(self.chosen) == len(self.visits) and not self.is_some_people


async def ask_cancel(context: TravellerContext) -> Response:
    """The visits and the people to choose from; when there is nothing to choose, or all is chosen, what it means."""
    async with context.reading() as tx:
        view = await find(context, tx)
        if view is None or not view.lines:
            return context.not_found()
        facts = await facts_of(context, tx, view)
    page = booking_page(facts, context.locale)
    if not page.can_change:
        return redirect(f"/bookings/{view.id}")
    query = context.request.query_params
    visits = visits_of(shown_lines(view))
    is_held = view.hold_until is not None
    open_visits = [one for one in visits if is_held or may_cancel(one, context.services.presets, context.now)]
    everything = _Choice(facts, visits, open_visits, open_visits, ())
    if is_held or not open_visits or (len(visits) == 1 and len(everything.everybody) <= 1):
        return _confirmation(context, everything)
    if "choose" not in query:
        wanted = visit_with(open_visits, whole_number(query.get("line", ""), 0, LINE_NUMBERS_MAX))
        chosen = [wanted] if wanted else open_visits if len(open_visits) == 1 else []
        return _choosing(context, _Choice(facts, visits, open_visits, chosen, everything.everybody), [])
    choice = _chosen(facts, visits, open_visits, query.getlist("visit"), query.getlist("person"))
    errors = _errors(context, choice)
    return _choosing(context, choice, errors) if errors else _confirmation(context, choice)


async def cancel(context: TravellerContext) -> Response:
    """Cancel what was chosen; pressing twice cancels once."""
    async with context.reading() as tx:
        view = await find(context, tx)
        if view is None or not view.lines:
            return context.not_found()
        facts = await facts_of(context, tx, view)
    visits = visits_of(shown_lines(view))
    wanted = context.form.many("visit", LINES_MAX), context.form.many("person", VISITORS_MAX)
    choice = _chosen(facts, visits, visits, *wanted)
    if context.form.one("whole") == "1" or not any(
        wanted
    ):  # nothing is chosen on a page of the release before
        return await change_booking(context, cancel_booking, "cancelled")
    part = _gone(choice, *wanted)
    if part is None:
        errors = _errors(context, choice)
        if errors:
            return _choosing(context, choice, errors)
        part = Part(
            tuple(number for one in choice.chosen for number in one.line_numbers),
            choice.people if choice.is_some_people else (),
        )

    answer = await cancel_places(context.services, context.traveller, view.id, part)
    if answer.outcome is Outcome.MINOR_ALONE:
        return _choosing(context, choice, [FieldError("people", _say_alone(context, choice, answer.line))])

    async def change(_services: Services, _traveller: Traveller, _booking_id: UUID) -> Answer | Denied:
        return answer

    again = [("visit", one) for one in wanted[0]] + [("person", one) for one in wanted[1]]
    return await change_booking(context, change, "part-cancelled", again)


def _gone(choice: _Choice, numbers: Sequence[str], people: Sequence[str]) -> Part | None:
    """What was chosen, when nothing of it is left: the form was sent twice, and the engine gives its answer of then."""
    view = choice.facts.view
    lines = {one for raw in numbers if (one := whole_number(raw, 0, LINE_NUMBERS_MAX)) is not None}
    named = {one for raw in people if (one := whole_number(raw, 0, VISITORS_MAX)) is not None}
    if not choice.chosen and lines and lines <= {line.line_no for line in view.lines}:
        return Part(tuple(sorted(lines)))
    left = {number for one in choice.chosen for number in one.first.visitors}
    if choice.chosen and left and named and not named & left and max(named) < len(view.party.visitors):
        return Part(tuple(n for one in choice.chosen for n in one.line_numbers), tuple(sorted(named)))
    return None


def _say_alone(context: TravellerContext, choice: _Choice, line_no: int | None) -> str:
    visit = visit_with(choice.visits, line_no)
    return context.gettext(
        "Children would be left without an adult: {x}. Choose them too, or leave an adult who goes with them.",
        x=text_in(visit.first.venue, context.locale) if visit else "",
    )


def _chosen(
    facts: BookingFacts,
    visits: list[Visit],
    open_visits: list[Visit],
    numbers: Sequence[str],
    people: Sequence[str],
) -> _Choice:
    wanted = {whole_number(one, 0, LINE_NUMBERS_MAX) for one in numbers[:LINES_MAX]}
    named = {whole_number(one, 0, VISITORS_MAX) for one in people[:VISITORS_MAX]}
    coming = tuple(number for number, _ in facts.view.coming if number in named)
    chosen = [one for one in open_visits if one.number in wanted]
    return _Choice(facts, visits, open_visits, chosen, coming)


def _errors(context: TravellerContext, choice: _Choice) -> list[FieldError]:
    if not choice.chosen:
        return [FieldError("visits", context.gettext("Choose at least one visit to cancel."))]
    has_named = any(one.first.visitors for one in choice.chosen)
    if choice.everybody and has_named and not choice.people:
        return [
            FieldError("people", context.gettext("Choose at least one person, or leave everybody chosen."))
        ]
    if choice.is_some_people and not all(
        set(choice.people) & set(one.first.visitors) for one in choice.chosen
    ):
        return [
            FieldError(
                "people",
                context.gettext(
                    "One of the visits isn't booked by name for these people, so it can only be cancelled for everybody. "
                    "Leave everybody chosen, or cancel that visit separately."
                ),
            )
        ]
    return []


def _choosing(context: TravellerContext, choice: _Choice, errors: list[FieldError]) -> Response:
    view = choice.facts.view
    shown = booking_page(choice.facts, context.locale)
    return context.page(
        "cancel_choose",
        tab="bookings",
        status=_UNPROCESSABLE if errors else 200,
        view=shown,
        errors=errors,
        error_of={"visits": "", "people": ""} | {error.field: error.text for error in errors},
        visits=[
            (
                one.number,
                text_in(one.first.venue, context.locale),
                say_visit(one, context.locale),
                visit_notes(one, choice.facts, context.locale),
                one in choice.open_visits,
                one in choice.chosen,
            )
            for one in choice.visits
        ],
        people=[
            (number, one.name, number in choice.people)
            for number, one in view.coming
            if number in choice.everybody
        ],
    )


def _confirmation(context: TravellerContext, choice: _Choice) -> Response:
    gettext, view = context.gettext, choice.facts.view
    locale = context.locale
    chosen, is_some = choice.chosen, choice.is_some_people
    is_held = view.hold_until is not None
    names = [
        one.name
        for number, one in view.coming
        if number in (choice.people if is_some else choice.everybody)
        and any(number in line.visitors for visit in chosen for line in visit.lines)
    ]
    titles = [text_in(one.first.venue, locale) for one in chosen]
    title = say_list(list(dict.fromkeys(titles)), locale)
    if is_some and names:  # the others still go there
        title = gettext("{people} at {place}", people=say_list(names, locale), place=title)
    on_card = sum(
        len(set(choice.people) & set(line.visitors)) if is_some else line.quantity
        for one in chosen
        for line in one.lines
        if line.card_id is not None
    )
    due = sum(
        line.price_minor * (len(set(choice.people) & set(line.visitors)) if is_some else line.quantity)
        for one in chosen
        for line in one.lines
        if line.card_id is None
    )
    staying = [text_in(one.first.venue, locale) for one in choice.visits if one not in chosen]
    rest = [one.name for number, one in view.coming if is_some and number not in choice.people]
    money = gettext("Nothing was charged online, so there's nothing to refund.")
    if due:
        money = gettext(
            "{sum} less to pay on site. Nothing was charged online.",
            sum=say_money(due, locale, view.currency),
        )
    unaffected = say_list([*staying, *rest], locale) if staying or rest else ""
    rows = [(gettext("Who"), say_list(names, locale))] if names else []
    if on_card:
        back = context.ngettext("{n} use returns to the card", "{n} uses return to the card", on_card)
        rows.append((gettext("Back to the card"), back))
    rows.append((gettext("Money"), money))
    rows.append((gettext("Not affected"), unaffected or gettext("Nothing is left of this booking")))
    notes = [] if is_held else [n for one in chosen for n in visit_notes(one, choice.facts, locale)]
    if not chosen:
        notes = [n for one in choice.visits for n in visit_notes(one, choice.facts, locale)]
    return context.page(
        "cancel",
        tab="bookings",
        view=booking_page(choice.facts, locale),
        title=title,
        visits=[(text_in(one.first.venue, locale), say_visit(one, locale)) for one in chosen],
        rows=rows,
        terms=list(dict.fromkeys(notes)),
        is_allowed=bool(chosen),
        is_whole=choice.is_whole,
        visit_numbers=[one.number for one in chosen],
        person_numbers=choice.people,
        can_choose=len(choice.visits) > 1 or len(choice.everybody) > 1,
    )


routes = [
    get("/bookings/{id}/cancel", ask_cancel, needs_login=True),
    post("/bookings/{id}/cancel", cancel),
]
