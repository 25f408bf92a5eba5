"""`wenyue room`: how an operator opens a waiting room, looks at it, pauses it and closes it."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import catalogue, waiting_room
from wenyue.application.close_room import close_room
from wenyue.application.open_room import open_room
from wenyue.application.operating import Operator
from wenyue.application.steer_room import NoRoom, SteerRoom, steer_room
from wenyue.catalogue import Product
from wenyue.core.clock import at_local, utc_now, zone
from wenyue.core.personal import Vault
from wenyue.locale import DEFAULT, SOURCE, Message, Texts, command_locale, text_in, written
from wenyue.locale.terminal import gettext, pgettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.arguments import told
from wenyue.ops.as_owner import reading
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.waiting_room import EPOCH_S, POLL_S, RATE_MAX, NewRoom, Room

app = Program(no_args_is_help=True, help="Waiting rooms: a fair queue in front of scarce places.")
T = TypeVar("T")
_TIMEZONE: Final = "Asia/Shanghai"
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CLOSED_SHOWN_S: Final = 30 * 24 * 3600.0
_CodeOf = Annotated[str, typer.Argument(help="the room's code: lower-case letters, digits, hyphens")]


@app.command("open")
def open_(
    code: _CodeOf,
    *,
    product: Annotated[
        list[str] | None, typer.Option(help="what is guarded: VENUE/PRODUCT or a product's id; repeat it")
    ] = None,
    venue: Annotated[str, typer.Option(help="… or every product of this venue")] = "",
    from_day: Annotated[str, typer.Option("--from", help="first service date, YYYY-MM-DD")],
    to_day: Annotated[str, typer.Option("--to", help="last service date; the first when left out")] = "",
    release: Annotated[str, typer.Option(help="when it opens: 2026-10-01T08:00, on the venue's clock")],
    poll: Annotated[int, typer.Option(min=1, max=30, help="seconds between two looks of a browser")] = POLL_S,
    rate_max: Annotated[float, typer.Option(min=1, max=100_000, help="people a second, at most")] = RATE_MAX,
    title: Annotated[str, typer.Option(help="what visitors read, in Chinese")] = "",
    title_en: Annotated[str, typer.Option(help="… and in English")] = "",
    by: AsOf = "",
) -> None:
    """Open a waiting room: its seed is drawn and promised now, and what it guards wants a token from now on."""
    if not _CODE.fullmatch(code):
        raise SetupError(
            Message("{code} isn't a valid code: use lower-case letters, digits and hyphens", code=repr(code))
        )
    first, last = _day(from_day, "--from"), _day(to_day or from_day, "--to")

    async def drawn_up(tx: Tx, _: Vault) -> NewRoom:
        place, wanted = await _guarded(tx, product or [], venue)
        timezone = place.timezone
        query = f"product={wanted[0].id}&" if len(wanted) == 1 else ""
        return NewRoom(
            code=code,
            title={
                DEFAULT: title or f"{text_in(place.name, DEFAULT)} 放票排队",
                SOURCE: title_en or f"{text_in(place.name, SOURCE)}: waiting room",
            },
            venue_id=place.id if venue else None,
            product_ids=() if venue else tuple(one.id for one in wanted),
            from_day=first,
            to_day=last,
            onward=f"/venues/{place.code}?{query}day={first}#calendar",
            release_at=_instant(release, timezone),
            poll_s=poll,
            epoch_s=EPOCH_S,
            rate_max=rate_max,
        )

    new = reading(drawn_up)

    async def work(works: Acting, operator: Operator) -> Room:
        return await open_room(works, operator, new)

    with told(Message("can't be opened: {problem}")):
        room = acting_as(work, by)
    console = Console()
    _say(console, gettext("the room {code} is open; its page is /room/{code}", code=room.code))
    _say(
        console,
        gettext(
            "commitment (SHA-256 of the seed), to be published: {promise}", promise=room.commitment.hex()
        ),
    )


@app.command("list")
def list_() -> None:
    """Every room, the closed ones of a month too."""

    async def work(tx: Tx, _: Vault) -> list[Room]:
        return await waiting_room.rooms(tx, utc_now(), closed_for_s=_CLOSED_SHOWN_S)

    table = Table(box=None, pad_edge=False)
    for column in (
        gettext("code"),
        gettext("state"),
        gettext("release"),
        gettext("days"),
        gettext("people/s"),
        gettext("title"),
    ):
        table.add_column(column)
    for room in reading(work):
        table.add_row(
            room.code,
            waiting_room.state_of(room).value,
            _local(room.release_at),
            f"{room.from_day} – {room.to_day:%m-%d}",
            f"{room.pace:.1f}",
            text_in(room.title, command_locale()),
        )
    Console(markup=False).print(table)


@app.command()
def show(code: _CodeOf) -> None:
    """How one room stands."""

    async def work(tx: Tx, _: Vault) -> list[tuple[str, str]]:
        room = await _find(tx, code)
        crowd = await waiting_room.crowd_of(tx, room.id)
        knots = waiting_room.knots(crowd)
        admitted = int(waiting_room.position(knots, room.threshold))
        why = await waiting_room.held_back_by(tx, room, utc_now())
        kept = (
            gettext("never checked")
            if room.kept_at is None
            else gettext("last checked {n} s ago", n=f"{(utc_now() - room.kept_at).total_seconds():.0f}")
        )
        return [
            (gettext("page"), f"/room/{room.code}"),
            (gettext("state"), waiting_room.state_of(room).value),
            (gettext("release"), _local(room.release_at)),
            (
                pgettext("label", "people"),
                gettext(
                    "{total} joined, {admitted} admitted, {waiting} waiting",
                    total=crowd.total,
                    admitted=admitted,
                    waiting=crowd.total - admitted,
                ),
            ),
            (gettext("turns given"), str(await waiting_room.count_exchanges(tx, room.id))),
            (gettext("held back by"), gettext("nothing") if why is None else why.value),
            (
                gettext("threshold"),
                gettext("epoch {epoch}, rank {rank}", epoch=room.threshold.epoch, rank=room.threshold.rank),
            ),
            (
                gettext("rate"),
                gettext(
                    "{pace} people/s recently, {rate} allowed now, {rate_max} at most",
                    pace=f"{room.pace:.1f}",
                    rate=f"{room.rate:.1f}",
                    rate_max=f"{room.rate_max:g}",
                ),
            ),
            (
                gettext("places left"),
                gettext("unknown") if room.places_left is None else str(room.places_left),
            ),
            (gettext("keeper"), kept),
            (gettext("commitment"), room.commitment.hex()),
            (
                gettext("seed"),
                gettext("published when booking opens") if room.seed is None else room.seed.hex(),
            ),
        ]

    console = Console()
    for name, value in reading(work):
        _say(console, f"{name}: {value}")


@app.command()
def pause(
    code: _CodeOf,
    *,
    message: Annotated[str, typer.Option(help="what visitors read meanwhile, in Chinese")] = "",
    message_en: Annotated[str, typer.Option(help="… and in English")] = "",
    by: AsOf = "",
) -> None:
    """Let nobody more in for now; everybody keeps their place."""
    _steer(code, by, is_paused=True, message=written({DEFAULT: message, SOURCE: message_en or message}))
    _say(Console(), gettext("{code}: paused", code=code))


@app.command()
def resume(code: _CodeOf, *, by: AsOf = "") -> None:
    """Go on where it stopped."""
    _steer(code, by, is_paused=False, message={})
    _say(Console(), gettext("{code}: resumed", code=code))


@app.command("tell")
def show_message(
    code: _CodeOf,
    message: Annotated[str, typer.Argument(help="in Chinese; '' takes it away")],
    *,
    message_en: Annotated[str, typer.Option(help="in English")] = "",
    by: AsOf = "",
) -> None:
    """Write a line that every visitor reads."""
    _steer(code, by, is_paused=None, message=written({DEFAULT: message, SOURCE: message_en or message}))
    _say(Console(), gettext("{code}: message shown", code=code))


@app.command()
def rate(
    code: _CodeOf,
    people_per_s: Annotated[float, typer.Argument(min=1, max=100_000, help="at most")],
    *,
    by: AsOf = "",
) -> None:
    """Change how many may come in a second, at most."""
    _steer(code, by, is_paused=None, message=None, rate_max=people_per_s)
    _say(
        Console(),
        gettext("{code}: at most {rate} people/s", code=code, rate=f"{people_per_s:g}"),
    )


@app.command()
def close(code: _CodeOf, *, by: AsOf = "") -> None:
    """End the room: what it guarded can be booked without a token."""

    async def work(works: Acting, operator: Operator) -> NoRoom | None:
        return await close_room(works, operator, code)

    _refuse(code, acting_as(work, by))
    _say(Console(), gettext("{code}: closed; prove it with `wenyue fairness verify {code}`", code=code))


def _steer(
    code: str,
    by: str,
    *,
    is_paused: bool | None,
    message: Texts | None,
    rate_max: float | None = None,
) -> None:
    request = SteerRoom(code, is_paused, message, rate_max)

    async def work(works: Acting, operator: Operator) -> NoRoom | None:
        return await steer_room(works, operator, request)

    _refuse(code, acting_as(work, by))


def _refuse(code: str, problem: NoRoom | None) -> None:
    if problem is not None:
        closed = SetupError(Message("the room {code} is closed for good", code=repr(code)))
        raise _unknown(code) if problem is NoRoom.UNKNOWN else closed


def _unknown(code: str) -> SetupError:
    return SetupError(Message("room {code} not found: see `wenyue room list`", code=repr(code)))


async def _find(tx: Tx, code: str) -> Room:
    room = await waiting_room.room_by_code(tx, code)
    if room is None:
        raise _unknown(code)
    return room


async def _guarded(
    tx: Tx, named: Sequence[str], venue_code: str
) -> tuple[catalogue.Venue, Sequence[Product]]:
    """The venue that admitted people are sent to, and the products. Raises SetupError."""
    if bool(named) == bool(venue_code):
        raise SetupError(
            Message("say what the room is for: --product (repeatable), or --venue"),
        )
    if venue_code:
        place = await catalogue.venue(tx, venue_code)
        if place is None:
            raise SetupError(Message("--venue: venue {venue_code} not found", venue_code=repr(venue_code)))
        return place, await catalogue.products(tx, place.id)
    found = [await _product(tx, one) for one in named]
    places = await catalogue.venues_by_id(tx, [found[0].venue_id])
    return places[found[0].venue_id], found


async def _product(tx: Tx, name: str) -> Product:
    if name.isdecimal() and len(name) < 19:
        found = await catalogue.product(tx, int(name))
    else:
        venue_code, _, product_code = name.partition("/")
        place = await catalogue.venue(tx, venue_code)
        offered = await catalogue.products(tx, place.id) if place is not None else []
        found = next((one for one in offered if one.code == product_code), None)
    if found is None:
        raise SetupError(
            Message("--product: {name} not found; write VENUE/PRODUCT or a product's id", name=repr(name))
        )
    return found


def _day(raw: str, option: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise SetupError(
            Message("{option}: {raw} isn't a date; write YYYY-MM-DD", option=option, raw=repr(raw))
        ) from None


def _instant(raw: str, timezone: str) -> datetime:
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        raise SetupError(
            Message("--release: {raw} isn't a date and time; write 2026-10-01T08:00", raw=repr(raw))
        ) from None
    return at if at.tzinfo is not None else at_local(at.date(), at.time(), timezone)


def _local(at: datetime) -> str:
    return f"{at.astimezone(zone(_TIMEZONE)):%Y-%m-%d %H:%M:%S}"


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
