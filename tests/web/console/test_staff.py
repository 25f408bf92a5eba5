"""Administrators keep the staff in the console, by the use cases of `wenyue staff`: hiring, duties, passwords, leaving."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.second_factor import Staffed, secret_of, staffed
from tests.support.traveller_site import PageForm, Traveller, forms_of
from wenyue.core.duties import Duty, Role

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


def id_of(staff: Staffed, login: str) -> int:
    [(found,)] = staff.query("SELECT id FROM accounts.staff WHERE login = %s", login)
    assert isinstance(found, int)
    return found


def act(browser: Traveller, what: str) -> PageForm:
    """The form of the present page that does this."""
    return next(one for one in forms_of(browser.page.text) if dict(one.fields).get("what") == what)


def password_of(page: str) -> str:
    found = re.search(r'class="staff-password"><code>([0-9a-z-]+)</code>', page)
    assert found is not None, page
    return found[1]


def good_proofs(staff: Staffed, login: str) -> tuple[object, ...]:
    """How many factors and recovery codes somebody has."""
    id_ = id_of(staff, login)
    [found] = staff.query(
        "SELECT (SELECT count(*) FROM accounts.factor WHERE removed_at IS NULL AND staff_id = %s),"
        " (SELECT count(*) FROM accounts.recovery_code WHERE ended_at IS NULL AND staff_id = %s)",
        id_,
        id_,
    )
    return found


def offered(page: str) -> set[str | None]:
    """What the forms of a page do."""
    return {dict(one.fields).get("what") for one in forms_of(page)}


def duties_of(staff: Staffed, login: str) -> set[tuple[object, ...]]:
    return set(
        staff.query("SELECT role, venue_id, post FROM accounts.duty WHERE staff_id = %s", id_of(staff, login))
    )


def entries(staff: Staffed, login: str) -> list[tuple[object, ...]]:
    return staff.query(
        "SELECT actor, action FROM audit.entry WHERE subject = %s AND action LIKE 'staff.%%' ORDER BY id",
        f"staff:{id_of(staff, login)}",
    )[1:]  # the fixture's own


async def hired(boss: Traveller, **typed: str) -> str:
    await boss.get("/console/staff/new")
    return await boss.submit(boss.form("/console/staff/new"), typed)


async def test_everybody_is_listed_and_found_by_name_and_login(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    await staff.enrolled("ann")
    page = await boss.get("/console/staff")
    assert all(f"<strong>{login}</strong>" in page for login in ("ann", "bo", "boss", "desk", "eve", "gate"))
    assert page.count("已登录") == 2
    assert page.count("有二次验证") == 2
    assert page.count("无二次验证") == 4
    assert "柜台 · " in page
    page = await boss.get("/console/staff?q=AN")
    assert "<strong>ann</strong>" in page
    assert "<strong>bo</strong>" not in page
    assert "没有找到" in await boss.get("/console/staff?q=%25")
    assert "没有已离开的员工" in await boss.get("/console/staff?state=left")
    assert len(await boss.get("/console/staff?q=" + "长" * 500 + "&after=%00")) > 0


async def test_a_long_list_goes_on(staff: Staffed) -> None:
    with psycopg.connect(staff.urls.owner_url) as tx:
        tx.execute(
            "INSERT INTO accounts.staff (login, password_hash, role)"
            " SELECT 'keeper-' || to_char(n, 'FM000'), '-', 'gate' FROM generate_series(1, 120) n"
        )
    boss = await staff.enrolled("boss")
    page, seen = await boss.get("/console/staff?q=keeper"), 0
    for _ in range(3):
        seen += page.count("console-change__head")
        assert len(page) < 100 * 1024
        onward = re.search(r'href="(/console/staff\?[^"]*after=[^"]+)"', page)
        if onward is None:
            break
        page = await boss.get(onward[1].replace("&amp;", "&"))
    assert seen == 120


async def test_somebody_is_hired_and_signs_in_with_the_password_that_is_shown_once(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    page = await hired(boss, login=" Li.Na ", name="李娜", role="desk", venue="lake", post="北门")
    password = password_of(page)
    assert duties_of(staff, "li.na") == {("desk", 1, "北门")}
    assert staff.query("SELECT role, venue_ids FROM accounts.staff WHERE login = 'li.na'") == [("gate", [1])]
    assert staff.query(
        "SELECT actor, action, detail FROM audit.entry WHERE subject = %s", f"staff:{id_of(staff, 'li.na')}"
    ) == [(f"staff:{id_of(staff, 'boss')}", "staff.saved", {"duties": ["desk@venue:1/北门"]})]
    assert "li.na" in await boss.get("/console/staff?q=李娜")
    assert password not in boss.page.text
    clerk = Traveller(staff.site.app)
    await clerk.get("/console/signin")
    await clerk.submit(clerk.form("/console/signin"), {"login": "li.na", "password": password})
    assert clerk.path == "/console/signin/enrolment"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"login": "", "role": "desk"}, "1到64个可见字符"),
        ({"login": "a\u200bb", "role": "desk"}, "1到64个可见字符"),
        ({"login": "ann", "role": "desk"}, "已有这个账号"),
        ({"login": "new"}, "至少选择一项职责"),
        ({"login": "new", "role": "king"}, "至少选择一项职责"),
        ({"login": "new", "role": "desk", "venue": "nowhere"}, "没有这个场馆"),
        ({"login": "new", "role": "operator", "venue": "lake", "post": "北门"}, "只有闸口和柜台"),
        ({"login": "new", "role": "desk", "post": "北门"}, "所在场馆的代码"),
        ({"login": "new", "role": "desk", "venue": "lake", "post": "门" * 41}, "最多40字"),
        ({"login": "new", "role": "desk", "name": "名" * 65}, "最多64字"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    staff: Staffed, typed: dict[str, str], says: str
) -> None:
    boss = await staff.enrolled("boss")
    before = staff.query("SELECT count(*) FROM accounts.staff")
    await boss.get("/console/staff/new")
    form = boss.form("/console/staff/new")
    page = await boss.submit(form, {"name": "李娜", **typed}, status=422)
    assert says in page
    assert 'aria-invalid="true"' in page or 'id="role-error"' in page
    again = boss.form("/console/staff/new")
    for name, value in {"name": "李娜", **typed}.items():
        if value != "king":
            assert (name, value) in again.fields, (name, again.fields)
    assert staff.query("SELECT count(*) FROM accounts.staff") == before


async def test_duties_are_given_and_taken_and_whoever_changes_something_first_signs_in_again(
    staff: Staffed,
) -> None:
    boss, keeper = await staff.enrolled("boss"), await staff.password("gate", "gate")
    there = f"/console/staff/{id_of(staff, 'gate')}"
    await boss.get(there)
    before = duties_of(staff, "gate")
    assert "已授予" in await boss.submit(act(boss, "grant"), {"role": "finance"})
    await keeper.get("/gate/setup")
    assert keeper.path == "/gate/setup"
    await boss.submit(act(boss, "grant"), {"role": "desk", "venue": "lake"})
    assert duties_of(staff, "gate") == before | {("finance", None, ""), ("desk", 1, "")}
    await keeper.get("/gate/setup")
    assert keeper.path == "/gate/signin"
    form = next(one for one in forms_of(boss.page.text) if ("duty", "finance") in one.fields)
    assert "已收回" in await boss.submit(form)
    assert duties_of(staff, "gate") == before | {("desk", 1, "")}
    assert [action for _, action in entries(staff, "gate")] == ["staff.duties_set"] * 3
    assert {actor for actor, _ in entries(staff, "gate")} == {f"staff:{id_of(staff, 'boss')}"}
    page = await boss.submit(act(boss, "grant"), {"role": "desk", "venue": "nowhere"}, status=422)
    assert "没有这个场馆" in page
    assert 'value="nowhere"' in page


async def test_each_act_wants_a_fresh_factor_and_goes_on_with_what_was_typed(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    await boss.get("/console/staff/new")
    staff.pass_by(minutes=11)
    await boss.submit(
        boss.form("/console/staff/new"), {"login": "late", "name": "晚到", "role": "gate"}, status=403
    )
    assert "再验证一次" in boss.page.text
    assert staff.query("SELECT count(*) FROM accounts.staff WHERE login = 'late'") == [(0,)]
    password_of(await boss.submit(boss.form("/console/staff/new"), {"code": staff.next_code("boss")}))
    there = f"/console/staff/{id_of(staff, 'ann')}"
    for what in ("grant", "withdraw", "unlock", "reset", "retire"):
        await boss.get(f"{there}?ask={what}")
        form = act(boss, what)
        staff.pass_by(minutes=11)
        written = staff.query("SELECT count(*) FROM audit.entry WHERE action LIKE 'staff.%%'")
        await boss.submit(form, {"role": "auditor"} if what == "grant" else {}, status=403)
        assert staff.query("SELECT count(*) FROM audit.entry WHERE action LIKE 'staff.%%'") == written
        await boss.submit(boss.form(there), {"code": staff.next_code("boss")})
        assert staff.query("SELECT count(*) FROM audit.entry WHERE action LIKE 'staff.%%'") != written, what


async def test_a_reset_shows_a_password_once_and_takes_factors_codes_and_sign_ins(staff: Staffed) -> None:
    boss, ann = await staff.enrolled("boss"), await staff.enrolled("ann")
    there = f"/console/staff/{id_of(staff, 'ann')}"
    page = await boss.get(f"{there}?ask=reset")
    assert "重置ann的密码？" in page
    password = password_of(await boss.submit(act(boss, "reset")))
    await ann.get("/console/me")
    assert ann.path == "/console/signin"
    assert good_proofs(staff, "ann") == (0, 0)
    await ann.submit(ann.form("/console/signin"), {"login": "ann", "password": password})
    assert ann.path == "/console/signin/enrolment"
    assert duties_of(staff, "ann") == {("operator", None, "")}


async def test_somebody_leaves_and_comes_back(staff: Staffed) -> None:
    boss, ann = await staff.enrolled("boss"), await staff.enrolled("ann")
    there = f"/console/staff/{id_of(staff, 'ann')}"
    await boss.get(f"{there}?ask=retire")
    assert "已离开" in await boss.submit(act(boss, "retire"))
    await ann.get("/console/me")
    assert ann.path == "/console/signin"
    assert "<strong>ann</strong>" not in await boss.get("/console/staff")
    assert "<strong>ann</strong>" in await boss.get("/console/staff?state=left")
    page = await boss.get(there)
    assert 'value="grant"' not in page
    await hired(boss, login="ann", role="auditor")
    assert duties_of(staff, "ann") == {("auditor", None, "")}
    assert good_proofs(staff, "ann") == (0, 0)


async def test_nobody_signs_themselves_out_for_good_and_the_last_administrator_stays(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    there = f"/console/staff/{id_of(staff, 'boss')}"
    page = await boss.get(f"{there}?ask=retire")
    assert not offered(page) & {"retire", "reset", "withdraw"}
    grant = act(boss, "grant")
    held = duties_of(staff, "boss")
    for form in ({"what": "retire"}, {"what": "reset"}, {"what": "withdraw", "duty": "administrator"}):
        said = await boss.submit(grant, form, status=422)
        assert "另一名" in said
    assert duties_of(staff, "boss") == held
    assert entries(staff, "boss") == []
    await boss.submit(grant, {"role": "operator"})
    assert duties_of(staff, "boss") == held | {("operator", None, "")}
    await boss.get("/console/me")
    assert boss.path == "/console/me"


async def test_an_administrator_of_a_venue_keeps_to_it(staff: Staffed) -> None:
    await staff.hire("lake", Duty(Role.ADMINISTRATOR, 1), days_ago=1)
    boss = await staff.enrolled("boss")
    await boss.get(f"/console/staff/{id_of(staff, 'lake')}?ask=reset")
    password = password_of(await boss.submit(act(boss, "reset")))
    lake = Traveller(staff.site.app)
    await lake.get("/console/signin")
    await lake.submit(lake.form("/console/signin"), {"login": "lake", "password": password})
    staff.secrets["lake"] = secret_of(lake.page.text)
    await lake.submit(lake.form("/console/signin/enrolment"), {"code": staff.code("lake"), "name": "x"})
    page = await lake.get(f"/console/staff/{id_of(staff, 'ann')}")
    assert not offered(page) & {"grant", "retire", "reset", "unlock", "withdraw"}
    await lake.get(f"/console/staff/{id_of(staff, 'lake')}")
    of_ann = f"/console/staff/{id_of(staff, 'ann')}"
    typed = dict(act(lake, "grant").fields)
    for form in (
        *({"what": what} for what in ("retire", "reset", "unlock")),
        {"role": "desk"},
        {"role": "gate", "venue": "temple"},
        {"role": "gate", "venue": "lake"},  # relieved of it again they would be signed out everywhere
    ):
        refused = await lake.client.post(of_ann, data={**typed, **form})
        assert refused.status_code == 422, form
    assert entries(staff, "ann") == []
    await hired(lake, login="clerk", role="gate", venue="lake")
    await lake.get(f"/console/staff/{id_of(staff, 'clerk')}")
    await lake.submit(act(lake, "grant"), {"role": "desk", "venue": "lake"})
    assert duties_of(staff, "clerk") == {("gate", 1, ""), ("desk", 1, "")}


async def test_whoever_does_not_manage_staff_sees_nothing(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    for path in ("", "/new", f"/{id_of(staff, 'bo')}"):
        assert "<strong>bo</strong>" not in await ann.get(f"/console/staff{path}", status=403)
    boss = await staff.enrolled("boss", lang="en")
    await boss.get("/console/staff/999999", status=404)
    await boss.get("/console/staff/x", status=404)
