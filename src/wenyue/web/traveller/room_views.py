"""What the page of a waiting room says, computed from the same public file as in the browser. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

import msgspec

from wenyue.locale import text_in, translations
from wenyue.locale.formats import say_clock, say_instant, say_number
from wenyue.waiting_room import TOKEN_TTL_S, PassGiven, Place, Room, RoomState, position
from wenyue.web.shared.i18n import Locale

PACE_LEAST: Final = 0.05  # people a second: below it no time is told
_STALE_S: Final = 15.0
_REFRESH_S: Final = (6, 14)  # of a page without JavaScript, spread by the visitor's code
_REFRESH_EARLY_S: Final = (45, 75)  # while the release is minutes away
_EARLY_S: Final = 300


@dataclass(frozen=True, slots=True)
class RoomView:
    """One visitor's page. `moment`: which part of it is shown; `ahead` is None while there is no order yet."""

    event: str
    title: str
    moment: str
    is_stale: bool
    code: str
    code_shown: str
    epoch: int
    release_text: str
    release_at: str
    now: str
    as_of: str
    left_s: int
    ahead: int | None
    ahead_text: str
    eta: str
    percent: int
    waiting_text: str
    pace_text: str
    places_text: str
    updated_text: str
    commitment: str
    seed: str
    rank: int | None
    message: str
    onward: str
    refresh_s: int
    until: str
    minutes: int  # how long a turn lasts
    turn_until: str  # when it would end if it began now
    inside_until: str  # when it ends, of whoever is inside
    is_next: bool  # nobody else is in front
    shows_waiting: bool
    has_pace: bool


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What the page is made from. `place`: where the visitor stands, None before the release; `until`: of a token."""

    room: Room
    given: PassGiven
    place: Place | None
    state: RoomState
    file: bytes
    until: datetime | None
    age_s: float
    now: datetime
    timezone: str


class _File(msgspec.Struct, frozen=True):
    people: list[tuple[int, int]]
    waiting: int
    per_s: float
    places_left: int | None
    as_of: datetime


_decode: Final = msgspec.json.Decoder(_File).decode


def room_view(facts: RoomFacts, locale: Locale) -> RoomView:
    """The page for one visitor."""
    room, given, gettext = facts.room, facts.given, translations(locale).gettext
    file = _decode(facts.file)
    moment = moment_of(facts)
    ahead, percent = _standing(file.people, room.threshold, facts.place)
    age_s = max(0.0, (facts.now - file.as_of).total_seconds())
    left_s = max(0, ceil((room.release_at - facts.now).total_seconds()))
    return RoomView(
        event=room.code,
        title=text_in(room.title, locale),
        moment=moment,
        is_stale=age_s > _STALE_S or facts.age_s > _STALE_S,
        code=given.code,
        code_shown="-".join(given.code[at : at + 4] for at in range(0, len(given.code), 4)),
        epoch=given.epoch,
        release_text=say_instant(room.release_at, locale, facts.timezone),
        release_at=room.release_at.isoformat(),
        now=facts.now.isoformat(),
        as_of=file.as_of.isoformat(),
        left_s=left_s,
        ahead=ahead,
        ahead_text="" if ahead is None else f"{rounded(ahead):,}",
        eta="" if ahead is None else eta_words(ahead, file.per_s, locale),
        percent=percent,
        waiting_text=translations(locale).pgettext("traveller", "{n} people", n=f"{rounded(file.waiting):,}"),
        pace_text=gettext("about {n}", n=f"{rounded(int(file.per_s * 60)):,}"),
        places_text="" if file.places_left is None else _say_places(file.places_left, locale),
        updated_text=say_instant(file.as_of, locale, facts.timezone),
        commitment=room.commitment.hex(),
        seed=room.seed.hex() if room.seed is not None else "",
        rank=None if facts.place is None else facts.place.rank,
        message=text_in(room.message, locale),
        onward=room.onward,
        refresh_s=_refresh_s(given.code, left_s),
        until=facts.until.isoformat() if facts.until is not None else "",
        minutes=TOKEN_TTL_S // 60,
        turn_until=say_clock(facts.now + timedelta(seconds=TOKEN_TTL_S), locale, facts.timezone),
        inside_until="" if facts.until is None else say_clock(facts.until, locale, facts.timezone),
        is_next=ahead is not None and ahead <= 1,
        has_pace=file.per_s >= PACE_LEAST,
        shows_waiting=file.waiting > 0 and moment not in ("admitted", "inside", "closed"),
    )


def moment_of(facts: RoomFacts) -> str:
    """closed, inside, sold_out, admitted, paused, queued or waiting: the first that holds."""
    if facts.state is RoomState.CLOSED:
        return "closed"
    if facts.until is not None:
        return "inside"
    if facts.state is RoomState.SOLD_OUT:
        return "sold_out"
    if facts.place is not None and facts.place < facts.room.threshold:
        return "admitted"
    if facts.state is RoomState.PAUSED:
        return "paused"
    return "waiting" if facts.place is None else "queued"


def rounded(people: int) -> int:
    """Three significant digits: an estimate does not pretend to know more."""
    if people < 1_000:
        return people
    unit = 10 ** (len(str(people)) - 3)
    return round(people / unit) * unit


def eta_words(ahead: int, per_s: float, locale: Locale) -> str:
    """How long it may take, as a range: from four fifths to thirteen tenths of what the pace says."""
    gettext = translations(locale).gettext
    if per_s < PACE_LEAST:
        return gettext("known once people are being let in")
    minutes = ahead / per_s / 60
    if minutes * 1.3 < 1:
        return gettext("less than a minute")
    low, high = max(1, int(minutes * 0.8)), ceil(minutes * 1.3)
    if low >= 120:
        return gettext("about {a}–{b} hours", a=low // 60, b=ceil(high / 60))
    if low == high:
        return gettext("about {n} min", n=low)
    return gettext("about {a}–{b} min", a=low, b=high)


def _standing(
    people: Sequence[tuple[int, int]], threshold: Place, place: Place | None
) -> tuple[int | None, int]:
    """(people in front, how far the queue has come towards the visitor in per cent)."""
    if place is None:
        return None, 0
    mine, door = position(people, place), position(people, threshold)
    ahead = max(0, ceil(mine - door))
    return ahead, 100 if mine <= 0 else min(100, int(100 * door / mine))


def _refresh_s(code: str, left_s: int) -> int:
    low, high = _REFRESH_EARLY_S if left_s > _EARLY_S else _REFRESH_S
    return low + sum(code.encode()) % (high - low + 1)


def _say_places(left: int, locale: Locale) -> str:
    return translations(locale).pgettext("places left", "{n}", n=say_number(left, locale))
