"""What a message says. Pure: a booking, the presets and `now` give the text, with masked names and no document number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from wenyue.booking import BookingState, BookingView, EventKind, LineView
from wenyue.core.clock import zone
from wenyue.core.documents import mask_name
from wenyue.policy import Preset, cancel_terms

SIGN_ZH: Final = "【稳约旅游卡】"  # registered with the provider
SIGN_EN: Final = "[Wenyue Card] "
_TRUE_IN: Final = {
    EventKind.CONFIRMED: (BookingState.CONFIRMED,),
    EventKind.HELD: (BookingState.HELD,),
    EventKind.CANCELLED: (BookingState.CANCELLED,),
    EventKind.RESCHEDULED: (BookingState.CONFIRMED, BookingState.HELD),
    EventKind.EXPIRED: (BookingState.EXPIRED,),
    EventKind.NO_SHOW: (BookingState.NO_SHOW, BookingState.CONFIRMED),  # a session of several
    EventKind.DISOWNED: (BookingState.CONFIRMED, BookingState.HELD, BookingState.CANCELLED),
}
_BRING: Final = {
    "session": ("凭证件原件入园", "Bring your original ID"),
    "night": ("凭证件原件入住", "Check in with your original ID"),
    "table": ("凭预约凭证就餐", "Show your voucher at the table"),
    "seat": ("凭证件原件乘车", "Board with your original ID"),
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Told:
    """What a text is told by besides the booking."""

    presets: Mapping[str, Preset]
    now: datetime


def is_still_true(kind: EventKind, state: BookingState) -> bool:
    """Whether a booking in `state` should still hear of `kind`: nobody is sent to a visit that was cancelled since."""
    return state in _TRUE_IN[kind]


def render(kind: EventKind, view: BookingView, told: Told, locale: str, *, is_signed: bool) -> str:
    """The text for one booking; `is_signed`: an SMS, which names its sender."""
    lines = _lines_of(kind, view)
    if not lines:
        return SIGN_ZH if is_signed else ""
    if locale == "en":
        return (SIGN_EN if is_signed else "") + _english(kind, view, lines, told)
    return (SIGN_ZH if is_signed else "") + _chinese(kind, view, lines, told)


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


def _starts(line: LineView) -> datetime:
    return line.starts_at


def _number(line: LineView) -> int:
    return line.line_no


def _chinese(kind: EventKind, view: BookingView, lines: Sequence[LineView], told: Told) -> str:
    who, what = _who_zh(view, lines), _what_zh(lines)
    use = f"{_BRING[lines[0].product_kind][0]}，{_cancel_zh(lines, told)}"
    match kind:
        case EventKind.CONFIRMED:
            text = f"{who}已预约{what}，{use}。"
        case EventKind.HELD:
            until = _local(view.hold_until or told.now, lines[0])
            text = f"已为{who}保留{what}，请在{until:%H:%M}前确认，逾期自动释放。"
        case EventKind.CANCELLED:
            text = f"{who}预约的{what}已取消，名额已退回。"
        case EventKind.RESCHEDULED:
            text = f"{who}的预约已改为{what}，{use}。"
        case EventKind.EXPIRED:
            text = f"{who}保留的{what}未按时确认，已释放。"
        case EventKind.NO_SHOW:
            text = f"{who}预约的{what}未入园，已记为未到。如有异议，请联系客服。"
        case EventKind.DISOWNED:
            people = "、".join(_disowners(view, lines)) or "一位游客"
            rest = "其他人的名额不受影响" if _has_rest(view) else "此预约已无名额"
            text = f"{people}表示{what}不是本人同意的预约，其名额已退回，{rest}。如有疑问，请联系客服。"
    return text


def _who_zh(view: BookingView, lines: Sequence[LineView]) -> str:
    name, count = _name(view), _people(lines)
    if not name:
        return f"您的{count}人" if count > 1 else "您"
    return f"{name}等{count}人" if count > 1 else name


def _has_rest(view: BookingView) -> bool:
    return any(line.is_live for line in view.lines)


def _what_zh(lines: Sequence[LineView]) -> str:
    first = lines[0]
    local = _local(first.starts_at, first)
    day = f"{first.on_date.month}月{first.on_date.day}日"
    if first.product_kind == "night":
        if _is_one_product(lines):
            return f"{day}入住{first.venue_zh}{len(lines)}晚"
        text = f"{day}入住{first.venue_zh}"
    elif first.product_kind == "table":
        text = f"{day}{local:%H:%M}{first.venue_zh}"
    else:
        text = f"{day}{local:%H:%M}-{_local(first.ends_at, first):%H:%M}{first.venue_zh}"
    return text + (f"等{len(lines)}项" if len(lines) > 1 else "")


def _cancel_zh(lines: Sequence[LineView], told: Told) -> str:
    is_allowed, is_counted, until = _cancel(lines, told)
    if not is_allowed:
        return "不可取消"
    local = _local(until, lines[0])
    day, clock = local.date(), f"{local:%H:%M}"
    if local.time() == time(0):
        day, clock = day - timedelta(days=1), "24:00"
    return f"{day.month}月{day.day}日{clock}前可取消" + ("（计违约1次）" if is_counted else "")


def _english(kind: EventKind, view: BookingView, lines: Sequence[LineView], told: Told) -> str:
    name, count = _name(view), _people(lines)
    who = f"{count} {'person' if count == 1 else 'people'}" + (f" ({name})" if name else "")
    what = f"{_what_en(lines)}, {who}"
    use = f"{_BRING[lines[0].product_kind][1]}. {_cancel_en(lines, told)}"
    match kind:
        case EventKind.CONFIRMED:
            text = f"Booked: {what}. {use}."
        case EventKind.HELD:
            until = _local(view.hold_until or told.now, lines[0])
            text = f"Held for you: {what}. Confirm before {until:%H:%M}, or it is released."
        case EventKind.CANCELLED:
            text = f"Cancelled: {what}. The places are given back."
        case EventKind.RESCHEDULED:
            text = f"Changed to: {what}. {use}."
        case EventKind.EXPIRED:
            text = f"Released, because it was not confirmed in time: {what}."
        case EventKind.NO_SHOW:
            text = f"Missed: {what}. If this is wrong, contact customer service."
        case EventKind.DISOWNED:
            people = " and ".join(_disowners(view, lines)) or "A visitor"
            rest = "Everybody else keeps theirs" if _has_rest(view) else "Nothing is left of the booking"
            text = (
                f"{people} did not agree to being booked for {_what_en(lines)}: their place was given back. {rest}."
                " If in doubt, contact customer service."
            )
    return text


def _what_en(lines: Sequence[LineView]) -> str:
    first = lines[0]
    local = _local(first.starts_at, first)
    day = f"{first.on_date.day} {_MONTHS[first.on_date.month - 1]}"
    venue = first.venue_en or first.venue_zh
    if first.product_kind == "night":
        if _is_one_product(lines):
            return f"{venue}, {len(lines)} {'night' if len(lines) == 1 else 'nights'} from {day}"
        text = f"{venue}, from {day}"
    elif first.product_kind == "table":
        text = f"{venue}, {day} {local:%H:%M}"
    else:
        text = f"{venue}, {day} {local:%H:%M}-{_local(first.ends_at, first):%H:%M}"
    return text + (f" and {len(lines) - 1} more" if len(lines) > 1 else "")


def _cancel_en(lines: Sequence[LineView], told: Told) -> str:
    is_allowed, is_counted, until = _cancel(lines, told)
    if not is_allowed:
        return "It can no longer be cancelled"
    local = _local(until, lines[0])
    text = f"Cancel before {local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"
    return text + (" (counts as a missed visit)" if is_counted else "")


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


def _is_one_product(lines: Sequence[LineView]) -> bool:
    return len({line.product_id for line in lines}) == 1


def _people(lines: Sequence[LineView]) -> int:
    return max(line.quantity for line in lines)


def _name(view: BookingView) -> str:
    coming = view.coming
    return mask_name(coming[0][1].name if coming else view.party.contact_name)


def _local(instant: datetime, line: LineView) -> datetime:
    return instant.astimezone(zone(line.timezone))
