"""The later exports: changed, cancelled, settled, new and gone, and what must become of each row. Uses nothing of `wenyue`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from wenyue_lab.moving_in.members import Member, make_members, write_members
from wenyue_lab.moving_in.model import Booking, File, Scale
from wenyue_lab.moving_in.stays import Stay, write_stays
from wenyue_lab.moving_in.tickets import UNSETTLED_DAYS, Order, write_orders
from wenyue_lab.moving_in.writing import LATER, Writer, record

_NOTHING_PLANTED = 0


def write_later(writer: Writer, orders: Sequence[Order], stays: Sequence[Stay]) -> None:
    """The second round: visits and stays of the last days and to come, and the whole list of members."""
    truth, scale = writer.truth, replace(writer.scale, planted=_NOTHING_PLANTED)
    truth.files = []
    _write_members(writer, scale)
    begin = writer.today - timedelta(days=UNSETTLED_DAYS)
    before = dict(truth.bookings)
    kept, verdicts = _orders_now(writer, [one for one in orders if one.day >= begin])
    file = write_orders(writer.folder / "tickets-later.csv", truth, kept, writer.office, scale)
    _note(file, verdicts, before, [one.booking() for one in kept])
    known = [one for one in stays if one.arrival + timedelta(days=one.nights) >= begin and one.key in before]
    later, verdicts = _stays_now(writer, known)
    file = write_stays(writer.folder / "stays-later.csv", truth, later, writer.desk, scale)
    _note(file, verdicts, before, [one.booking() for one in later])
    record(writer.folder / LATER, truth)


def _note(file: File, verdicts: Counter[str], before: dict[str, Booking], now: Sequence[Booking]) -> None:
    """Verdicts of the rows, and how many that stand within the file's days it lacks."""
    days = [day for one in now for day, _, _ in one.used]
    keys, source = {one.key for one in now}, now[0].source
    file.verdicts = dict(verdicts)
    file.gone = sum(
        one.source == source
        and one.key not in keys
        and one.state in {"confirmed", "redeemed"}
        and any(min(days) <= day <= max(days) for day, _, _ in one.used)
        for one in before.values()
    )


def _orders_now(writer: Writer, orders: Iterable[Order]) -> tuple[list[Order], Counter[str]]:
    kept, verdicts, chance = list[Order](), Counter[str](), writer.chance
    for one in orders:
        drawn, is_to_come = chance.random(), one.day > writer.today
        verdict = "already-imported"
        if one.state == "confirmed" and drawn < 0.03:
            continue  # gone
        if one.state == "confirmed" and not one.cancelled and drawn < 0.1:
            one.state, one.settled, verdict = "cancelled", writer.today, "cancelled"
        elif one.state == "confirmed" and one.day < writer.today:
            one.state, one.settled, verdict = ("redeemed" if drawn < 0.9 else "no-show"), one.day, "updated"
        elif one.state == "confirmed" and is_to_come and drawn < 0.15:
            one.day, verdict = _other_day(writer, one), "updated"
        elif one.state == "confirmed" and is_to_come and drawn < 0.18:
            one.session = next(name for name in one.venue.sessions if name != one.session)
            verdict = "updated"
        kept.append(one)
        verdicts[verdict] += len(one.people)
    for _ in range(len(kept) // 15):
        one = writer.office.order(from_day=1)
        kept.append(one)
        verdicts["imported"] += len(one.people)
    return kept, verdicts


def _other_day(writer: Writer, one: Order) -> date:
    while True:
        day = writer.office.open_day(one.venue, 1)
        if day != one.day:
            return day


def _stays_now(writer: Writer, stays: Iterable[Stay]) -> tuple[list[Stay], Counter[str]]:
    """Family rooms stay as they are: who gets the last one is the first export's matter."""
    kept, verdicts, chance = list[Stay](), Counter[str](), writer.chance
    for one in stays:
        drawn, is_plain = chance.random(), one.state == "confirmed" and one.room != "家庭房"
        is_to_come, is_over = (
            one.arrival > writer.today,
            one.arrival + timedelta(days=one.nights) < writer.today,
        )
        verdict = "already-imported"
        if is_plain and is_to_come and drawn < 0.03:
            continue  # gone
        if is_plain and is_to_come and drawn < 0.1:
            one.state, verdict = "cancelled", "cancelled"
        elif one.state == "confirmed" and is_over:
            one.state, verdict = ("redeemed" if drawn < 0.9 else "no-show"), "updated"
        elif is_plain and is_to_come and drawn < 0.16:
            one.arrival += timedelta(days=1)
            verdict = "updated"
        kept.append(one)
        verdicts[verdict] += 1
    for _ in range(len(kept) // 15):
        one = writer.desk.stay(from_day=1)
        kept.append(replace(one, room="大床房"))
        verdicts["imported"] += 1
    return kept, verdicts


def _write_members(writer: Writer, scale: Scale) -> None:
    """Longer validity, cards reported lost, entries that were used, new members and some that are no more listed."""
    kept, verdicts, gone = list[Member](), Counter[str](), 0
    for one in writer.members:
        drawn = writer.chance.random()
        if drawn < 0.005:
            gone += 1
            continue
        changed = _changed(one, drawn)
        kept.append(changed)
        verdicts["same" if changed is one else "changed"] += 1
    more = replace(scale, cards=max(1, scale.cards // 100))
    new = make_members(writer.chance, writer.people, more, writer.today, first=8000202600000000)
    verdicts["new"] += len(new)
    file = write_members(writer.folder, "members-later.xlsx", writer.truth, [*kept, *new], [])
    file.verdicts, file.gone = dict(verdicts), gone


def _changed(one: Member, drawn: float) -> Member:
    card, row = one.card, list(one.row)
    if card.state != "active":
        return one
    if drawn < 0.02:
        last = date.fromisoformat(card.valid_to) + timedelta(days=30)
        row[9] = last
        return Member(replace(card, valid_to=last.isoformat()), tuple(row))
    if drawn < 0.03:
        row[10] = "挂失"
        return Member(replace(card, state="frozen"), tuple(row))
    if drawn < 0.06 and card.type_code == "city-annual" and card.left[0]:
        row[12] = f"{card.left[0] - 1}"
        return Member(replace(card, left={0: card.left[0] - 1}), tuple(row))
    return one
