"""The holiday calendar in the console: what is known of a year, and entering what an official notice says."""

from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from starlette.responses import Response

from wenyue.application.changeables import CHANGEABLES
from wenyue.application.operating import NotDone
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.booking import replanning
from wenyue.changes import Refusal
from wenyue.core.clock import days, local_date
from wenyue.core.ids import uuid7
from wenyue.policy import HOLIDAY_NAMES, DayKind, HolidayCalendar, load_calendar
from wenyue.web.console.change_words import REFUSALS
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.console.holiday_words import KINDS, say_holiday, say_holidays
from wenyue.web.console.not_done import say_not_done
from wenyue.web.console.proposal_forms import proposal_id
from wenyue.web.shared.forms import parse_day
from wenyue.web.shared.i18n import say_date
from wenyue.web.shared.request_context import redirect

_SATURDAY: Final = 5
_FIELDS: Final = ("from", "to", "kind", "name", "source")
_IN_THE_WAY_SHOWN_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Period:
    """Days that follow each other and are of one kind."""

    first: date
    last: date
    kind: DayKind
    names: str


def periods(calendar: HolidayCalendar, year: int) -> list[Period]:
    """The days off of `year`, and the weekend days that are worked, joined where they follow each other."""
    found: list[Period] = []
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        kind = calendar.day_kind(day)
        if kind != "holiday" and (kind != "workday" or day.weekday() < _SATURDAY):
            continue
        names = "、".join(name for name in HOLIDAY_NAMES if name in calendar.holiday_names(day))
        if found and found[-1].kind == kind and (day - found[-1].last).days == 1 and found[-1].names == names:
            found[-1] = Period(found[-1].first, day, kind, names)
        else:
            found.append(Period(day, day, kind, names))
    return found


async def show_holidays(context: OperatorContext) -> Response:
    """This year and the next."""
    return await _page(context)


async def do_holidays(context: OperatorContext) -> Response:
    """Propose it, or only say what would happen."""
    entered = {name: context.form.one(name) for name in _FIELDS}
    entry, errors = _read(context, entered)
    if entry is None:
        return await _page(context, entered=entered, errors=errors)
    if context.staff is None:
        return redirect(context.signin_path)
    if context.form.one("act") != "apply":
        looked = await replanning.preview_holidays(
            context.services.db.reading, context.services.presets, entry
        )
        return await _page(context, entered=entered, looked=looked)
    change_id, act = proposal_id(context.form.one("id")), CHANGEABLES["holidays.set"]
    done = await propose_change(
        context.services, context.operator, ProposeChange(change_id, act, entry, entry.source.strip())
    )
    if not isinstance(done, NotDone | Refusal):
        return redirect(f"/console/changes/{done.id}")
    text = context.say(REFUSALS[done]) if isinstance(done, Refusal) else say_not_done(context, done)
    return await _page(context, entered=entered, errors=[{"field": "from", "text": text}])


def _read(
    context: OperatorContext, entered: dict[str, str]
) -> tuple[replanning.HolidayEntry | None, list[dict[str, str]]]:
    dates: dict[str, date] = {}
    errors: list[dict[str, str]] = []
    for name in ("from", "to"):
        raw = entered[name] or (entered["from"] if name == "to" else "")
        day = parse_day(raw)
        if day is not None:
            dates[name] = day
        else:
            text = context.gettext("Enter a date, such as 2027-10-01.")
            errors.append({"field": name, "text": text})
    if errors:
        return None, errors
    entry = replanning.HolidayEntry(
        dates["from"],
        dates["to"],
        cast(DayKind, entered["kind"]),
        entered["name"] if entered["kind"] == "holiday" else "",
        entered["source"],
    )
    try:
        replanning.check_entry(entry)
    except ValueError as problem:
        field = str(problem).partition(":")[0]
        return None, [{"field": field, "text": _words(context)[field]}]
    return entry, []


def _words(context: OperatorContext) -> dict[str, str]:
    most = replanning.ENTRY_DAYS_MAX
    return {
        "kind": context.gettext("Choose a type."),
        "to": context.gettext(
            "The last day can't be before the first. One entry covers at most {n} days.", n=most
        ),
        "name": context.gettext("Choose the holiday."),
        "source": context.gettext(
            "Enter the official notice on one line, {n} characters at most.",
            n=replanning.SOURCE_LENGTH_MAX,
        ),
    }


async def _page(
    context: OperatorContext,
    *,
    entered: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
    looked: replanning.Replanned | None = None,
) -> Response:
    async with context.services.db.reading() as tx:
        calendar = await load_calendar(tx)
    this_year = local_date(context.now, context.services.rulebook.timezone).year
    years = [
        {
            "year": year,
            "is_published": calendar.is_published(year),
            "rows": [
                {
                    "when": _say_period(context, one),
                    "kind": one.kind,
                    "names": say_holidays(context, one.names),
                }
                for one in periods(calendar, year)
            ],
        }
        for year in (this_year, this_year + 1)
    ]
    return context.page(
        "holidays",
        status=422 if errors else 200,
        section="holidays",
        years=years,
        entered=entered or dict.fromkeys(_FIELDS, ""),
        errors=errors or (),
        wrong=dict.fromkeys(_FIELDS, "") | {one["field"]: one["text"] for one in errors or ()},
        names=[(name, say_holiday(name, context.locale)) for name in HOLIDAY_NAMES],
        kinds=replanning.DAY_KINDS,
        id=context.form.one("id") if errors or looked else str(uuid7()),
        kind_words={kind: context.say(words) for kind, words in KINDS.items()},
        looked=looked,
        in_the_way=looked.in_the_way[:_IN_THE_WAY_SHOWN_MAX] if looked else (),
        source_max=replanning.SOURCE_LENGTH_MAX,
    )


def _say_period(context: OperatorContext, one: Period) -> str:
    first = say_date(one.first, context.locale)
    return first if one.first == one.last else f"{first} – {say_date(one.last, context.locale)}"


routes: Final = [get("/console/holidays", show_holidays), post("/console/holidays", do_holidays)]
