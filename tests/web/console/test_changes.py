"""Changes on the console's pages: proposed by one, decided by another, mistyped without losing what was typed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import PASSWORD, TODAY, ApiSite, api_site, vault_of
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW, Traveller
from wenyue.accounts import save_staff
from wenyue.changes import store
from wenyue.core.duties import Duty, Role

pytestmark = pytest.mark.anyio
DAY = (TODAY + timedelta(days=5)).isoformat()
LAKE = "/console/changes/new?venue=1"
PRICE = {"product": "1", "from": DAY, "yuan": "58.50", "reason": "旺季"}


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        for login, duty in (
            ("ann", Duty(Role.OPERATOR)),
            ("bo", Duty(Role.OPERATOR)),
            ("elsewhere", Duty(Role.OPERATOR, 2)),
            ("eve", Duty(Role.AUDITOR)),
        ):
            await save_staff(
                tx,
                vault_of(tmp_path),
                login=login,
                password=PASSWORD,
                duties=frozenset({duty}),
                now=NOW,
                actor="test",
            )
    async with api_site(lambda: urls, tmp_path) as made:
        made.admin_url = urls.owner_url
        yield made


async def signed_in(site: ApiSite, login: str, lang: str = "zh-CN") -> Traveller:
    """A browser of a member of staff."""
    browser = Traveller(site.app)
    await browser.get(f"/console/signin?lang={lang}")
    await browser.submit(browser.form("/console/signin"), {"login": login, "password": PASSWORD})
    return browser


async def filled_in(
    browser: Traveller, act: str, form: dict[str, str], what: str = "propose", status: int = 200
) -> str:
    """The form of an act at the lake, sent."""
    await browser.get(f"{LAKE}&act={act}")
    return await browser.submit(browser.form("/console/changes/new"), form | {"what": what}, status=status)


def prices(site: ApiSite) -> set[int]:
    """What the lake costs on DAY."""
    with psycopg.connect(site.admin_url) as tx:
        return {
            row[0]
            for row in tx.execute(
                "SELECT price_minor FROM booking.slot WHERE product_id = 1 AND on_date = %s", [DAY]
            )
        }


async def test_one_proposes_a_price_and_another_approves_it(site: ApiSite) -> None:
    ann, bo, elsewhere = [await signed_in(site, one) for one in ("ann", "bo", "elsewhere")]
    assert "还没有变更" in await ann.get("/console/changes")
    seen = await filled_in(ann, "prices.set", PRICE, "preview")
    assert "须由他人审批" in seen
    assert prices(site) == {0}
    shown = await filled_in(ann, "prices.set", PRICE)
    path = ann.path
    assert "¥58.50" in shown
    assert "批准并执行" not in shown
    assert "撤回" in shown
    assert prices(site) == {0}
    assert "等您处理" not in await ann.get("/console/changes")
    assert "等您处理（1）" in await bo.get("/console/changes")
    await elsewhere.get(path, status=404)
    assert "旺季" not in await elsewhere.get("/console/changes")
    await bo.get(path)
    stale = bo.form(path)
    refused = await bo.submit(stale, {"what": "approve", "digest": "0" * 64, "says": "好"}, status=409)
    assert "与您看到的不一致" in refused
    assert 'value="好"' in refused
    done = await bo.submit(bo.form(path), {"what": "approve", "says": "同意"})
    assert "已生效" in done
    assert "同意" in done
    assert prices(site) == {5_850}
    again = await bo.submit(stale, {"what": "approve"}, status=409)
    assert "已有人处理过" in again


async def test_a_closure_takes_effect_at_once_and_another_reviews_and_lifts_it(site: ApiSite) -> None:
    ann, bo = await signed_in(site, "ann", "en"), await signed_in(site, "bo", "en")
    form = {"from": DAY, "to": DAY, "told": "大雾", "told_en": "Fog", "reason": "风力过大"}
    shown = await filled_in(ann, "slots.close", form)
    path = ann.path
    assert "In effect" in shown
    assert "to be reviewed by another by" in shown
    assert "Mark as reviewed" not in shown
    await bo.get(path)
    reviewed = await bo.submit(bo.form(path), {"what": "review", "says": "right"})
    assert "Mark as reviewed" not in reviewed
    await bo.get(f"{LAKE}&act=slots.reopen")
    async with site.app.services.db.connection() as tx:
        [change] = await store.latest(tx, NOW)
        assert change.reviewed_by
    with psycopg.connect(site.admin_url) as tx:
        [(closure,)] = tx.execute("SELECT id FROM catalogue.closure WHERE from_date = %s", [DAY]).fetchall()
    await bo.submit(
        bo.form("/console/changes/new"), {"closure": str(closure), "reason": "fog is gone", "what": "propose"}
    )
    lifting = bo.path
    await ann.get(lifting)
    assert "In effect" in await ann.submit(ann.form(lifting), {"what": "approve"})


async def test_a_proposal_is_declined_or_taken_back(site: ApiSite) -> None:
    ann, bo = await signed_in(site, "ann"), await signed_in(site, "bo")
    await filled_in(ann, "prices.set", PRICE)
    first = ann.path
    await bo.get(first)
    assert "未通过" in await bo.submit(bo.form(first), {"what": "decline", "says": "太贵"})
    assert "太贵" in await ann.get(first)
    await filled_in(ann, "prices.set", PRICE)
    assert "已撤回" in await ann.submit(ann.form(ann.path), {"what": "withdraw"})
    assert prices(site) == {0}


async def test_an_auditor_reviews_and_neither_proposes_nor_approves(site: ApiSite) -> None:
    ann, eve = await signed_in(site, "ann"), await signed_in(site, "eve")
    await eve.get("/console/changes/new", status=403)
    assert "提出变更" not in await eve.get("/console/changes")
    await filled_in(ann, "prices.set", PRICE)
    price, digest = ann.path, ann.form(ann.path).value("digest")
    assert "批准并执行" not in await eve.get(price)
    await filled_in(ann, "slots.close", {"from": DAY, "told": "大雾", "reason": "风"})
    closing = ann.path
    await eve.get(closing)
    form = eve.form(closing)
    forged = {"what": "approve", "digest": digest}
    assert "不归您管理" in await eve.submit(replace(form, action=price), forged, status=409)
    assert prices(site) == {0}
    await eve.get(closing)
    assert "已复核" not in await eve.submit(eve.form(closing), {"what": "review"})


async def test_a_session_and_a_day_get_other_capacities(site: ApiSite) -> None:
    ann = await signed_in(site, "ann")
    session = {"product": "1", "from": DAY, "starts": "08:00", "reason": "维修"}
    assert "已生效" in await filled_in(ann, "capacity.set", session | {"places": "300"})
    assert "待审批" in await filled_in(ann, "capacity.set", session | {"places": "500"})
    missing = await filled_in(ann, "capacity.set", session | {"places": "9", "starts": "03:00"}, status=422)
    assert "没有这个开始时间的场次" in missing


@pytest.mark.parametrize(
    ("act", "form", "said"),
    [
        ("prices.set", PRICE | {"yuan": "五十八"}, "请填写金额"),
        ("prices.set", PRICE | {"yuan": "1e30"}, "请填写金额"),
        ("prices.set", PRICE | {"yuan": "NaN"}, "请填写金额"),
        ("prices.set", PRICE | {"yuan": "1e999999"}, "请填写金额"),
        ("prices.set", PRICE | {"from": "0001-01-01"}, "请填写日期"),
        ("capacity.set", {"product": "1", "from": "0001-01-01", "starts": "00:00", "places": "1", "reason": "雨"}, "请填写日期"),
        ("prices.set", PRICE | {"product": "99999"}, "请选择产品"),
        ("prices.set", PRICE | {"from": "2026-02-30"}, "请填写日期"),
        ("prices.set", PRICE | {"from": "2026-12-31", "to": "2026-01-01"}, "结束日期不能早于"),
        ("prices.set", PRICE | {"reason": ""}, "请用一行文字说明原因"),
        ("prices.set", PRICE | {"places_max": "-5"}, "请填写整数"),
        ("slots.close", {"from": DAY, "told": "", "reason": "雾"}, "请用一行文字说明原因"),
        ("slots.reopen", {"closure": "99999999", "reason": "雾"}, "没有这个闭馆安排"),
        ("slots.reopen", {"closure": "", "reason": "雾"}, "请选择闭馆安排"),
        ("capacity.day", {"from": DAY, "places": "99999999999", "reason": "雨"}, "0到1000万"),
        ("capacity.set", {"product": "1", "from": DAY, "starts": "八点", "places": "1", "reason": "雨"}, "请填写开始时间"),
        ("capacity.set", {"product": "1", "from": DAY, "starts": "08:00", "places": "1", "reason": ""}, "请用一行文字"),
    ],
)  # fmt: skip
async def test_security_fifth_14_what_is_mistyped_is_named_and_kept(
    site: ApiSite, act: str, form: dict[str, str], said: str
) -> None:
    ann = await signed_in(site, "ann")
    answer = await filled_in(ann, act, form, status=422)
    assert said in answer
    for name in ("yuan", "reason", "places"):
        if form.get(name):
            assert f'value="{form[name]}"' in answer
    with psycopg.connect(site.admin_url) as tx:
        assert tx.execute("SELECT count(*) FROM changes.change").fetchall() == [(0,)]


async def test_venues_are_found_and_those_of_others_are_not_offered(site: ApiSite) -> None:
    ann, elsewhere = await signed_in(site, "ann"), await signed_in(site, "elsewhere")
    assert "镜湖" in await ann.get("/console/changes/new?q=%E9%95%9C")
    assert "没有找到场馆" in await ann.get("/console/changes/new?q=zzz")
    assert "镜湖" not in await elsewhere.get("/console/changes/new")
    assert "云岭寺" in await elsewhere.get("/console/changes/new")
    assert "云岭寺" in await elsewhere.get(f"{LAKE}&act=prices.set")  # theirs are offered instead
    for path in ("/console/changes/nothing", "/console/changes/00000000-0000-0000-0000-000000000000"):
        assert "没有这项变更" in await ann.get(path, status=404)
