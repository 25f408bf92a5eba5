"""A small installation behind the traveller's pages: venues in every state, cards to activate, a client that fills in forms."""

import dataclasses
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, Literal

import httpx
import msgspec
import psycopg
from starlette.applications import Starlette

from tests.support.database import DbUrls
from wenyue import cards, catalogue, policy
from wenyue.app import App
from wenyue.booking import slot_planning
from wenyue.catalogue import NewClosure, PlannedSession, Product, Template, Venue
from wenyue.container import Services, build
from wenyue.core.clock import local_date
from wenyue.core.personal import Vault
from wenyue.locale import written
from wenyue.platform.config import load
from wenyue.platform.database.db import Tx
from wenyue.platform.keys import load_keys
from wenyue.web.traveller import fallback, routes

ProductKind = Literal["session", "night", "table", "seat"]
PERSON_RULES: Final[dict[str, Literal["venue_day", "slot", "none"]]] = {
    "session": "venue_day",
    "seat": "slot",
}
NOW: Final = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)  # a Wednesday, 09:00 in Shanghai
NAME: Final = "张演示"
DOCUMENT: Final = "11010519491231002X"
CHILD_NAME: Final = "李小明"
CHILD_DOCUMENT: Final = "110101201503078116"
OTHER_NAME: Final = "王大同"
OTHER_DOCUMENT: Final = "110101198003078115"
CARD: Final = ("6000202600000019", "20260001")  # covers everything
OTHER_CARD: Final = ("6000202600000027", "20260002")
DAILY_CARD: Final = ("6000202600000043", "20260004")  # covers the lake, once a day
LOCAL_CARD: Final = ("6000202600000078", "20260007")  # 宜昌: covers nothing here
CLOSED_IN_DAYS: Final = 3
_CARDS: Final = (
    ("demo", CARD),
    ("demo", OTHER_CARD),
    ("yichang-annual", LOCAL_CARD),
    ("hainan-annual", DAILY_CARD),
)
EXTRA_VENUES: Final = 22


def _session(starts: int, ends: int, capacity: int, zh: str = "", en: str = "") -> PlannedSession:
    return PlannedSession(time(starts), time(ends), capacity, written({"zh-CN": zh, "en": en}))


_VENUES: Final = (
    Venue(
        code="lake",
        kind="attraction",
        name={"zh-CN": "镜湖", "en": "Mirror Lake"},
        province="浙江",
        city="杭州",
        level="5A",
        tags=("hainan-annual",),
    ),
    Venue(
        code="temple", kind="attraction", name={"zh-CN": "云岭寺"}, province="浙江", city="杭州", level="4A"
    ),
    Venue(
        code="tower",
        kind="attraction",
        name={"zh-CN": "望江楼", "en": "Wangjiang Tower"},
        province="湖北",
        city="武汉",
        tags=(catalogue.ROMANISED_NAME,),
    ),
    Venue(
        code="inn",
        kind="hotel",
        name={"zh-CN": "湖畔客栈", "en": "Lakeside Inn"},
        province="浙江",
        city="杭州",
        is_demo=True,
    ),
    Venue(
        code="kitchen",
        kind="restaurant",
        name={"zh-CN": "湖鲜馆", "en": "Lake Kitchen"},
        province="浙江",
        city="杭州",
    ),
    Venue(
        code="bus",
        kind="transport",
        name={"zh-CN": "环湖线", "en": "Loop Line"},
        province="浙江",
        city="杭州",
    ),
)
_PRODUCTS: Final[dict[str, tuple[ProductKind, str, str, int, str, tuple[PlannedSession, ...]]]] = {
    "lake": ("session", "成人票", "Adult", 6_000, "default", (_session(8, 12, 400, "上午场", "Morning"), _session(13, 17, 3))),
    "temple": ("session", "门票", "", 3_000, "lingyin", (_session(7, 13, 100, "上午场", "Morning"),)),
    "tower": ("session", "成人票", "Adult", 5_000, "default", (_session(9, 12, 0), _session(13, 17, 1))),
    "inn": ("night", "大床房", "Queen room", 30_000, "hotel", (_session(14, 12, 5),)),
    "kitchen": ("table", "四人桌", "Table for four", 5_000, "table", (_session(18, 20, 6, "晚市", "Dinner"),)),
    "bus": ("seat", "座位", "Seat", 1_500, "shuttle", (_session(9, 10, 45), _session(15, 16, 45))),
}  # fmt: skip


async def seed(tx: Tx, now: datetime, vault: Vault) -> None:
    """Presets, card types, venues with slots for the next month, and cards waiting to be activated."""
    await policy.save_presets(tx)
    await cards.save_types(tx)
    presets, calendar = await policy.load_presets(tx), await policy.load_calendar(tx)
    today = local_date(now, "Asia/Shanghai")
    more = [
        Venue(code=f"hill-{n}", kind="attraction", name={"zh-CN": f"小山{n}"}, province="山东")
        for n in range(EXTRA_VENUES)
    ]
    ids = await catalogue.upsert_venues(tx, [*_VENUES, *more])
    for venue in _VENUES:
        kind, zh, en, price, policy_code, sessions = _PRODUCTS[venue.code]
        product = Product(
            venue_id=ids[venue.code],
            code="main",
            kind=kind,
            name=written({"zh-CN": zh, "en": en}),
            price_minor=price,
            policy_code=policy_code,
            needs_visitors=kind in ("session", "seat"),
            person_rule=PERSON_RULES.get(kind, "none"),
        )
        product_id = (await catalogue.upsert_products(tx, [product]))[ids[venue.code], "main"]
        template = Template(product_id=product_id, valid_from=today, sessions=sessions)
        closed = today + timedelta(days=CLOSED_IN_DAYS)
        if venue.code == "lake":
            closure = NewClosure(
                venue_id=ids["lake"],
                from_date=closed,
                to_date=closed,
                reason={"zh-CN": "大风", "en": "Strong wind"},
            )
            await catalogue.add_closure(tx, closure)
        await slot_planning.open_slots(
            tx,
            venue=msgspec.structs.replace(venue, id=ids[venue.code]),
            product=msgspec.structs.replace(product, id=product_id),
            templates=[template],
            preset=presets[policy_code],
            calendar=calendar,
            closures=(await catalogue.closures(tx, [ids[venue.code]], today, closed)).get(
                ids[venue.code], []
            ),
            prices={},
            from_day=today,
            to_day=today + timedelta(days=20),
        )
    for type_code, (number, pin) in _CARDS:
        await cards.issue(tx, vault, type_code=type_code, now=now, actor="test", card_no=number, pin=pin)


@asynccontextmanager
async def services_on(urls: DbUrls, home: Path, clock: Callable[[], datetime]) -> AsyncGenerator[Services]:
    """Started services on a seeded database."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await seed(tx, clock(), Vault(load_keys(home)))
    settings = load({"WENYUE_HOME": str(home)})
    settings = dataclasses.replace(
        settings, database=dataclasses.replace(settings.database, url=urls.app_url, pool_size_max=6)
    )
    services = build(settings, clock=clock)
    await services.start()
    try:
        yield services
    finally:
        await services.stop()


def application(services: Services) -> Starlette:
    """The traveller's pages alone."""
    app = Starlette(routes=[*routes, fallback])
    app.state.services = services
    return app


@dataclass
class PageForm:
    """One form of a page: where it posts, and what stands in it."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    buttons: list[dict[str, str | None]] = field(default_factory=list[dict[str, str | None]])

    def value(self, name: str) -> str:
        """The first value of a field."""
        return next(value for key, value in self.fields if key == name)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append(PageForm(given.get("action") or ""))
        if not self.forms:
            return
        form, name = self.forms[-1], given.get("name") or ""
        if tag == "input" and name and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            form.fields.append((name, given.get("value") or ""))
        if tag == "button":
            form.buttons.append(given)
        if tag == "select":
            self._select = name
        if tag == "option" and self._select:
            form.fields.append((self._select, given.get("value") or ""))
            self._select = ""


def forms_of(page: str) -> list[PageForm]:
    """Every form of the page; a select stands with its first option."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class Traveller:
    """A browser without JavaScript: keeps cookies, follows redirects, submits forms as they stand."""

    def __init__(self, app: Starlette | App) -> None:
        transport = httpx.ASGITransport(app=app)
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://wenyue.test", follow_redirects=True
        )
        self.page: httpx.Response

    async def get(self, path: str, status: int = 200) -> str:
        """Open a page."""
        self.page = await self.client.get(path)
        assert self.page.status_code == status, (path, self.page.status_code, _words(self.page.text))
        return self.page.text

    def form(self, action: str, number: int = 0) -> PageForm:
        """A form of the present page."""
        found = [form for form in forms_of(self.page.text) if form.action == action]
        assert len(found) > number, (action, [form.action for form in forms_of(self.page.text)])
        return found[number]

    async def submit(
        self, form: PageForm, change: Mapping[str, str | Sequence[str]] | None = None, status: int = 200
    ) -> str:
        """Send a form, some fields filled in differently."""
        change = change or {}
        pairs = [(name, value) for name, value in form.fields if name not in change]
        for name, value in change.items():
            pairs += [(name, value)] if isinstance(value, str) else [(name, one) for one in value]
        data: dict[str, list[str]] = {}
        for name, value in pairs:
            data.setdefault(name, []).append(value)
        self.page = await self.client.post(form.action, data=data)
        assert self.page.status_code == status, (form.action, self.page.status_code, _words(self.page.text))
        return self.page.text

    async def activate(self, card: tuple[str, str], name: str = NAME, number: str = DOCUMENT) -> str:
        """Activate a card, and be signed in."""
        await self.get("/activate")
        typed = {"card_no": card[0], "pin": card[1], "name": name, "number": number, "kind": "resident_id"}
        return await self.submit(self.form("/activate"), typed)

    async def choose(self, code: str, day: date, session: int = 0, count: int = 1) -> str:
        """Put a session into the trip."""
        await self.get(f"/venues/{code}?day={day}")
        return await self.submit(self.form("/trip/add", session), {"count": str(count)})

    async def review(self) -> PageForm:
        """Choose whoever is ticked, and look at the review."""
        await self.get("/trip")
        await self.submit(self.form("/trip/people"))
        return self.form("/trip/book")

    @property
    def path(self) -> str:
        """Where the browser is now."""
        return self.page.url.path


def _words(page: str) -> str:
    main = page.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main))[:400]
