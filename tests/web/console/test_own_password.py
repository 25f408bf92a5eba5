"""Staff replace the password that somebody gave them by one of their own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.api_site import PASSWORD
from tests.support.database import DbUrls
from tests.support.second_factor import Staffed, staffed
from tests.support.traveller_site import Traveller

pytestmark = pytest.mark.anyio
PATH = "/console/me/password"
NEW = "四 only known to me"
TYPED = {"present": PASSWORD, "wanted": NEW, "again": NEW}


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


async def _signs_in(staff: Staffed, password: str) -> bool:
    """Whether this password leads to the second step."""
    browser = Traveller(staff.site.app)
    await browser.get("/console/signin")
    typed = {"login": "ann", "password": password}
    answer = await browser.client.post(
        "/console/signin", data=dict(browser.form("/console/signin").fields) | typed
    )
    return answer.url.path == "/console/signin/factor"


async def test_one_chooses_a_password_and_every_other_sign_in_is_over(staff: Staffed) -> None:
    ann, other = await staff.enrolled("ann"), await staff.signed_in("ann")
    await other.get("/console/me")
    await ann.get("/console/me")
    assert f'href="{PATH}"' in ann.page.text
    await ann.get(PATH)
    done = await ann.submit(ann.form(PATH), TYPED)
    assert "密码已更改" in done
    assert (await other.client.get("/console/me")).url.path == "/console/signin"
    assert not await _signs_in(staff, PASSWORD)
    assert await _signs_in(staff, NEW)
    said = "SELECT count(*) FROM audit.entry WHERE action = 'staff.password_chosen'"
    assert staff.query(said) == [(1,)]
    assert NEW not in str(staff.query("SELECT password_hash FROM accounts.staff"))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"present": ""}, "请填写现在的密码"),
        ({"present": "something else"}, "现在的密码不对"),
        ({"wanted": "short", "again": "short"}, "新密码至少8个字符"),
        ({"wanted": "x" * 2_000, "again": "x" * 2_000}, "新密码至少8个字符"),
        ({"again": "四 only known to you"}, "两次输入不一致"),
        ({"wanted": PASSWORD, "again": PASSWORD}, "新密码与现在的相同"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(
    staff: Staffed, typed: dict[str, str], says: str
) -> None:
    ann = await staff.enrolled("ann")
    await ann.get(PATH)
    before = staff.query("SELECT password_hash FROM accounts.staff ORDER BY id")
    refused = await ann.submit(ann.form(PATH), TYPED | typed, status=422)
    assert says in refused
    assert NEW not in refused  # a secret is not shown again
    assert staff.query("SELECT password_hash FROM accounts.staff ORDER BY id") == before


async def test_the_second_step_is_asked_for_first_and_guesses_are_slowed(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    await ann.get(PATH)
    form = ann.form(PATH)
    staff.pass_by(minutes=11)
    assert "再验证一次" in await ann.get(PATH)
    late = await ann.client.post(PATH, data=dict(form.fields) | TYPED)
    assert (late.url.path, "再验证一次" in late.text) == (PATH, True)
    await ann.submit(ann.form(PATH), {"code": staff.next_code("ann")})
    await ann.get(PATH)
    form = ann.form(PATH)
    answers = [
        (await ann.client.post(PATH, data=dict(form.fields) | TYPED | {"present": f"guess {n}"})).status_code
        for n in range(12)
    ]
    assert answers[0] == 422
    assert answers[-1] == 429
    assert staff.query("SELECT count(*) FROM audit.entry WHERE action = 'staff.password_chosen'") == [(0,)]
