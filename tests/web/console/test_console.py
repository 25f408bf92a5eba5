"""The operators' console over HTTP: who comes in, what the live page says, and what it says while the database is away."""

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.api_site import PASSWORD, ApiSite, api_site, vault_of
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW, Traveller
from wenyue.accounts import save_staff
from wenyue.core.duties import FormerRole, duties_of_role
from wenyue.policy import load_calendar
from wenyue.telemetry import metrics_text
from wenyue.web.console import routes
from wenyue.web.console.context import DUTY_COOKIE, DUTY_S

pytestmark = pytest.mark.anyio
PAGE_BYTES_MAX = 100 * 1024
PAGES = (
    "/console",
    "/console/live",
    "/console/live.json",
    "/console/runbooks",
    "/console/runbooks/drain",
    "/console/holidays",
    "/console/changes",
    "/console/changes/new",
)


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        vault = vault_of(tmp_path)
        people: tuple[tuple[str, FormerRole, tuple[int, ...]], ...] = (
            ("op", "operator", ()),
            ("boss", "admin", ()),
            ("one-venue", "operator", (1,)),
        )
        for login, role, venues in people:
            await save_staff(
                tx,
                vault,
                login=login,
                password=PASSWORD,
                duties=duties_of_role(role, venues),
                now=NOW,
                actor="test",
            )
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def signed_in(site: ApiSite, login: str, status: int = 200) -> Traveller:
    """A browser of a member of staff."""
    browser = Traveller(site.app)
    await browser.get("/console/signin")
    await browser.submit(
        browser.form("/console/signin"), {"login": login, "password": PASSWORD}, status=status
    )
    return browser


async def test_only_operators_come_in(site: ApiSite) -> None:
    """Every route × who asks; a route that is not listed here fails the test."""
    listed = {(path.replace("/drain", "/{name}"), "GET") for path in PAGES}
    listed |= {("/console/signin", "GET"), ("/console/signin", "POST"), ("/console/signout", "POST")}
    listed |= {("/console/holidays", "POST"), ("/console/changes/new", "POST")}
    listed |= {
        ("/console/changes/{id}", method) for method in ("GET", "POST")
    }  # tests/web/console/test_changes.py
    listed |= {("/console/duties", "GET"), ("/console/record", "GET"), ("/console/days", "GET")}
    listed |= {
        ("/console/devices", "GET"),
        ("/console/devices", "POST"),
        ("/console/devices/{id}/revoke", "POST"),
    }
    listed |= {
        (f"/console/{name}", method)
        for name in ("me", "me/factor", "me/password", "sessions", "signin/factor", "signin/enrolment")
        for method in ("GET", "POST")
    }  # tests/web/console/test_second_factor.py, test_step_up.py
    listed |= {
        (f"/console/staff{rest}", method)
        for rest, methods in (("", ["GET"]), ("/new", ["GET", "POST"]), ("/{id}", ["GET", "POST"]))
        for method in methods
    }  # tests/web/console/test_staff.py
    assert {
        (route.path, method) for route in routes for method in (route.methods or set()) - {"HEAD"}
    } == listed
    traveller = await site.traveller()
    keeper = await site.staff()
    for name, token in (
        ("nobody", ""),
        ("traveller", traveller.token),
        ("gate", keeper.token),
        ("junk", "x" * 300),
    ):
        for path in PAGES:
            cookies = {"wy_staff": token, "wy_login": traveller.token} if token else {}
            answer = await site.client.get(
                path, headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
            )
            wanted = 403 if name == "gate" else 401 if path.endswith(".json") else 303
            assert answer.status_code == wanted, (name, path, answer.status_code)
            assert "data-live" not in answer.text
            assert DUTY_COOKIE not in answer.headers.get("set-cookie", "")
    for login in ("op", "boss"):
        browser = await signed_in(site, login)
        assert browser.path == "/console/live"
        for path in PAGES:
            await browser.get(path)
    keeper_page = await signed_in(site, "gate", status=403)
    assert "运营" in keeper_page.page.text


async def test_a_form_of_another_site_signs_nobody_in(site: ApiSite) -> None:
    answer = await site.client.post("/console/signin", data={"login": "op", "password": PASSWORD})
    assert answer.status_code == 403
    browser = Traveller(site.app)
    await browser.get("/console/signin")
    wrong = await browser.submit(
        browser.form("/console/signin"), {"login": "op", "password": "wrong"}, status=422
    )
    assert "账号或密码不对" in wrong


async def test_a_language_chosen_by_address_stays_for_the_answer_to_a_form(site: ApiSite) -> None:
    browser = Traveller(site.app)
    await browser.get("/console/signin?lang=en")
    wrong = await browser.submit(
        browser.form("/console/signin"), {"login": "op", "password": "wrong"}, status=422
    )
    assert "The login or password is wrong." in wrong


async def test_signing_out_ends_it(site: ApiSite) -> None:
    browser = await signed_in(site, "op")
    assert DUTY_COOKIE in browser.client.cookies
    await browser.submit(browser.form("/console/signout"))
    assert browser.path == "/console/signin"
    assert DUTY_COOKIE not in browser.client.cookies
    assert (await browser.client.get("/console/live.json")).status_code == 401


async def test_the_live_page_is_whole_without_javascript(site: ApiSite) -> None:
    browser = await signed_in(site, "op")
    who = await site.traveller()
    await site.book(who, (await site.slots("lake"))[0]["slot_id"])
    page = await browser.get("/console/live?span=15m")
    assert page.count('<svg class="plot"') == 3
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "后台进程没有报告" in page  # there is no worker in this test: the page says so
    assert len(page.encode()) <= PAGE_BYTES_MAX
    assert browser.page.headers["cache-control"] == "no-store"
    assert "<style" not in page
    assert " style=" not in page
    english = await browser.get("/console/live?lang=en&span=1h")
    assert "The worker isn&#39;t reporting" in english
    assert 'data-live="/console/live.json?span=1h&amp;lang=en"' in english
    assert "About to sell out" in english


async def test_the_data_behind_it(site: ApiSite) -> None:
    browser = await signed_in(site, "op")
    answer = (await browser.client.get("/console/live.json?span=nonsense")).json()
    assert answer["span"] == "1h"
    assert {len(values) for values in answer["series"].values()} == {180}
    assert set(answer["pieces"]) >= {"state", "tiles", "load", "latency", "queue", "reasons", "tight"}


async def test_while_the_database_is_away_whoever_was_there_still_sees(site: ApiSite) -> None:
    browser = await signed_in(site, "op")
    stranger = Traveller(site.app)
    stranger.client.cookies.set("wy_staff", "y" * 43)
    outage, exchange = site.app.services.db.outage, site.app.rest.state.exchange
    rules = site.app.services._watch  # pyright: ignore[reportPrivateUsage] # it would find the database well
    assert rules is not None
    rules.cancel()
    outage.note_bad("OperationalError")
    site.app.rest.state.glass.forget()
    page = await browser.get("/console/live")
    assert "没有应答" in page
    assert "预约回答“系统正忙”" in page
    assert "/console/runbooks/database-killed" in page
    assert (await browser.client.get("/console/live.json")).json()["on_pass"] is True
    assert "wenyue_database_away{" in metrics_text(await exchange.snapshots()).decode()
    shut = await stranger.get("/console/live", status=503)
    assert "data-live" not in shut
    assert (await stranger.client.get("/console/live.json")).status_code == 503
    stranger.client.cookies.set(DUTY_COOKIE, browser.client.cookies[DUTY_COOKIE])
    await stranger.get("/console/live", status=503)  # a pass is good with its own login only
    later = site.app.services.clock
    site.app.services.clock = lambda: NOW + timedelta(seconds=DUTY_S + 1)
    await browser.get("/console/live", status=503)
    site.app.services.clock = later
    outage.note_good()
    site.app.rest.state.glass.forget()
    assert "没有应答" not in await browser.get("/console/live")


PROXIES_FIELDS = (
    *(
        "X-Forwarded-For",
        "Forwarded",
        "Via",
        "X-Real-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
        "X-Client-IP",
    ),
    *(
        "Fastly-Client-IP",
        "X-Cluster-Client-IP",
        "X-Original-Forwarded-For",
        "Ali-Cdn-Real-Ip",
        "X-Forwarded-Host",
    ),
    *("X-Forwarded-Proto", "CDN-Loop", "X-Azure-ClientIP", "X-Envoy-External-Address", "A-Proxys-Own-Field"),
)


async def test_security_M1_figures_are_for_this_machine_or_for_whoever_has_the_token(site: ApiSite) -> None:
    here = {"Host": "127.0.0.1:8000"}
    assert (await site.client.get("/metrics", headers=here)).status_code == 200
    assert (await site.client.get("/metrics")).status_code == 403  # for a name that is not this machine's own
    for header in PROXIES_FIELDS:
        for said in ("127.0.0.1", "198.51.100.9"):
            passed_on = await site.client.get("/metrics", headers=here | {header: said})
            assert passed_on.status_code == 403, header
    elsewhere = httpx.ASGITransport(site.app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://127.0.0.1") as client:
        assert (await client.get("/metrics")).status_code == 403


async def test_the_metrics_token(make_database: Callable[[], DbUrls], tmp_path: Path) -> None:
    import dataclasses

    from tests.support.api_site import furnish, serve_api, settings_for

    urls = make_database()
    await furnish(urls, tmp_path)
    settings = settings_for(urls, tmp_path)
    changed = dataclasses.replace(settings.telemetry, metrics_token="sesame-42")
    async with serve_api(dataclasses.replace(settings, telemetry=changed)) as site:
        answer = await site.client.get("/metrics")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        for wrong in ("sesame-42", "Bearer sesame", "Bearer sesame-42 ", "Bearer é"):
            headers = [(b"authorization", wrong.encode())]
            assert (await site.client.get("/metrics", headers=headers)).status_code == 401, wrong
        right = {"Authorization": "Bearer sesame-42"}
        elsewhere = httpx.ASGITransport(site.app, client=("203.0.113.9", 1))
        async with httpx.AsyncClient(transport=elsewhere, base_url="http://wenyue.test") as client:
            assert (await client.get("/metrics", headers=right)).status_code == 200


async def test_rules_R3_a_holiday_is_entered_on_the_page(site: ApiSite) -> None:
    """A mistyped entry keeps what was typed; a preview changes nothing; then the calendar knows it."""
    browser = await signed_in(site, "op")
    form = {
        "from": "2027-10-04",
        "to": "2027-10-07",
        "kind": "holiday",
        "name": "国庆节",
        "source": "",
        "act": "apply",
    }
    await browser.get("/console/holidays")
    assert "暂定" in browser.page.text
    wrong = await browser.submit(browser.form("/console/holidays"), form, status=422)
    assert "请填写依据的通知" in wrong
    assert 'value="2027-10-07"' in wrong
    await browser.submit(browser.form("/console/holidays"), form | {"source": "通知", "act": "preview"})
    services = site.app.services
    async with services.db.connection() as tx:
        assert (await load_calendar(tx)).day_kind(date(2027, 10, 4)) == "workday"
    await browser.submit(browser.form("/console/holidays"), form | {"source": "通知"})
    path = browser.path
    async with services.db.connection() as tx:
        assert (await load_calendar(tx)).day_kind(date(2027, 10, 4)) == "workday"
    boss = await signed_in(site, "boss")
    await boss.get(path)
    assert "节假日（国庆节）" in boss.page.text
    assert "已生效" in await boss.submit(boss.form(path), {"what": "approve"})
    async with services.db.connection() as tx:
        assert (await load_calendar(tx)).holiday_names(date(2027, 10, 4)) == {"国庆节"}


async def test_suite_M2_staff_of_one_venue_enter_no_holiday_of_all(site: ApiSite) -> None:
    browser = await signed_in(site, "one-venue")
    form = {"from": "2027-10-04", "to": "2027-10-04", "kind": "holiday", "name": "国庆节", "source": "通知"}
    await browser.get("/console/holidays")
    refused = await browser.submit(browser.form("/console/holidays"), form | {"act": "apply"}, status=422)
    assert "联系管理员" in refused
    assert 'value="2027-10-04"' in refused
    await browser.submit(browser.form("/console/holidays"), form | {"act": "preview"})
    async with site.app.services.db.connection() as tx:
        assert (await load_calendar(tx)).day_kind(date(2027, 10, 4)) == "workday"
