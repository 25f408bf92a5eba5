"""Unit costs and plans for people: tables on the terminal, and the file that `plan` reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from rich.table import Table

from wenyue.locale import SOURCE, Locale, Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue.platform.fault import SetupError
from wenyue_lab.scale.model import UNITS, Bill, Costs, Divided, Machines, Release, Story

_FORM: Final = msgspec.json.Encoder()


def save(costs: Costs, path: Path) -> None:
    """Write complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(_FORM.encode(costs), indent=2) + b"\n")
    partial.replace(path)


def load(path: Path) -> Costs:
    """What `measure` wrote. Raises SetupError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Costs)
    except FileNotFoundError as error:
        raise SetupError(
            Message("{path} is not there: run `wenyue scale measure` first", path=path),
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SetupError(
            Message("{path} is not what `wenyue scale measure` writes: {error}", path=path, error=error)
        ) from error


def costs_table(costs: Costs) -> Table:
    """Every unit with its costs."""
    view = Table(title=gettext("one of each costs"), title_justify="left")
    view.add_column(gettext("unit"))
    for name in (
        gettext("web µs"),
        gettext("database µs"),
        gettext("WAL bytes"),
        gettext("stored bytes"),
        gettext("bytes in"),
        gettext("bytes out"),
        gettext("measured at /s"),
    ):
        view.add_column(name, justify="right")
    for what, cells in _rows(costs, command_locale()):
        view.add_row(what, *cells)
    view.caption_justify = "left"
    idle = gettext(
        "nobody asks: web {web}, database {database} of a core",
        web=f"{costs.idle_web_share:.1%}",
        database=f"{costs.idle_database_share:.1%}",
    )
    sizes = gettext(
        "a waiting connection {kb} KB · a web process {mb} MB",
        kb=f"{costs.connection_kb:.1f}",
        mb=f"{costs.web_mb:.0f}",
    )
    assets = gettext("assets of the room's page {kb} KB", kb=f"{costs.assets_bytes / 1000:.1f}")
    view.caption = "\n".join([f"{sizes} · {assets} · {idle}", *costs.notes])
    return view


def costs_markdown(costs: Costs) -> str:
    """The same in English, as docs/scale.md shows it."""
    lines = ["| one | web, µs | database, µs | WAL, bytes | stored, bytes | request, bytes | answer, bytes |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    lines += [f"| {what} | " + " | ".join(cells[:-1]) + " |" for what, cells in _rows(costs, SOURCE)]
    return "\n".join(lines) + "\n"


def _rows(costs: Costs, locale: Locale) -> list[tuple[str, list[str]]]:
    """What was measured of each unit, as people read it; the last is the rate."""
    rows: list[tuple[str, list[str]]] = []
    for name, what in UNITS.items():
        if (unit := costs.units.get(name)) is not None:
            costing = (unit.web_us, unit.database_us, unit.wal_bytes, unit.stored_bytes)
            cells = (*costing, unit.in_bytes, unit.out_bytes, unit.per_s)
            rows.append((what.say(locale), [f"{cell:,.0f}" for cell in cells]))
    return rows


def story_table(release: Release, story: Story) -> Table:
    """What happened to the people."""
    people = gettext(
        "{visitors} people, {places} places", visitors=f"{release.visitors:,}", places=f"{release.places:,}"
    )
    view = _pairs(people)
    waiting = max((one.waiting for one in story.seconds if one.at_s <= 0), default=0)
    view.add_row(gettext("waiting at the release"), f"{waiting:,}")
    sold = gettext(
        "{places} places in {bookings} bookings", places=f"{story.sold:,}", bookings=f"{story.booked:,}"
    )
    view.add_row(gettext("sold"), sold)
    never = gettext("never")
    view.add_row(
        gettext("sold out after"), never if story.sold_out_at_s is None else _span(story.sold_out_at_s)
    )
    view.add_row(gettext("let in, refused as sold out"), f"{story.let_in:,}, {story.refused:,}")
    view.add_row(gettext("gone when their turn came"), f"{story.missed:,}")
    view.add_row(gettext("told “sold out” in the queue"), f"{story.turned_away:,}")
    waits = ", ".join(f"{percent} %: {_span(wait)}" for percent, wait in story.waits_s.items())
    view.add_row(gettext("waited after release or arrival, whose turn came"), waits or "-")
    return view


def machines_table(with_cdn: Machines, without: Machines) -> Table:
    """What the origin needs, with and without a CDN."""
    view = Table(title=gettext("the origin"), title_justify="left")
    for name in ("", gettext("with a CDN"), gettext("without a CDN")):
        view.add_column(name, justify="right" if name else "left")
    rows: list[tuple[str, Callable[[Machines], str]]] = [
        (gettext("requests a second, peak of 5 s"), lambda one: f"{one.requests_per_s:,.0f}"),
        (gettext("sent, Gbit/s"), lambda one: f"{one.out_gbit_per_s:,.2f}"),
        (gettext("open connections"), lambda one: f"{one.connections:,.0f}"),
        (gettext("web cores (60 % used)"), lambda one: f"{one.web_cores:,.1f}"),
        (gettext("database cores (60 % used)"), lambda one: f"{one.database_cores:,.1f}"),
        (gettext("web memory, GB"), lambda one: f"{one.web_memory_gb:,.1f}"),
        (gettext("WAL, MB/s"), lambda one: f"{one.wal_mb_per_s:,.2f}"),
        (
            gettext("at the CDN's edge: requests a second"),
            lambda one: f"{one.edge_requests_per_s:,.0f}" if one.edge_requests_per_s else "-",
        ),
        (gettext("stored for good, GB"), lambda one: f"{one.stored_gb:,.3f}"),
    ]
    for what, form in rows:
        view.add_row(what, form(with_cdn), form(without))
    return view


def bill_table(with_cdn: Bill, without: Bill) -> Table:
    """What the release uses; prices only where the reader gave some."""
    view = Table(title=gettext("the whole release"), title_justify="left")
    for name in ("", gettext("with a CDN"), gettext("without a CDN")):
        view.add_column(name, justify="right" if name else "left")
    view.add_row(
        gettext("core-hours, cores of the peak kept"), f"{with_cdn.core_h:,.1f}", f"{without.core_h:,.1f}"
    )
    view.add_row(gettext("sent by the origin, GB"), f"{with_cdn.origin_gb:,.1f}", f"{without.origin_gb:,.1f}")
    view.add_row(gettext("sent by the edge, GB"), f"{with_cdn.edge_gb:,.1f}", "-")
    for what, pick in (
        (gettext("cores, at your price"), "cores_price"),
        (gettext("traffic, at your price"), "traffic_price"),
    ):
        given = [getattr(one, pick) for one in (with_cdn, without)]
        if None not in given:
            view.add_row(what, *(f"{price:,.2f}" for price in given))
    return view


def divided_table(found: list[Divided]) -> Table:
    """One primary beside two."""
    view = Table(title=gettext("one primary, two primaries"), title_justify="left")
    for name in (
        gettext("primaries"),
        gettext("bookings /s"),
        gettext("each"),
        gettext("web µs"),
        gettext("database µs"),
        gettext("oversold"),
    ):
        view.add_column(name, justify="right")
    for one in found:
        each = " + ".join(f"{rate:,.0f}" for rate in one.each_per_s)
        costs = (f"{one.web_us:,.0f}", f"{one.database_us:,.0f}", str(one.oversold))
        view.add_row(str(one.primaries), f"{one.per_s:,.0f}", each, *costs)
    return view


def _pairs(title: str) -> Table:
    view = Table(title=title, title_justify="left", show_header=False)
    view.add_column("")
    view.add_column("")
    return view


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes:
        return gettext("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return gettext("{seconds} s", seconds=rest)
