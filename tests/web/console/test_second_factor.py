"""The second step of staff: set up at the first sign-in, asked at every other, slowed, and good for nothing by halves."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pyotp.totp import TOTP

from tests.support.api_site import PASSWORD, problem
from tests.support.database import DbUrls
from tests.support.second_factor import STAFF, Staffed, codes_of, secret_of, staffed
from wenyue.web.shared.access import ACCESS, Who
from wenyue.web.shared.session import STAFF_COOKIE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


async def test_the_first_sign_in_sets_up_an_app_and_shows_recovery_codes_once(staff: Staffed) -> None:
    ann = await staff.password("ann")
    assert ann.path == "/console/signin/enrolment"
    secret = secret_of(ann.page.text)
    form = ann.form("/console/signin/enrolment")
    wrong = await ann.submit(form, {"code": "000000", "name": "我的手机"}, status=422)
    assert "验证码不对" in wrong
    assert 'value="我的手机"' in wrong
    assert secret_of(wrong) == secret  # whoever mistyped does not scan again
    code = TOTP(secret).at(staff.now)
    shown = await ann.submit(ann.form("/console/signin/enrolment"), {"code": f" {code[:3]} {code[3:]} "})
    assert len(codes_of(shown)) == 10
    assert "实时" in await ann.get("/console/live")
    assert staff.query("SELECT kind, name FROM accounts.factor") == [("totp", "我的手机")]
    [(sealed,)] = staff.query("SELECT sealed FROM accounts.factor")
    assert secret.encode() not in bytes(sealed)  # type: ignore[arg-type]
    hashes = staff.query("SELECT encode(code_hash, 'escape') FROM accounts.recovery_code")
    assert all(one not in str(hashes) for one in codes_of(shown))
    actions = {row[0] for row in staff.query("SELECT action FROM audit.entry WHERE actor LIKE 'staff:%%'")}
    assert {"login.half_started", "factor.added", "factor.codes_renewed", "login.started"} <= actions
    await ann.client.post("/console/signin/enrolment", data={})
    assert staff.query("SELECT count(*) FROM accounts.recovery_code") == [(10,)]


async def test_only_the_password_opens_nothing_but_the_second_step(staff: Staffed) -> None:
    await staff.enrolled("ann")
    half = await staff.password("ann")
    assert half.path == "/console/signin/factor"
    token = half.client.cookies[STAFF_COOKIE]
    opened = {
        route
        for route, access in ACCESS.items()
        if access not in {Who.EVERYBODY, Who.TRAVELLER, Who.MACHINE} and route.startswith("GET ")
    }
    assert len(opened) > 15
    for route in opened:
        answer = await half.client.get(
            route[4:], headers={"Authorization": f"Bearer {token}"}, follow_redirects=False
        )
        assert answer.status_code in (303, 401), route
        assert answer.headers.get("location", "/console/signin") in ("/console/signin", "/gate/signin"), route
    scan = {
        "scan_id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a01",
        "venue": "lake",
        "gate": "北门",
        "presented": "x",
    }
    refused = await staff.site.client.post(
        "/v1/gate/scans", json=scan, headers={"Authorization": f"Bearer {token}"}
    )
    assert refused.status_code == 401
    await half.get("/console/signin/enrolment")
    assert half.path == "/console/signin"  # nothing is set up past the factor that is there
    assert staff.query("SELECT count(*) FROM accounts.factor") == [(1,)]


async def test_a_code_is_good_once_and_for_its_own_half_minutes(staff: Staffed) -> None:
    await staff.enrolled("ann")
    used = staff.code("ann")
    half = await staff.password("ann")
    form = half.form("/console/signin/factor")
    assert "已用过" in await half.submit(form, {"code": used}, status=422)  # it set the app up
    code = staff.next_code("ann")
    staff.pass_by(seconds=30)
    await half.submit(form, {"code": code})  # of the half minute before
    assert half.path == "/console/live"
    again = await staff.password("ann")
    await again.submit(again.form("/console/signin/factor"), {"code": code}, status=422)
    ahead = TOTP(staff.secrets["ann"]).at(staff.now + timedelta(seconds=60))
    await again.submit(again.form("/console/signin/factor"), {"code": ahead}, status=422)
    await again.submit(
        again.form("/console/signin/factor"),
        {"code": TOTP(staff.secrets["ann"]).at(staff.now + timedelta(seconds=30))},
    )
    assert again.path == "/console/live"


async def test_a_recovery_code_is_good_once_and_only_its_owners(staff: Staffed) -> None:
    await staff.enrolled("ann")
    await staff.enrolled("bo")
    first, *_ = staff.codes["ann"]
    other = await staff.password("bo")
    await other.submit(other.form("/console/signin/factor"), {"code": first}, status=422)
    ann = await staff.password("ann")
    await ann.submit(ann.form("/console/signin/factor"), {"code": f" {first.upper()} "})
    assert ann.path == "/console/live"
    again = await staff.password("ann")
    await again.submit(again.form("/console/signin/factor"), {"code": first}, status=422)
    assert "还剩9个" in await ann.get("/console/me")


async def test_whoever_knows_the_password_guesses_codes_no_faster_by_it(staff: Staffed) -> None:
    await staff.enrolled("ann")
    half = await staff.password("ann")
    refused = 0
    for guess in range(12):
        if guess % 3 == 0:
            half = await staff.password("ann")  # the right password between
        answer = await half.client.post(
            "/console/signin/factor",
            data=dict(half.form("/console/signin/factor").fields) | {"code": f"{guess:06}"},
        )
        refused += answer.status_code == 429
    assert refused >= 6
    assert staff.query("SELECT count(*) FROM accounts.login WHERE steps_up") == [(1,)]


async def test_what_somebody_waits_for_is_their_own(staff: Staffed) -> None:
    """Two who gave the same password by halves: the second to set up a factor is refused, and a new password ends both."""
    first, second = await staff.password("ann"), await staff.password("ann")
    code = TOTP(secret_of(first.page.text)).at(staff.now)
    await first.submit(first.form("/console/signin/enrolment"), {"code": code})
    other = TOTP(secret_of(second.page.text)).at(staff.now)
    await second.submit(second.form("/console/signin/enrolment"), {"code": other})
    assert second.path == "/console/signin"
    assert staff.query("SELECT count(*) FROM accounts.factor") == [(1,)]
    waiting = await staff.password("ann")
    staff.pass_by(minutes=11)
    await waiting.get("/console/signin/factor")
    assert waiting.path == "/console/signin"


async def test_who_changes_something_is_asked_and_a_gate_keeper_is_not(staff: Staffed) -> None:
    for login, _ in STAFF:
        face = "gate" if login == "desk" else "console"
        assert (await staff.password(login, face)).path == f"/{face}/signin/enrolment", login
    assert (await staff.password("gate", "gate")).path == "/gate/setup"
    desk = await staff.enrolled("desk", "gate")
    await desk.get("/gate/lookup")
    assert "本机" in await desk.get("/console/me")
    await desk.get("/console/live", status=403)


async def test_the_api_takes_both_steps_at_once(staff: Staffed) -> None:
    body = {"login": "ann", "password": PASSWORD}
    ask = staff.site.client.post
    problem(await ask("/v1/gate/session", json=body), 403, "staff_factor_needed")
    await staff.enrolled("ann")
    problem(await ask("/v1/gate/session", json=body), 401, "staff_code_needed")
    problem(await ask("/v1/gate/session", json=body | {"code": "123456"}), 401, "staff_code_wrong")
    code = staff.next_code("ann")
    signed = await ask("/v1/gate/session", json=body | {"code": code})
    assert signed.status_code == 200, signed.text
    token = {"Authorization": f"Bearer {signed.json()['token']}"}
    assert (await staff.site.client.delete("/v1/gate/session", headers=token)).status_code == 204
    problem(await ask("/v1/gate/session", json=body | {"code": code}), 401, "staff_code_wrong")
    gate = await ask("/v1/gate/session", json=body | {"login": "gate"})
    assert gate.status_code == 200


@pytest.mark.parametrize(("mode", "lands"), [("off", "/console/live"), ("asked", "/console/live")])
async def test_where_it_is_not_needed_nobody_is_stopped(
    make_database: Callable[[], DbUrls], tmp_path: Path, mode: str, lands: str
) -> None:
    async with staffed(make_database(), tmp_path, mode) as staff:
        ann = await staff.password("ann")
        assert ann.path == lands
        await ann.get("/console/me/factor")
        staff.secrets["ann"] = secret_of(ann.page.text)
        shown = await ann.submit(ann.form("/console/me/factor"), {"code": staff.code("ann")})
        assert len(codes_of(shown)) == 10
        again = await staff.password("ann")
        assert again.path == ("/console/live" if mode == "off" else "/console/signin/factor")
