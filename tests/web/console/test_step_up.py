"""Proving the factor again before what is risky, with nothing typed lost; one's own factors; where one is signed in."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api_site import PASSWORD, TODAY
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from tests.support.second_factor import Staffed, codes_of, secret_of, staffed
from tests.support.traveller_site import PageForm, Traveller
from wenyue.core.ids import uuid7
from wenyue.ops.doctor import factors
from wenyue.ops.staff import app as staff_app
from wenyue.platform.config import Settings
from wenyue.platform.fault import SetupError
from wenyue.web.shared.session import STAFF_COOKIE

pytestmark = pytest.mark.anyio
DAY = (TODAY + timedelta(days=5)).isoformat()
PRICE = {"product": "1", "from": DAY, "yuan": "58.50", "reason": "旺季"}


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


async def proposed(staff: Staffed) -> str:
    """The path of a price that `ann` proposes."""
    ann = await staff.enrolled("ann")
    await ann.get("/console/changes/new?venue=1&act=prices.set")
    await ann.submit(ann.form("/console/changes/new"), PRICE | {"what": "propose"})
    return ann.path


def states(staff: Staffed) -> list[tuple[object, ...]]:
    return staff.query("SELECT state, decision FROM changes.change")


async def approve(bo: Traveller, path: str, status: int = 200) -> str:
    await bo.get(path)
    return await bo.submit(bo.form(path), {"what": "approve", "says": "同意，辛苦了"}, status=status)


async def test_an_approval_asks_for_the_factor_again_and_goes_on_with_what_was_typed(staff: Staffed) -> None:
    path = await proposed(staff)
    bo = await staff.enrolled("bo")
    staff.pass_by(minutes=11)
    asked = await approve(bo, path, status=403)
    assert "再验证一次" in asked
    assert states(staff) == [("waiting", "")]
    form = bo.form(path)
    assert form.value("says") == "同意，辛苦了"
    wrong = await bo.submit(form, {"code": "000000"}, status=422)
    assert "不对" in wrong
    assert states(staff) == [("waiting", "")]
    done = await bo.submit(bo.form(path), {"code": staff.next_code("bo")})
    assert "已生效" in done
    assert states(staff) == [("applied", "同意，辛苦了")]
    assert staff.query("SELECT count(*) FROM audit.entry WHERE action = 'factor.proved'") == [(1,)]


async def test_declining_and_taking_back_ask_for_nothing(staff: Staffed) -> None:
    path = await proposed(staff)
    bo = await staff.enrolled("bo")
    staff.pass_by(minutes=11)
    await bo.get(path)
    assert "未通过" in await bo.submit(bo.form(path), {"what": "decline"})


async def test_a_holiday_that_is_proposed_twice_is_one_and_waits(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    staff.pass_by(minutes=11)
    await ann.get("/console/holidays")
    entry = {
        "from": "2027-10-01",
        "to": "2027-10-07",
        "kind": "holiday",
        "name": "国庆节",
        "source": "国办通知",
    }
    await ann.submit(ann.form("/console/holidays"), entry | {"act": "preview"})
    form = ann.form("/console/holidays")
    await ann.submit(form, entry | {"act": "apply"})
    path = ann.path
    await ann.submit(form, entry | {"act": "apply"})
    assert ann.path == path
    assert states(staff) == [("waiting", "")]
    assert staff.query("SELECT count(*) FROM policy.holiday_override") == [(0,)]
    bo = await staff.enrolled("bo")
    assert "已生效" in await approve(bo, path)
    assert staff.query("SELECT count(*) FROM policy.holiday_override") == [(7,)]


async def test_a_fresh_factor_is_not_asked_for_and_another_login_has_its_own(staff: Staffed) -> None:
    path = await proposed(staff)
    bo = await staff.enrolled("bo")
    staff.pass_by(minutes=11)
    await staff.signed_in("bo")  # fresh there, and nowhere else
    await approve(bo, path, status=403)
    fresh = await staff.signed_in("bo")
    assert "已生效" in await approve(fresh, path)


async def test_one_keeps_a_factor_and_removes_it_only_with_another_there(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    await ann.get("/console/me")
    assert "最后一种" in await ann.submit(ann.form("/console/me"), {"what": "remove"}, status=422)
    await ann.get("/console/me/factor")
    spare = secret_of(ann.page.text)
    staff.secrets["ann-spare"] = spare
    await ann.submit(ann.form("/console/me/factor"), {"code": staff.code("ann-spare"), "name": "备用手机"})
    assert ann.path == "/console/me"
    assert "备用手机" in ann.page.text
    staff.pass_by(minutes=11)
    form = ann.form("/console/me")  # the first one
    await ann.submit(form, status=403)
    await ann.submit(ann.form("/console/me"), {"code": staff.next_code("ann-spare")})
    assert staff.query("SELECT name, length(sealed) > 0 FROM accounts.factor ORDER BY id") == [
        ("手机", False),
        ("备用手机", True),
    ]
    half = await staff.password("ann")
    await half.submit(half.form("/console/signin/factor"), {"code": staff.next_code("ann")}, status=422)
    await half.submit(half.form("/console/signin/factor"), {"code": staff.next_code("ann-spare")})
    assert half.path == "/console/live"


async def test_an_old_session_adds_no_factor_and_makes_no_codes(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    await ann.get("/console/me/factor")
    adding, code = ann.form("/console/me/factor"), secret_of(ann.page.text)
    await ann.get("/console/me")
    renewing = ann.form("/console/me", 1)
    staff.pass_by(minutes=11)
    staff.secrets["thief"] = code
    assert "再验证一次" in await ann.submit(adding, {"code": staff.code("thief")}, status=403)
    assert "再验证一次" in await ann.submit(renewing, status=403)
    assert staff.query("SELECT count(*) FROM accounts.factor") == [(1,)]
    shown = await ann.submit(ann.form("/console/me"), {"code": staff.next_code("ann")})
    renewed = codes_of(shown)
    assert len(renewed) == 10
    half = await staff.password("ann")
    form = half.form("/console/signin/factor")
    await half.submit(form, {"code": staff.codes["ann"][3]}, status=422)
    await half.submit(form, {"code": renewed[3]})
    assert half.path == "/console/live"


async def test_one_sees_and_ends_ones_own_sign_ins(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    other = await staff.signed_in("ann")
    third = await staff.signed_in("ann", "gate")
    bo = await staff.enrolled("bo")
    page = await ann.get("/console/me")
    assert page.count('name="session"') == 2
    forms = [n for n in range(9) if has(ann, n, "session")]
    await ann.submit(ann.form("/console/me", forms[0]))  # the newest: the gate's
    await third.get("/gate/lookup")
    assert third.path == "/gate/signin"
    await other.get("/console/live")
    assert other.path == "/console/live"
    stolen = ann.form("/console/me", next(n for n in range(9) if has(ann, n, "session")))
    await bo.get("/console/me")
    token = bo.form("/console/me").value("_csrf")
    await bo.submit(stolen, {"_csrf": token}, status=422)  # nobody else's
    await ann.get("/console/me")
    await ann.submit(ann.form("/console/me"), {"what": "end_others"})
    await other.get("/console/live")
    assert other.path == "/console/signin"
    assert "本机" in await ann.get("/console/me")
    assert staff.query("SELECT count(*) FROM audit.entry WHERE action = 'login.ended'") == [(2,)]


def has(browser: Traveller, number: int, name: str) -> bool:
    """Whether this form of the page has such a field."""
    try:
        return any(key == name for key, _ in browser.form("/console/me", number).fields)
    except AssertionError:
        return False


async def test_an_administrator_ends_those_of_others_with_a_fresh_factor(staff: Staffed) -> None:
    boss, ann = await staff.enrolled("boss"), await staff.enrolled("ann")
    assert "ann · 1处登录" in await boss.get("/console/sessions")
    await ann.get("/console/sessions", status=403)
    form = next(
        one
        for n in range(5)
        if (one := boss.form("/console/sessions", n)).value("staff") == str(id_of(staff, "ann"))
    )
    staff.pass_by(minutes=11)
    await boss.submit(form, status=403)
    await ann.get("/console/live")
    assert ann.path == "/console/live"
    await boss.submit(boss.form("/console/sessions"), {"code": staff.next_code("boss")})
    await ann.get("/console/live")
    assert ann.path == "/console/signin"


def id_of(staff: Staffed, login: str) -> object:
    return staff.query("SELECT id FROM accounts.staff WHERE login = %s", login)[0][0]


async def test_a_login_that_nobody_uses_is_over(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    for _ in range(4):
        staff.pass_by(minutes=20)
        await ann.get("/console/me")  # in use
        assert ann.path == "/console/me"
    for _ in range(4):
        staff.pass_by(minutes=9)
        await ann.client.get("/console/live.json")  # a page left open asks by itself
    await ann.get("/console/me")
    assert ann.path == "/console/signin"
    keeper = await staff.password("gate", "gate")
    staff.pass_by(hours=11)
    assert keeper.path == "/gate/setup"
    await keeper.get("/gate/setup")
    assert keeper.path == "/gate/setup"


@pytest.mark.parametrize("face", ["gate", "api"])
async def test_security_ninth_F2_the_console_goes_by_its_own_bound(staff: Staffed, face: str) -> None:
    boss = await staff.enrolled("boss", "gate")
    if face == "api":
        asked = {"login": "boss", "password": PASSWORD, "code": staff.next_code("boss")}
        token = (await staff.site.client.post("/v1/gate/session", json=asked)).json()["token"]
        boss.client.cookies.set(STAFF_COOKIE, token, domain="wenyue.test", path="/")
        assert boss.client.cookies.get(STAFF_COOKIE) == token
    await boss.get("/console/staff")
    assert boss.path == "/console/staff"
    form = boss.form("/preferences")
    staff.pass_by(minutes=31)
    assert (await boss.client.get("/console/live.json")).status_code == 401
    for path in (
        "/console/staff",
        "/console/live",
        "/console/me",
        "/console/staff",
    ):  # being refused is no use of it
        await boss.get(path)
        assert boss.path == "/console/signin", path
    refused = await boss.client.post("/console/sessions", data=dict(form.fields))
    assert refused.url.path == "/console/signin"
    assert staff.query("SELECT count(*) FROM accounts.login WHERE ended_at IS NOT NULL") == [(0,)]
    await boss.get("/gate/setup", status=403)  # where it began it lasts: told of duties, not asked to sign in
    assert boss.path == "/gate/setup"


async def test_a_token_of_the_api_lasts_while_it_is_used(staff: Staffed) -> None:
    staff.site.app.services.settings = with_gate_idle(staff.site.app.services.settings, 60)
    body = {"login": "gate", "password": PASSWORD}
    signed = await staff.site.client.post("/v1/gate/session", json=body)
    bearer = {"Authorization": f"Bearer {signed.json()['token']}"}
    scan = {"venue": "lake", "gate": "北门", "presented": "6000202600000019"}
    logins = staff.site.app.rest.state.logins
    statuses: list[int] = []
    for minutes in (50, 50, 61):
        staff.pass_by(minutes=minutes)
        logins.forget(bearer["Authorization"].encode())
        asked = scan | {"scan_id": str(uuid7())}
        answer = await staff.site.client.post("/v1/gate/scans", json=asked, headers=bearer)
        statuses.append(answer.status_code)
    assert statuses == [200, 200, 401]


def with_gate_idle(settings: Settings, minutes: int) -> Settings:
    return replace(settings, staff=replace(settings.staff, gate_idle_min=minutes))


async def test_use_is_written_now_and_then(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    began = staff.query("SELECT used_at FROM accounts.login WHERE staff_id = %s", id_of(staff, "ann"))
    staff.pass_by(seconds=60)
    await ann.get("/console/me")
    assert staff.query("SELECT used_at FROM accounts.login WHERE staff_id = %s", id_of(staff, "ann")) == began
    staff.pass_by(seconds=61)
    await ann.get("/console/me")
    assert staff.query("SELECT used_at FROM accounts.login WHERE staff_id = %s", id_of(staff, "ann")) == [
        (staff.now,)
    ]


async def test_a_reset_takes_the_factor_away_and_doctor_tells_who_has_none(
    staff: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await staff.enrolled("ann")
    assert await factors.without_factor(staff.urls.owner_url) == ["bo", "boss", "desk", "eve"]

    def reset() -> str:
        use_installation(monkeypatch, staff.urls, staff.home)
        return said_by(staff_app, "reset", "ann", "--password-stdin", typed=f"{PASSWORD}\n")

    await to_thread(reset)
    await ann.get("/console/live")
    assert ann.path == "/console/signin"
    assert "ann" in await factors.without_factor(staff.urls.owner_url)
    assert (await staff.password("ann")).path == "/console/signin/enrolment"
    assert staff.query("SELECT count(*) FROM audit.entry WHERE action = 'factor.reset'") == [(1,)]


async def test_a_command_as_somebody_asks_for_their_code(
    staff: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await staff.enrolled("boss")
    [code] = staff.codes["boss"][:1]

    def grant(typed: str) -> str:
        use_installation(monkeypatch, staff.urls, staff.home)
        return said_by(staff_app, "grant", "eve", "approver", "--as", "boss", typed=typed)

    with pytest.raises(SetupError, match="code is wrong"):
        await to_thread(grant, f"{PASSWORD}\n123456\n")
    assert "approver" in await to_thread(grant, f"{PASSWORD}\n{code}\n")
    with pytest.raises(SetupError, match="already used"):
        await to_thread(grant, f"{PASSWORD}\n{code}\n")


async def test_security_tenth_H0_what_is_refused_forgives_no_guess(staff: Staffed) -> None:
    """A form that wants a fresh factor counted as a right try, and cleared the count of guesses at that very factor."""
    ann = await staff.enrolled("ann")
    form = dict((await _form_of(ann, "/console/me/factor")).fields)
    staff.pass_by(minutes=11)
    await ann.get("/console/me/factor")
    asked = dict(ann.form("/console/me/factor").fields)
    seen: list[int] = []
    for n in range(40):
        guess = await ann.client.post("/console/me/factor", data=asked | {"code": f"{n:06}"})
        seen.append(guess.status_code)
        refused = await ann.client.post("/console/me/factor", data=form)
        assert "otpauth" not in refused.text
    assert 429 in seen[:12]
    assert set(seen[12:]) == {429}


async def _form_of(browser: Traveller, path: str) -> PageForm:
    await browser.get(path)
    return browser.form(path)
