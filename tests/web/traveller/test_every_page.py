"""Every page of the traveller: complete in both languages, safe, and light."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tests.support import pseudo
from tests.support.traveller_pages import one, services, signed_in
from tests.support.traveller_site import CARD, DOCUMENT, NAME, NOW, Traveller, application
from wenyue.container import Services
from wenyue.core.clock import local_date
from wenyue.locale.languages import PSEUDO

pytestmark = pytest.mark.anyio
__all__ = ["one", "services"]
TODAY = local_date(NOW, "Asia/Shanghai")
FIRST_LOAD_BYTES_MAX = 100_000
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


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


# Where one's own people are listed they are named in full: relatives look alike else.
_OWN_PEOPLE = ("/trip", "/bookings", "/me", "/card/loss", "booking refused", "cancelled")


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
        if path not in ("/", "/card/loss") and not path.startswith(_OWN_PEOPLE):
            assert NAME not in page, path
        assert CARD[0] not in page, path


# What pages show of the catalogue, and what CLDR says: names, days, codes.
DATA = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Mar|CHN|English|person_twice)\b|[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}"
    r"|Mirror Lake|Wangjiang Tower|Loop Line|Lakeside Inn|Lake Kitchen|Demo tourism card|Adult|Morning|Dinner"
    r"|10 hotel room nights|12 restaurant tables \(2 a day\)|20 shuttle seats"
    r"|Unlimited attraction visits \(once a day, place and person\)"
)


def untranslated(page: str) -> list[str]:
    """What a page in the pseudo-language says without its catalogues."""
    reader = Shown()
    reader.feed(page)
    return pseudo.untranslated([text.strip() for text in reader.text], DATA)


async def test_the_pseudo_language_finds_nothing_untranslated(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pseudo.spoken(monkeypatch):
        other = Traveller(application(services))
        assert "[!!" in await other.get(f"/?lang={PSEUDO}")
        found = {path: bad for path, page in await every_page(other) if (bad := untranslated(page))}
    assert found == {}


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
