"""Forms that draw a password, sent twice (a double click, a lost answer): both answers show the one that is good."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.second_factor import Staffed, staffed
from tests.support.traveller_site import PageForm, Traveller
from tests.web.console.test_staff import act, entries, id_of, password_of
from wenyue.core.duties import Duty, Role

pytestmark = pytest.mark.anyio
HIRE = "/console/staff/new"
NEW = {"login": "li.na", "name": "李娜", "role": "desk"}


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


async def hire_form(boss: Traveller) -> PageForm:
    """The form, as the page gave it."""
    await boss.get(HIRE)
    return boss.form(HIRE)


async def begins(staff: Staffed, login: str, password: str) -> str:
    """Where a sign-in by this password leads."""
    browser = Traveller(staff.site.app)
    await browser.get("/console/signin")
    typed = {"login": login, "password": password}
    await browser.submit(browser.form("/console/signin"), typed)
    return browser.path


async def test_hiring_sent_twice_hires_once_and_shows_the_same_password(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    form = await hire_form(boss)
    first = password_of(await boss.submit(form, NEW))
    assert password_of(await boss.submit(form, NEW)) == first
    assert (
        len(staff.query("SELECT 1 FROM audit.entry WHERE subject = %s", f"staff:{id_of(staff, 'li.na')}"))
        == 1
    )
    assert await begins(staff, "li.na", first) == "/console/signin/enrolment"
    # who signed in has the password: it is shown to nobody any more
    page = await boss.submit(form, NEW, status=409)
    assert ("已经录用" in page, "不再显示" in page, first in page) == (True, True, False)


async def test_two_at_once_show_the_same_password(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    form = await hire_form(boss)
    data = dict(form.fields) | NEW
    answers = await asyncio.gather(*[boss.client.post(HIRE, data=data) for _ in range(2)])
    first, second = [password_of(one.text) for one in answers]
    assert first == second
    assert await begins(staff, "li.na", first) == "/console/signin/enrolment"


async def test_it_is_not_shown_again_later_or_to_another_or_for_something_else(staff: Staffed) -> None:
    await staff.hire("chief", Duty(Role.ADMINISTRATOR))
    boss, chief = await staff.enrolled("boss"), await staff.enrolled("chief")
    form = await hire_form(boss)
    first = password_of(await boss.submit(form, NEW))
    for who, typed in ((boss, NEW | {"role": "auditor"}), (boss, NEW | {"name": "李"}), (chief, NEW)):
        theirs = form if who is boss else await hire_form(chief)
        fields = [one for one in theirs.fields if one[0] != "form_id"]
        same_id = ("form_id", dict(form.fields)["form_id"])
        page = await who.submit(PageForm(theirs.action, [*fields, same_id]), typed, status=422)
        assert "已有这个账号" in page
        assert first not in page
    staff.pass_by(minutes=9)
    assert password_of(await boss.submit(form, NEW)) == first
    staff.pass_by(minutes=7)
    page = await boss.submit(form, NEW, status=409)
    assert ("不再显示" in page, first in page) == (True, False)


async def test_a_factor_that_is_proved_with_the_form_may_be_sent_twice_too(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    await hire_form(boss)
    staff.pass_by(minutes=11)
    await boss.submit(boss.form(HIRE), NEW, status=403)
    form, code = boss.form(HIRE), {"code": staff.next_code("boss")}
    first = password_of(await boss.submit(form, code))
    assert password_of(await boss.submit(form, code)) == first  # though the code was used


async def test_a_reset_sent_twice_resets_once_and_shows_the_same_password(staff: Staffed) -> None:
    boss = await staff.enrolled("boss")
    await staff.enrolled("ann")
    there = f"/console/staff/{id_of(staff, 'ann')}"
    await boss.get(f"{there}?ask=reset")
    form = act(boss, "reset")
    first = password_of(await boss.submit(form))
    assert password_of(await boss.submit(form)) == first
    assert len(entries(staff, "ann")) == 1
    assert await begins(staff, "ann", first) == "/console/signin/enrolment"
    assert "不再显示" in await boss.submit(form, status=422)
    await boss.get(f"{there}?ask=reset")
    assert password_of(await boss.submit(act(boss, "reset"))) != first
