"""The traveller's pages themselves: fields and their errors, both languages, security, size, hostile input."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    DOCUMENT,
    EXTRA_VENUES,
    NAME,
    NOW,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    PageForm,
    Traveller,
    application,
    services_on,
)
from wenyue.faces.traveller.visit import local_path
from wenyue.kernel.clock import local_date
from wenyue.services import Services

pytestmark = pytest.mark.anyio
TODAY = local_date(NOW, "Asia/Shanghai")
TOMORROW = TODAY + timedelta(days=1)
FIRST_LOAD_BYTES_MAX = 100_000
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="module")
async def services(
    make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Services]:
    urls = make_database()
    home: Path = tmp_path_factory.mktemp("home")
    async with services_on(urls, home, lambda: NOW) as started:
        yield started


@pytest.fixture
def one(services: Services) -> Traveller:
    return Traveller(application(services))


async def signed_in(one: Traveller) -> None:
    """The demo traveller, whose card this module activates once."""
    await one.activate(CARD)


async def every_page(one: Traveller) -> list[tuple[str, str]]:
    """(path, page) of each page there is, refusals included."""
    seen = [(path, await one.get(path)) for path in ("/", "/activate", "/signin")]
    await signed_in(one)
    await one.choose("lake", TODAY + timedelta(days=5))
    paths = ["/", "/me", "/venues", "/venues?q=none-such", "/venues/lake", "/venues/temple", "/venues/inn"]
    paths += [
        f"/venues/lake?day={TODAY + timedelta(days=3)}",
        "/venues/bus",
        "/venues/kitchen",
        "/visitors/new",
    ]
    paths += ["/trip", "/bookings", "/bookings?tab=past", "/card/loss"]
    seen += [(path, await one.get(path)) for path in paths]
    form = await one.review()
    seen.append(("/trip/review", one.page.text))
    await one.submit(form)
    path = one.path
    seen.append((path, one.page.text))
    for part in ("", "/voucher", "/cancel", "/reschedule"):
        seen.append((path + part, await one.get(path + part)))
    await one.get("/visitors/new")
    seen.append(("visitor refused", await one.submit(one.form("/visitors/new"), {"number": "1"}, status=422)))
    await one.choose("lake", TODAY + timedelta(days=5), session=1)
    seen.append(("booking refused", await one.submit(await one.review(), status=409)))
    await one.get(f"{path}/cancel")
    seen.append(("cancelled", await one.submit(one.form(f"{path}/cancel"))))
    seen += [(path, await one.get(path, status=404)) for path in ("/nothing-here", "/bookings/none")]
    seen.append(("/trip", await _emptied(one)))
    return seen


async def _emptied(one: Traveller) -> str:
    await one.get("/trip")
    return await one.submit(one.form("/trip/remove"))


class Shown(HTMLParser):
    """The text of a page that is not marked as Chinese content, its titles and labels included."""

    VOID = frozenset({"meta", "link", "input", "br", "path", "circle", "rect", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[bool] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note labels, and whether what follows is marked as Chinese."""
        given = dict(attrs)
        is_chinese = given.get("lang") == "zh-CN" or (
            given.get("lang") is None and bool(self.stack and self.stack[-1])
        )
        if not is_chinese:
            shown = ("title", "aria-label", "placeholder", "alt", "data-age")
            self.text += [value for name in shown if (value := given.get(name))]
        if tag not in self.VOID:
            self.stack.append(is_chinese)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Shapes hold no text."""

    def handle_endtag(self, tag: str) -> None:
        """Back to the parent's language."""
        if tag not in self.VOID and self.stack:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        """Note text that is not marked as Chinese."""
        if not (self.stack and self.stack[-1]):
            self.text.append(data)


def leaks(page: str) -> list[str]:
    """Chinese that an English page shows outside of names and places."""
    reader = Shown()
    reader.feed(page)
    return [text.strip() for text in reader.text if CHINESE.search(text)]


def test_a_leak_is_found() -> None:
    assert leaks('<html lang="en"><p>Hello <span lang="zh-CN">镜湖</span></p><p>你好</p></html>') == ["你好"]
    assert leaks('<html lang="en"><a aria-label="关闭">x</a></html>') == ["关闭"]


async def test_every_page_is_complete_in_both_languages_safe_and_light(
    one: Traveller, services: Services
) -> None:
    assert 'lang="zh-CN"' in (await one.get("/"))[:200]
    pages = {"zh-CN": await every_page(one)}
    other = Traveller(application(services))
    assert '<html lang="en"' in await other.get("/?lang=en")
    pages["en"] = await every_page(other)
    for path, page in pages["en"]:
        assert leaks(page) == [], path
    assert [path for path, page in pages["zh-CN"] if not CHINESE.search(page.partition("<main")[2])] == []
    fixed = await _assets(one)
    for path, page in pages["zh-CN"] + pages["en"]:
        assert len(page.encode()) + fixed <= FIRST_LOAD_BYTES_MAX, path
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page), path
        assert DOCUMENT not in page, path
        assert NAME not in page, path
        assert CARD[0] not in page, path


async def _assets(one: Traveller) -> int:
    """Bytes, uncompressed, of what every page loads besides itself; all of it is cached for a year."""
    page = await one.get("/venues")
    total = 0
    for url in set(re.findall(r'"(/static/[^"]+)"', page)):
        await one.get(url)
        assert one.page.headers["cache-control"] == "public, max-age=31536000, immutable"
        total += len(one.page.content)
    assert total > 10_000
    return total


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


async def test_activation_names_every_field_to_mend_and_keeps_what_was_typed(one: Traveller) -> None:
    await one.get("/activate")
    typed = {"card_no": "", "pin": "2468", "name": "张3", "number": "110105194912310021", "phone": "12"}
    page = await one.submit(one.form("/activate"), typed, status=422)
    for text in ("请填写卡号", "姓名不能包含数字", "身份证最后一位不正确"):
        assert page.count(text) == 2, text  # in the list on top and at the field
    for field in ("card_no", "name", "number", "phone"):
        assert f'href="#{field}"' in page
        assert f'id="{field}-error"' in page
    assert 'value="110105194912310021"' in page
    assert 'value="张3"' in page
    assert "2468" not in page


async def test_a_wrong_card_or_pin_is_said_at_its_field(one: Traveller) -> None:
    await one.get("/activate")
    person = {"pin": CARD[1], "name": NAME, "number": DOCUMENT, "kind": "resident_id"}
    page = await one.submit(one.form("/activate"), person | {"card_no": "6000202600000018"}, status=422)
    assert 'id="pin-error"' in page
    assert "卡号或密码不正确" in page
    await one.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    await one.get("/signin")
    page = await one.submit(one.form("/signin"), {"card_no": OTHER_CARD[0], "pin": "00000000"}, status=422)
    assert "还可以试4次" in page
    page = await one.submit(one.form("/signin"), {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1]})
    assert "6000 •••• •••• 0027" in page


async def test_a_foreign_passport_names_the_fields_it_needs(one: Traveller) -> None:
    await signed_in(one)
    await one.get("/visitors/new")
    passport = {"kind": "passport", "name": "Maria Silva", "number": "AB1234567"}
    page = await one.submit(one.form("/visitors/new"), passport, status=422)
    assert 'id="nationality-error"' in page
    page = await one.submit(one.form("/visitors/new"), passport | {"nationality": "BRA"}, status=422)
    assert 'id="expires-error"' in page
    page = await one.submit(
        one.form("/visitors/new"), passport | {"nationality": "BRA", "expires": "2030-01-31"}
    )
    assert "M*** S***" in page
    assert page.count("M*** S***") == 2  # a visitor, and named on the card
    page = await one.submit(one.form("/card/companions/remove"))
    assert page.count("M*** S***") == 1
    removal = re.findall(r'action="(/visitors/\d+/remove)"', page)[0]
    assert "M*** S***" not in await one.submit(one.form(removal))


async def test_venues_are_found_by_text_kind_and_province_and_paged(one: Traveller) -> None:
    page = await one.get("/venues?q=湖&kind=restaurant")
    assert "湖鲜馆" in page
    assert "镜湖" not in page
    assert "没有找到" in await one.get("/venues?q=%00%27%22%3Cscript%3E")
    found: list[str] = []
    path = "/venues?province=山东"
    for _ in range(5):
        page = await one.get(path)
        found += re.findall(r'class="venue" href="/venues/(hill-\d+)"', page)
        more = re.search(r'href="(/venues\?[^"]*after=[^"]*)"', page)
        if more is None:
            break
        path = more[1].replace("&amp;", "&")
    assert len(found) == len(set(found)) == EXTRA_VENUES


async def test_the_calendar_says_every_state_in_words(one: Traveller) -> None:
    page = await one.get("/venues/lake")
    assert 'aria-label="3月4日 周三 充足"' in page
    assert 'aria-label="3月7日 周六 闭园（大风）"' in page
    assert "刚刚更新" in page
    assert "到店付 ¥60" in page
    assert "上午场" in page
    assert "紧张（余3）" in page
    assert "约满" in await one.get(f"/venues/tower?day={TOMORROW}")
    temple = await one.get(f"/venues/temple?day={TODAY + timedelta(days=9)}")
    assert "未开放（6日08:00放票）" in temple
    await signed_in(one)
    assert "本卡可用" in await one.get("/venues/lake")


async def test_preferences_last_and_never_lead_away(one: Traveller) -> None:
    await one.get("/venues")
    page = await one.submit(one.form("/preferences"), {"size": "large"})
    assert one.path == "/venues"
    assert 'class="is-large"' in page
    page = await one.submit(one.form("/preferences"), {"lang": "en", "back": "https://example.org/"})
    assert one.path == "/"
    assert '<html lang="en" class="is-large"' in page


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


async def test_a_database_that_is_away_is_said_calmly(one: Traveller, services: Services) -> None:
    away = Traveller(application(services))
    await services.db.close()
    try:
        page = await away.get("/venues", status=503)
        assert "已有的预约不受影响" in page
        assert away.page.headers["retry-after"] == "3"
    finally:
        assert one is not None
