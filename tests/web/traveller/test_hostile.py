"""What the traveller's pages forbid, and hostile input that they bear."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.support.traveller_pages import one, services, signed_in
from tests.support.traveller_site import NOW, PageForm, Traveller, application
from wenyue.container import Services
from wenyue.core.clock import local_date
from wenyue.web.traveller.context import local_path

pytestmark = pytest.mark.anyio
__all__ = ["one", "services"]
TODAY = local_date(NOW, "Asia/Shanghai")


async def test_pages_forbid_frames_scripts_of_others_and_caches_in_between(one: Traveller) -> None:
    await one.get("/")
    headers = one.page.headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"].startswith("private")
    cookie = headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_a_form_without_this_sites_token_does_nothing(one: Traveller, services: Services) -> None:
    await signed_in(one)
    await one.get("/me")
    form = one.form("/signout")
    token = form.value("_csrf")
    for forged in ("", "x.y", ("1" if token[0] == "0" else "0") + token[1:]):
        page = await one.submit(form, {"_csrf": forged}, status=403)
        assert "没有预约，也没有收费" in page
    stranger = Traveller(application(services))
    await stranger.get("/")
    await one.submit(form, {"_csrf": stranger.form("/preferences").value("_csrf")}, status=403)
    assert "退出登录" in await one.get("/me")
    await one.submit(form)
    await one.get("/me")
    assert one.path == "/signin"


@pytest.mark.parametrize(
    "raw", ["//evil.example", "/\\evil", "https://x", "javascript:1", "/a\nb", "", "/" + "a" * 400]
)
def test_only_plain_paths_of_this_site_are_followed(raw: str) -> None:
    assert local_path(raw) == "/"
    assert local_path("/trip") == "/trip"


HOSTILE = (
    *("", "0", "-1", "9" * 40, "1e9", "\x00", "%", "' OR 1=1--", "<script>alert(1)</script>", "2026-02-30"),
    *("🙂" * 50, "a" * 600),
)


@pytest.mark.parametrize("raw", HOSTILE)
async def test_no_input_is_a_fault(one: Traveller, raw: str) -> None:
    await signed_in(one)
    await one.choose("lake", TODAY + timedelta(days=2))
    await one.get("/me")
    token = one.form("/signout").value("_csrf")
    text = quote(raw.replace("\x00", "%00"))
    for path in (
        f"/venues?q={text}&province={text}&kind={text}&after={text}",
        f"/venues/lake?product={text}&day={text}",
    ):
        await one.get(path)
    for path in (
        f"/bookings?before={text}&tab={text}",
        f"/signin?back={text}",
        f"/?lang={text}&welcome={text}",
    ):
        await one.get(path)
    fields = [
        "card_no",
        "pin",
        "name",
        "number",
        "kind",
        "nationality",
        "expires",
        "phone",
        "slot",
        "product",
        "day",
    ]
    fields += ["count", "id", "line", "visitor", "card", "back", "lang", "size", "companion", "_tries"]
    filled = [(name, raw) for name in fields] + [("_csrf", token)]
    for action in ("/activate", "/signin", "/visitors/new", "/trip/add", "/trip/remove", "/trip/book", "/card/loss",
                   "/preferences", f"/visitors/{text or '0'}/remove", f"/bookings/{text or '0'}/cancel"):  # fmt: skip
        one.page = await one.client.post(PageForm(action).action, data=dict(filled))
        assert one.page.status_code < 500, (action, raw)
    one.client.cookies.set("wy_trip", "x" * 3000)
    one.client.cookies.set("wy_login", raw.encode("ascii", "ignore").decode().replace("\x00", "") or "x")
    await one.get("/")


async def test_bodies_are_bounded(one: Traveller) -> None:
    await one.get("/signin")
    await one.submit(one.form("/signin"), {"card_no": "1" * 70_000}, status=403)
    page = await one.client.post("/signin", content=b"{}", headers={"content-type": "application/json"})
    assert page.status_code == 403
