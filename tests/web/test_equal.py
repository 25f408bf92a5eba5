"""The same generated requests through the API, the page and the use case itself give the same outcomes and the same rows."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from tests.support.api_site import TODAY, ApiSite, Person, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, CHILD_NAME, NOW, PageForm, Traveller
from wenyue import abuse
from wenyue.abuse import PatternRule
from wenyue.accounts import visitors
from wenyue.accounts.logins import login_key
from wenyue.application import Denied, Details, PlaceBooking, person_of_record, place_booking
from wenyue.application.actors import Traveller as Actor
from wenyue.application.change_booking import cancel_booking, confirm_booking
from wenyue.booking import Outcome, WantedLine
from wenyue.core.admission import PersonLimit
from wenyue.core.ids import uuid7
from wenyue.platform.load_shedding.persons import Persons
from wenyue.web.wording.outcomes import WORDS

VENUES = ("lake", "temple", "bus", "inn", "kitchen")
ROWS = (
    "SELECT id, state, holder_id, card_id, total_minor, hold_until FROM booking.booking ORDER BY id",
    "SELECT booking_id, line_no, slot_id, quantity, price_minor, card_id, entitlement_no, is_live FROM booking.line ORDER BY 1,2",
    "SELECT booking_id, line_no, visitor_no, scope, on_date, is_live FROM booking.place ORDER BY 1, 2, 3",
    "SELECT id, held, sold, capacity FROM booking.pool WHERE held + sold > 0 ORDER BY id",
    "SELECT card_id, no, used FROM cards.entitlement WHERE used > 0 ORDER BY 1, 2",
)


@dataclass(frozen=True)
class Line:
    """One line as somebody would ask for it. `off`: how far its price is from the right one."""

    venue: str
    in_days: int
    count: int
    on_card: bool
    off: int


@dataclass(frozen=True)
class Booking:
    """A request to book; `of`: send the id of an earlier one again."""

    lines: tuple[Line, ...]
    people: tuple[int, ...]  # 0: oneself, 1: the child
    of: int | None


@dataclass(frozen=True)
class Change:
    """Confirm or cancel one of the earlier bookings."""

    kind: str
    of: int


LINES = st.builds(
    Line,
    venue=st.sampled_from(VENUES),
    in_days=st.integers(1, 4),
    count=st.integers(1, 2),
    on_card=st.booleans(),
    off=st.sampled_from([0, 0, 0, 0, 1]),
)
STEPS = st.lists(
    st.one_of(
        st.builds(
            Booking,
            lines=st.lists(LINES, min_size=1, max_size=3, unique_by=lambda one: (one.venue, one.in_days)).map(
                tuple
            ),
            people=st.sampled_from([(0,), (0, 1), (1,), ()]),
            of=st.one_of(st.none(), st.none(), st.none(), st.integers(0, 30)),
        ),
        st.builds(Change, kind=st.sampled_from(["cancel", "cancel", "confirm"]), of=st.integers(0, 30)),
    ),
    min_size=3,
    max_size=8,
)


@dataclass
class Fixtures:
    """One installation, its traveller, and what was asked of it; its sessions have the same ids as those of the others."""

    site: ApiSite
    urls: DbUrls
    who: Person
    child: int
    browser: Traveller
    slots: dict[tuple[str, int], dict[str, Any]] = field(
        default_factory=dict[tuple[str, int], dict[str, Any]]
    )

    async def slot(self, line: Line) -> dict[str, Any]:
        """The first session of the line's venue and day."""
        key = (line.venue, line.in_days)
        if key not in self.slots:
            day = TODAY + timedelta(days=line.in_days)
            [first, *_] = await self.site.slots(line.venue, day)
            self.slots[key] = first | {"product_id": await self.site.product_id(line.venue), "day": day}
        return self.slots[key]

    async def ordered(self, lines: Sequence[Line]) -> list[tuple[Line, dict[str, Any]]]:
        """As the page puts them: by time."""
        found = [(line, await self.slot(line)) for line in lines]
        return sorted(found, key=lambda one: (datetime.fromisoformat(one[1]["starts_at"]), one[1]["slot_id"]))

    async def rows(self) -> list[list[tuple[Any, ...]]]:
        """What the database holds of it."""
        async with await psycopg.AsyncConnection.connect(self.urls.owner_url) as tx:
            return [await (await tx.execute(one.encode())).fetchall() for one in ROWS]


def needs_visitors(line: Line) -> bool:
    """Venues whose places carry names."""
    return line.venue in {"lake", "temple", "bus"}


async def by_api(fixtures: Fixtures, booking_id: UUID, asked: Booking) -> str:
    """The outcome of a body."""
    people = [
        {"name": fixtures.who.name, "number": fixtures.who.number},
        {"name": CHILD_NAME, "number": CHILD_DOCUMENT},
    ]
    lines: list[dict[str, Any]] = []
    for line, slot in await fixtures.ordered(asked.lines):
        one: dict[str, Any] = {"slot_id": slot["slot_id"]}
        one |= (
            {"visitors": list(range(len(asked.people))), "quantity": len(asked.people)}
            if needs_visitors(line) and asked.people
            else {"quantity": 1 if needs_visitors(line) else line.count}
        )
        one |= {"on_card": True} if line.on_card else {"price_minor": slot["price_minor"] + line.off}
        lines.append(one)
    body: dict[str, Any] = {
        "id": str(booking_id),
        "lines": lines,
        "visitors": [people[one] for one in asked.people],
    }
    if any(line.on_card for line in asked.lines):
        body["card_id"] = fixtures.who.card_id
    answer = await fixtures.site.client.post("/v1/bookings", json=body, headers=fixtures.who.headers)
    return answer.json()["outcome"]


async def by_use_case(fixtures: Fixtures, booking_id: UUID, asked: Booking) -> str:
    """The outcome of the use case, as a counter would ask it."""
    services = fixtures.site.app.services
    async with services.db.connection() as tx:
        known = {one.is_self: one for one in await visitors(tx, services.vault, fixtures.who.holder_id)}
    going = [known[one == 0] for one in asked.people]
    lines = tuple(
        WantedLine(
            slot_id=slot["slot_id"],
            quantity=max(1, len(going)) if needs_visitors(line) else line.count,
            visitors=tuple(range(len(going))) if needs_visitors(line) else (),
            is_on_card=line.on_card,
            price_minor=None if line.on_card else slot["price_minor"] + line.off,
        )
        for line, slot in await fixtures.ordered(asked.lines)
    )
    details = Details(
        lines,
        tuple(person_of_record(one, services.vault) for one in going),
        card_id=fixtures.who.card_id if any(one.is_on_card for one in lines) else None,
    )
    placing = PlaceBooking(booking_id, lines, lambda: details)
    actor = Actor(fixtures.who.holder_id, login_key(fixtures.who.token))
    done = (await place_booking(services, actor, lambda: placing)).outcome
    return done.reason.value if isinstance(done, Denied) else done.outcome.name.lower()


async def by_page(fixtures: Fixtures, booking_id: UUID, asked: Booking) -> str:
    """The page that the form of the review leads to."""
    form = fixtures.browser
    await form.get("/me")
    fields = [("_csrf", form.form("/signout").value("_csrf")), ("id", str(booking_id))]
    for line, slot in await fixtures.ordered(asked.lines):
        item = f"{slot['product_id']}.{slot['day']:%Y%m%d}.{slot['slot_id']}.{line.count}"
        price = slot["price_minor"] + line.off
        fields.append(("line", f"{item}.{price}.{int(line.on_card)}"))
    async with fixtures.site.app.services.db.connection() as tx:
        known = {
            one.is_self: one.id
            for one in await visitors(tx, fixtures.site.app.services.vault, fixtures.who.holder_id)
        }
    fields += [("visitor", str(known[one == 0])) for one in asked.people]
    return await send(fixtures.browser, replace(form.form("/signout"), action="/trip/book", fields=fields))


async def send(browser: Traveller, form: PageForm) -> str:
    """The text of the page that follows."""
    data: dict[str, list[str]] = {}
    for name, value in form.fields:
        data.setdefault(name, []).append(value)
    answer = await browser.client.post(form.action, data=data)
    assert answer.status_code < 500, answer.text
    return f"{answer.url.path} {answer.text}"


async def changed(fixtures: Fixtures, face: str, change: Change, booking_id: UUID) -> str:
    """What came of confirming or cancelling it by this face."""
    noun = {"cancel": "cancellation", "confirm": "confirmation"}[change.kind]
    if face == "api":
        path = f"/v1/bookings/{booking_id}/{noun}"
        answer = await fixtures.site.client.post(
            path, json={} if noun == "cancellation" else None, headers=fixtures.who.headers
        )
        return answer.json()["outcome"]
    if face == "use case":
        act = cancel_booking if change.kind == "cancel" else confirm_booking
        actor = Actor(fixtures.who.holder_id, login_key(fixtures.who.token))
        return (await act(fixtures.site.app.services, actor, booking_id)).outcome.name.lower()
    await fixtures.browser.get("/me")
    form = fixtures.browser.form("/signout")
    sent = PageForm(f"/bookings/{booking_id}/{change.kind}", [("_csrf", form.value("_csrf"))])
    return await send(fixtures.browser, sent)


ASKED = {"api": by_api, "page": by_page, "use case": by_use_case}


def is_said(page: str, outcome: Outcome, booking_id: UUID, kind: str) -> bool:
    """Whether the page tells this outcome: a booking's own page for what was done, else the words of the refusal."""
    if outcome.is_success:
        return page.startswith(f"/bookings/{booking_id} ") and (
            kind == "book" or WORDS[outcome].title.say("zh-CN") in page
        )
    return WORDS[outcome].title.say("zh-CN") in page


@asynccontextmanager
async def open_sites(make_database: Callable[[], DbUrls], home: Path) -> AsyncGenerator[dict[str, Fixtures]]:
    """One installation for each face, all alike."""
    async with AsyncExitStack() as stack:
        sites: dict[str, Fixtures] = {}
        for face in ASKED:
            urls = make_database()
            async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
                never = PatternRule(
                    limit=10**6, window_s=3_600, block_s=0
                )  # it asks about the same persons again and again
                await abuse.save_rule(tx, abuse.Pattern.TRIED_DOCUMENTS, never, now=NOW, actor="test")
            site = await stack.enter_async_context(
                api_site(lambda one=urls: one, home / face.replace(" ", "-"))
            )
            site.app.services.admission.persons = Persons(PersonLimit(10_000, 60.0))
            who = await site.traveller()
            kept = await site.client.post(
                "/v1/visitors", json={"name": CHILD_NAME, "number": CHILD_DOCUMENT}, headers=who.headers
            )
            browser = Traveller(Starlette())
            browser.client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=site.app), base_url="http://api.test", follow_redirects=True
            )
            await browser.get("/signin")
            await browser.submit(browser.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})
            sites[face] = Fixtures(site, urls, who, kept.json()["id"], browser)
        yield sites


@pytest.fixture(scope="module")
def scene(
    make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[asyncio.Runner, dict[str, Fixtures]]]:
    with asyncio.Runner() as runner:
        opened = open_sites(make_database, tmp_path_factory.mktemp("faces"))
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


async def play(sites: dict[str, Fixtures], steps: Sequence[Booking | Change], seen: list[Outcome]) -> None:
    """Ask the same of every face, and compare what it says and what it wrote after each step."""
    ids, booked = list[UUID](), list[UUID]()
    for step in steps:
        if isinstance(step, Change):
            if not booked:
                continue
            booking_id, kind = booked[step.of % len(booked)], step.kind
            said = {face: await changed(fixtures, face, step, booking_id) for face, fixtures in sites.items()}
        else:
            booking_id = ids[step.of % len(ids)] if step.of is not None and ids else uuid7()
            ids.append(booking_id)
            kind = "book"
            said = {face: await ASKED[face](fixtures, booking_id, step) for face, fixtures in sites.items()}
        outcome = Outcome[said["api"].upper()]
        seen.append(outcome)
        if outcome.is_success:
            booked.append(booking_id)
        assert said["use case"] == said["api"], step
        assert is_said(said["page"], outcome, booking_id, kind), (
            step,
            outcome,
            re.sub("<[^>]*>|\\s+", " ", said["page"])[-900:],
        )
        rows = {face: await fixtures.rows() for face, fixtures in sites.items()}
        for face in ("page", "use case"):
            for mine, others in zip(rows["api"], rows[face], strict=True):
                assert set(mine) ^ set(others) == set(), (face, step, outcome)


def test_the_same_requests_by_every_face_have_the_same_outcomes_and_rows(
    scene: tuple[asyncio.Runner, dict[str, Fixtures]],
) -> None:
    runner, sites = scene
    seen: list[Outcome] = []

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(steps=STEPS)
    def run(steps: list[Booking | Change]) -> None:
        runner.run(play(sites, steps, seen))

    run()
    assert {Outcome.CONFIRMED, Outcome.HELD, Outcome.CANCELLED, Outcome.PRICE_CHANGED} <= set(seen)
    assert len(set(seen)) >= 10, set(seen)
