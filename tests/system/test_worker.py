"""The worker as a whole: from a booking to its text, each told once, also over an upgrade."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.worker_place import Place, Slow, eventually, worker_place, working
from wenyue import abuse, catalogue
from wenyue.application.entering_holidays import do_enter_holidays
from wenyue.application.jobs.write_messages import SEND
from wenyue.application.operating import Operator, acting
from wenyue.booking import ChangeKind, ChangeRequest, Outcome
from wenyue.booking.slots.replanning import HolidayEntry
from wenyue.catalogue import PlannedSession, Template
from wenyue.core.duties import EVERY_DUTY
from wenyue.platform.database.db import queries
from wenyue.platform.jobs.queue import JobQueue
from wenyue.subscribers import DELIVER
from wenyue.worker import Worker
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Place]:
    async with worker_place(make_database(), tmp_path) as made:
        yield made


async def test_a_booking_becomes_a_text(place: Place) -> None:
    await place.book()
    async with working(Worker(place.services)):
        await eventually(place.is_sent)
        await eventually(place.is_idle)
    [file] = (place.home / "messages").iterdir()
    [line] = [json.loads(one) for one in file.read_text(encoding="utf-8").splitlines()]
    assert line["to"] == "138****8000"
    assert line["text"].startswith("【稳约旅游卡】张*三已预约3月3日10:00-12:00west-lake，")
    assert await place.one("SELECT sum(waiting + retried + parked) FROM events.lag_v") == 0
    assert await place.one("SELECT count(DISTINCT booking_id) FROM gate.term") == 1


async def test_two_workers_send_each_text_once(place: Place) -> None:
    for _ in range(12):
        await place.book()
    transport = Slow()
    transport.gate.set()
    async with working(Worker(place.services, sms=transport)), working(Worker(place.services, sms=transport)):
        await eventually(place.is_sent)
        await eventually(place.is_idle)
    assert len(transport.sent) == len({one.id for one in transport.sent}) == 12


async def test_sessions_are_opened_at_the_start(place: Place) -> None:
    product_id = await place.one("SELECT id FROM catalogue.product")
    template = Template(
        product_id=product_id,
        valid_from=date(2026, 1, 1),
        sessions=(PlannedSession(time(9), time(11), 5),),
    )
    await catalogue.upsert_templates(place.tx, [template])

    async def is_opened() -> bool:
        return await place.one("SELECT count(*) FROM booking.slot") == 1 + 32

    async with working(Worker(place.services)):
        await eventually(is_opened)


async def test_sessions_that_are_open_follow_a_holiday(place: Place) -> None:
    """Those of a date that has another timetable by now; heard again, nothing more happens."""
    product_id = await place.one("SELECT id FROM catalogue.product")
    since, day = date(2026, 1, 1), dataset.START.date() + timedelta(days=3)
    usual = (PlannedSession(time(9), time(11), 5), PlannedSession(time(18), time(20), 5))
    templates = [
        Template(product_id=product_id, valid_from=since, sessions=usual),
        Template(product_id=product_id, valid_from=since, sessions=usual[:1], day_kind="holiday", priority=1),
    ]
    await catalogue.upsert_templates(place.tx, templates)
    open_sessions = f"SELECT count(*) FILTER (WHERE is_open) FROM booking.slot WHERE on_date = '{day}'"
    asked = HolidayEntry(day, day, "holiday", "元旦", "通知")

    async def are_opened() -> bool:
        return await place.one(open_sessions) == 2

    async def have_followed() -> bool:
        return await place.one(open_sessions) == 1

    async with working(Worker(place.services)):
        await eventually(are_opened)
        async with acting(place.services, Operator("staff:1", duties=EVERY_DUTY)) as act:
            assert await do_enter_holidays(act, asked) == ["workday"]
        await eventually(have_followed)
        await eventually(place.is_idle)
    await place.tx.execute("UPDATE events.subscriber SET done = '1:1:', target = NULL")
    async with working(Worker(place.services)):
        await eventually(place.is_idle)
    assert await have_followed()
    replanned = "SELECT count(*) FROM audit.entry WHERE action = 'calendar.replanned'"
    assert await place.one(replanned) == 1


async def test_the_texts_of_one_batch_become_jobs_of_bounded_size(place: Place) -> None:
    for _ in range(60):
        await place.book()
    await place.tell(Worker(place.services))
    cursor = await place.tx.execute(
        "SELECT task_name, jsonb_array_length(args -> 'booking_ids') FROM procrastinate_jobs ORDER BY id"
    )
    assert await cursor.fetchall() == [(SEND, 50), (SEND, 10)]


async def test_an_upgrade_loses_no_note_and_tells_nobody_twice(place: Place) -> None:
    """Notes that wait, a job that an earlier worker added, and a web process of the earlier version that still writes notes."""
    waiting, of_job, late = [await place.book() for _ in range(3)]
    await place.tx.execute("TRUNCATE events.event")  # as the earlier version wrote it:
    note = queries("wenyue.booking", "tasks.sql")["note_of_earlier_version"]
    async with place.services.db.connection() as tx:
        await tx.execute(note, {"kind": 1, "ids": [waiting], "at": dataset.START})
    jobs = JobQueue(place.services.db)
    jobs.define(DELIVER, nobody)
    async with place.services.db.transaction() as tx:
        await jobs.add(tx, DELIVER, [{"kind": 1, "booking_ids": [str(of_job)]}])
    transport = Slow()
    transport.gate.set()

    async def are_told() -> bool:
        return len(transport.sent) == 3

    async with working(Worker(place.services, sms=transport)):
        async with place.services.db.connection() as tx:
            await tx.execute(note, {"kind": 1, "ids": [late], "at": dataset.START})
        await eventually(are_told)
        await eventually(place.is_idle)
    told = "SELECT count(*), count(DISTINCT booking_id) FROM notifications.message WHERE channel = %s"
    for channel in ("inapp", "sms"):
        assert await (await place.tx.execute(told, [channel])).fetchall() == [(3, 3)]
    assert await place.one("SELECT count(DISTINCT booking_id) FROM gate.term") == 3


async def nobody(_arguments: Mapping[str, object], /, **_is_last_try: bool) -> None:
    raise AssertionError("this worker does no jobs")


async def test_what_is_told_again_is_sent_once(place: Place) -> None:
    for _ in range(3):
        await place.book()
    worker = Worker(place.services)
    await place.tell(worker)
    tables = ("notifications.message", "gate.term", "procrastinate_jobs", "abuse.finding")
    before = [await place.one(f"SELECT count(*) FROM {table}") for table in tables]
    await place.tx.execute("UPDATE events.subscriber SET done = '1:1:', target = NULL")
    await place.tell(worker)
    assert [await place.one(f"SELECT count(*) FROM {table}") for table in tables] == before
    assert before[0] == 6


async def test_an_account_that_books_for_many_persons_is_seen_when_it_does(place: Place) -> None:
    detector = place.services.abuse
    detector.rules = {**detector.rules, abuse.Pattern.MANY_PERSONS: abuse.PatternRule(2, 86_400)}
    card, worker = await dataset.card(place.tx, 7), Worker(place.services)
    findings = "SELECT pattern, subject, count FROM abuse.finding"
    for people in ((card.holder_key,), (dataset.person(8),)):
        assert await (await place.tx.execute(findings)).fetchall() == []
        request = dataset.request(card, place.slot_id, people=people)
        answer = await place.services.engine.book(request)
        assert answer.outcome is Outcome.CONFIRMED
        await place.tell(worker)
    subject = detector.subject("account", card.holder_id)
    assert await (await place.tx.execute(findings)).fetchall() == [("many-persons", subject, 2)]


async def test_a_person_booked_by_many_accounts_is_seen_when_they_are_and_names_nobody(place: Place) -> None:
    detector = place.services.abuse
    detector.rules = {**detector.rules, abuse.Pattern.ROTATED_ACCOUNTS: abuse.PatternRule(2, 86_400)}
    worker, tout = Worker(place.services), dataset.person(99)
    findings = "SELECT pattern, subject, count FROM abuse.finding"
    for number in (1, 2):
        assert await (await place.tx.execute(findings)).fetchall() == []
        card = await dataset.card(place.tx, number)
        request = dataset.request(card, place.slot_id, people=(tout,))
        assert (await place.services.engine.book(request)).outcome is Outcome.CONFIRMED
        cancel = ChangeRequest(ChangeKind.CANCEL, request.id, "test", holder_id=card.holder_id)
        assert (
            await place.services.engine.change(cancel)
        ).outcome is Outcome.CANCELLED  # it counts all the same
        await place.tell(worker)
    expected = [("rotated-accounts", detector.subject("person", tout), 2)]
    assert await (await place.tx.execute(findings)).fetchall() == expected
    pairs = await (await place.tx.execute("SELECT person, account FROM abuse.pair")).fetchall()
    assert {person for person, _ in pairs} == {detector.subject("person", tout)}
    assert len({account for _, account in pairs}) == 2
    async with place.services.db.transaction() as tx:
        await abuse.tidy(tx, dataset.START + timedelta(days=3))
    assert await place.one("SELECT count(*) FROM abuse.pair") == 0
