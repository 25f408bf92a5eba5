"""What a sixth attack found where people sign in: cookies that stop a process, floods, half logins, codes that are good twice."""

import ast
import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wenyue
from tests.support.api_site import PASSWORD
from tests.support.database import DbUrls
from tests.support.second_factor import Staffed, secret_of, staffed
from tests.web.console.test_step_up import proposed
from tests.web.gate.test_devices import Stage, stage
from wenyue.application.review_change import carry_out_due
from wenyue.changes import store
from wenyue.core.admission import Priority
from wenyue.web.middleware.known_devices import Known
from wenyue.web.shared.cookies import cookie_of
from wenyue.web.shared.session import STAFF_COOKIE

gate_stage = stage  # a fixture: devices, keepers and their PINs
_HANG_S = 60.0
_SRC = Path(wenyue.__file__).parent


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


# ------------------------------------------------------------------------------------------------ cookies


@pytest.mark.parametrize(
    "header",
    [
        'wy_login="' + "\\\\" * 30_000 + '"',
        "wy_login=" + "\\" * 60_000,
        'wy_login="' + "\\1" * 30_000,
        "wy_login" * 8_000,
        "wy_login;" * 7_000,
        "wy_login=a;" * 6_000,
        "wy_login" + " " * 60_000 + "=x",
    ],
)
def test_security_sixth_no_cookie_holds_a_process_up(header: str) -> None:
    with ThreadPoolExecutor(
        1
    ) as pool:  # a hundred times: by a parser that takes the square of it each takes a minute
        found = pool.submit(lambda: [cookie_of(header, "wy_login") for _ in range(100)])
        assert len(found.result(_HANG_S)) == 100


def test_security_sixth_no_face_reads_a_cookie_by_another_way() -> None:
    for path in _SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.ImportFrom | ast.Import) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert not {"cookie_parser", "SimpleCookie"} & set(names), path
            assert "http.cookies" not in {module, *names}, path
            is_read = (
                isinstance(node, ast.Attribute)
                and node.attr == "cookies"
                and isinstance(node.value, ast.Name | ast.Attribute)
                and (node.value.id if isinstance(node.value, ast.Name) else node.value.attr) == "request"
            )
            assert not is_read, path


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40))
def test_a_cookie_reads_as_it_was_set(value: str) -> None:
    jar: SimpleCookie = SimpleCookie()
    jar["b"] = value
    header = "a=1; " + jar["b"].OutputString() + "; bb=2; c"
    assert cookie_of(header, "b") == value
    assert cookie_of(header, "none", "b", "a") == value
    assert cookie_of(header, "none") == ""


# ------------------------------------------------------------------------------------------------ floods


def _knock(browser: httpx.AsyncClient, path: str) -> dict[str, object]:
    cookies = "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)
    return {"path": path, "headers": [(b"cookie", cookies.encode("latin-1"))]}


@pytest.mark.anyio
async def test_security_sixth_a_known_device_keeps_its_class_at_the_second_step(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    stranger = await staff.password("ann")
    known = Known(staff.site.app.services.guard, lambda: staff.now)
    path = "/console/signin/factor"
    again = stranger.form(path)
    assert again.value("login") == "ann"
    scope = _knock(ann.client, path)
    place = known.place(scope, known.held(scope), b"login=ann&code=1")
    assert place is not None
    assert place[0] is Priority.GATE
    other = known.place(scope, known.held(scope), b"login=boss&code=1")
    strange = _knock(stranger.client, path)
    assert other is None
    assert not known.held(strange) or known.place(strange, known.held(strange), b"login=ann") is None


@pytest.mark.anyio
async def test_security_sixth_an_enrolled_device_keeps_its_class_when_a_pin_is_typed(
    gate_stage: Stage,
) -> None:
    device = await gate_stage.device()
    known = Known(gate_stage.site.app.services.guard, gate_stage.clock)
    scope = _knock(device, "/gate/clerk")
    place = known.place(scope, known.held(scope), b"clerk=1&pin=1")
    assert place is not None
    assert place[0] is Priority.GATE
    device.cookies.delete("wy_gate_device")
    scope = _knock(device, "/gate/clerk")
    assert known.place(scope, known.held(scope), b"clerk=1&pin=1") is None


# ------------------------------------------------------------------------------------------------ half logins, codes, modes


@pytest.mark.anyio
async def test_security_sixth_a_half_login_ends_with_the_others(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    thief = await staff.password("ann")
    await ann.get("/console/me")
    await ann.submit(ann.form("/console/me", 1), {"what": "end_others"})
    staff.pass_by(seconds=60)
    await thief.submit(thief.form("/console/signin/factor"), {"code": staff.next_code("ann")})
    assert thief.path == "/console/signin"


@pytest.mark.anyio
async def test_security_sixth_a_half_login_ends_when_its_browser_signs_in_again(staff: Staffed) -> None:
    await staff.enrolled("ann")
    half = await staff.password("ann")
    token = half.client.cookies[STAFF_COOKIE]
    await half.get("/console/signin")
    await half.submit(half.form("/console/signin"), {"login": "ann", "password": PASSWORD})
    assert half.path == "/console/signin/factor"
    half.client.cookies.clear()
    half.client.cookies.set(STAFF_COOKIE, token)
    await half.get("/console/signin/factor")
    assert half.path == "/console/signin"


@pytest.mark.anyio
async def test_security_sixth_an_app_that_is_set_up_twice_is_one_factor(staff: Staffed) -> None:
    ann = await staff.enrolled("ann")
    await ann.get("/console/me/factor")
    form, staff.secrets["spare"] = ann.form("/console/me/factor"), secret_of(ann.page.text)
    sent = {"_csrf": form.value("_csrf"), "offer": form.value("offer"), "what": "add", "name": "备用"}
    sent["code"] = staff.code("spare")
    answers = await asyncio.gather(*(ann.client.post("/console/me/factor", data=sent) for _ in range(2)))
    assert sorted(one.status_code for one in answers) in ([200, 422], [303, 422])
    assert "已经设置过了" in next(one.text for one in answers if one.status_code == 422)
    [(count,)] = staff.query("SELECT count(*) FROM accounts.factor WHERE removed_at IS NULL")
    assert count == 2


@pytest.mark.anyio
async def test_security_sixth_what_one_operator_proposed_waits_once_there_are_two(staff: Staffed) -> None:
    async with await psycopg.AsyncConnection.connect(staff.urls.owner_url) as tx:
        await store.declare(tx, is_one=True, actor="operator:command", now=staff.now)
    await proposed(staff)
    assert staff.query("SELECT applies_at IS NULL FROM changes.change") == [(False,)]
    async with await psycopg.AsyncConnection.connect(staff.urls.owner_url) as tx:
        await store.declare(tx, is_one=False, actor="operator:command", now=staff.now)
    staff.pass_by(minutes=11)
    await carry_out_due(staff.site.app.services)
    assert staff.query("SELECT state, applies_at FROM changes.change") == [("waiting", None)]
