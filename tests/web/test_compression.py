"""What is compressed, what is not, and that the size of a page tells nothing about the token of its forms (ux_F9)."""

import gzip
import re
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import brotli
import httpx
import pytest

from tests.support.api_site import TODAY, ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import OTHER_CARD, OTHER_DOCUMENT, OTHER_NAME, Traveller
from wenyue.web.middleware.compression import BYTES_MIN, Compression
from wenyue.web.shared.packing import coding_of
from wenyue.web.shared.static import PACKED, static_url

pytestmark = pytest.mark.anyio
BROWSER = "gzip, deflate, br, zstd"
CSRF = re.compile(r'name="_csrf" value="([^"]+)"')
unbrotli = cast(Callable[[bytes], bytes], brotli.decompress)  # pyright: ignore[reportUnknownMemberType]
LONG = b"<p>" + b"x" * BYTES_MIN


@pytest.fixture(scope="module")
async def site(
    make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path_factory.mktemp("home")) as site:
        yield site


async def raw(site: ApiSite, path: str, accepts: str, method: str = "GET") -> tuple[httpx.Headers, bytes]:
    """(headers, the bytes as they were sent)."""
    async with site.client.stream(method, path, headers={"Accept-Encoding": accepts}) as answer:
        assert answer.status_code == 200, path
        return answer.headers, b"".join([part async for part in answer.aiter_raw()])


def unmasked(page: bytes) -> str:
    """The page without what differs in every answer."""
    return CSRF.sub("", page.decode())


@pytest.mark.parametrize("path", ["/", "/venues", "/venues/lake", "/docs", "/openapi.json", "/v1/venues"])
async def test_ux_F9_a_text_is_compressed_as_its_reader_takes_it(site: ApiSite, path: str) -> None:
    site.client.cookies.clear()
    plain_head, plain = await raw(site, path, "identity")
    assert "content-encoding" not in plain_head
    for accepts, coding, unpack in (
        (BROWSER, "br", unbrotli),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, *;q=0.1", "gzip", gzip.decompress),
    ):
        head, body = await raw(site, path, accepts)
        assert head["content-encoding"] == coding
        assert int(head["content-length"]) == len(body) < len(plain) / 2
        assert unmasked(unpack(body)) == unmasked(plain)
        assert head["vary"].count("Accept-Encoding") == plain_head["vary"].count("Accept-Encoding") == 1


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/console/signin", "/nothing-is-here.txt"]
)
async def test_ux_F9_small_figures_and_secret_answers_are_not_compressed(site: ApiSite, path: str) -> None:
    answer = await site.client.get(path, headers={"Accept-Encoding": BROWSER})
    is_page = answer.status_code == 404  # a page as any other
    assert ("content-encoding" in answer.headers) == is_page


async def test_ux_F9_the_hot_answers_are_not_compressed(site: ApiSite) -> None:
    person = await site.traveller()
    product = (await site.client.get("/v1/venues/lake")).json()["products"][0]["id"]
    asked = {"product_id": product, "from": TODAY.isoformat(), "to": TODAY.isoformat()}
    free = await site.client.get("/v1/availability", params=asked, headers={"Accept-Encoding": BROWSER})
    assert free.status_code == 200
    refused = await site.client.post(
        "/v1/bookings", json={}, headers={**person.headers, "Accept-Encoding": BROWSER}
    )
    assert refused.status_code in (400, 422)
    for answer in (free, refused):
        assert "content-encoding" not in answer.headers


async def test_ux_F9_a_voucher_is_not_compressed(site: ApiSite) -> None:
    one = Traveller(site.app)
    await one.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    await one.choose("lake", TODAY)
    await one.submit(await one.review())
    assert one.page.headers.get("content-encoding") in ("br", "gzip")
    await one.get(f"{one.path}/voucher")
    assert "no-store" in one.page.headers["cache-control"]
    assert "content-encoding" not in one.page.headers


async def test_ux_F9_fixed_files_are_compressed_once(site: ApiSite) -> None:
    url = static_url("wenyue.css")
    head, first = await raw(site, url, BROWSER)
    assert (head["content-encoding"], head["vary"]) == ("br", "Accept-Encoding")
    assert "immutable" in head["cache-control"]
    kept = {key: id(body) for key, body in PACKED.items()}
    _, again = await raw(site, url, BROWSER)
    assert again == first
    assert {key: id(body) for key, body in PACKED.items()} == kept
    head_only, nothing = await raw(site, url, BROWSER, "HEAD")
    assert int(head_only["content-length"]) == len(first)
    assert nothing in (b"", first)  # the server leaves the body of a HEAD out, not the application


async def test_ux_F9_a_drawing_is_compressed_and_says_so_once(site: ApiSite) -> None:
    page = (await site.client.get("/venues")).text
    found = re.search(r'"(/pictures/scenes/[^"]+)"', page)
    assert found
    head, body = await raw(site, found[1], BROWSER)
    assert head.get_list("content-encoding") == ["br"]
    _, plain = await raw(site, found[1], "identity")
    assert unbrotli(body) == plain


Parts = list[dict[str, Any]]


async def through(parts: Parts, *accepts: bytes) -> Parts:
    """What becomes of an answer of these parts."""
    sent: Parts = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for part in parts:
            await send(part)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(part: Any) -> None:
        sent.append(dict(part))

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"accept-encoding", one) for one in accepts or (b"br",)],
    }
    await Compression(app)(scope, receive, send)
    return sent


def answer(body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> Parts:
    head = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(body)), *headers]
    return [
        {"type": "http.response.start", "status": status, "headers": head},
        {"type": "http.response.body", "body": body},
    ]


@pytest.mark.parametrize(
    "parts",
    [
        answer(LONG, (b"etag", b'"a"')),
        answer(LONG, (b"content-range", b"bytes 0-9/99"), status=206),
        answer(LONG, (b"content-encoding", b"gzip")),
        answer(LONG, (b"Cache-Control", b"private, no-store")),
        answer(LONG, (b"cache-control", b"no-transform")),
        answer(b"", status=304),
        answer(LONG[:BYTES_MIN - 1]),
        [{"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/webp")]}, answer(LONG)[1]],
        [{"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}, answer(LONG)[1]],
    ],
)  # fmt: skip
async def test_ux_F9_what_would_become_something_else_is_left_alone(parts: Parts) -> None:
    before = [dict(part) for part in parts]
    assert await through(parts) == before


async def test_ux_F9_a_stream_goes_on_as_it_comes() -> None:
    head, last = answer(LONG)
    first = {"type": "http.response.body", "body": LONG, "more_body": True}
    assert await through([head, first, last]) == [head, first, last]


async def test_ux_F9_a_long_text_is_compressed_and_varies() -> None:
    head, body = await through(answer(LONG, (b"vary", b"Cookie")))
    headers = dict(head["headers"])
    assert headers[b"vary"] == b"Cookie, Accept-Encoding"
    assert headers[b"content-encoding"] == b"br"
    assert int(headers[b"content-length"]) == len(body["body"])
    assert unbrotli(body["body"]) == LONG


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", ""),
        ("br", "br"),
        ("GZIP;q=1.0, br;q=0.5", "br"),
        ("gzip;q=0", ""),
        ("br; q=0.0, gzip", "gzip"),
        ("*", "br"),
        ("br;q=x", ""),
        ("brotli, x-gzip", ""),
        ("é" * 9, ""),
        ("a," * 9_999 + "br", ""),
        ("br," + "a" * 391 + ",br;q=0", ""),  # what is cut off may refuse
    ],
)
def test_ux_F9_the_header_is_read_as_the_standard_says(header: str, coding: str) -> None:
    assert coding_of(header) == coding


async def test_ux_F9_a_header_in_two_lines_is_one() -> None:
    sent = await through(answer(LONG), b"gzip", b"br;q=0, gzip;q=0")
    assert b"content-encoding" not in dict(sent[0]["headers"])


async def test_ux_F9_the_token_of_forms_is_another_in_every_page_and_good_in_each(site: ApiSite) -> None:
    one = Traveller(site.app)
    tokens: list[str] = []
    for _ in range(3):
        page = await one.get("/signin")
        tokens.append(one.form("/preferences").value("_csrf"))
        assert set(CSRF.findall(page)) == {tokens[-1]}
    assert len(set(tokens)) == 3
    held = one.client.cookies["wy_csrf"]
    assert all(held not in token and held.partition(".")[0] not in token for token in tokens)
    form = one.form("/preferences")
    for token in (*tokens, held):  # plain, as a page of the release before has it
        await one.submit(form, {"_csrf": token, "size": "large", "back": "/signin"})
    stranger = Traveller(site.app)
    await stranger.get("/signin")
    middle = len(tokens[0]) // 2
    for bad in (
        "",
        "=",
        "A" * len(tokens[0]),
        tokens[0][:-4],
        tokens[0][:middle] + tokens[1][middle:],
        "é" * 9,
        "A" * 9_999,
    ):
        await one.submit(form, {"_csrf": bad}, status=403)
    await one.submit(form, {"_csrf": stranger.form("/preferences").value("_csrf")}, status=403)


async def test_ux_F9_the_size_of_a_page_tells_nothing_of_its_token(site: ApiSite) -> None:
    """BREACH: what is typed appears in the page; where it repeats the token's beginning, the page would be shorter."""
    one = Traveller(site.app)
    await one.get("/venues")
    held = one.client.cookies["wy_csrf"]
    right, wrong = held[:40], held[39::-1]

    async def size(typed: str) -> int:
        page = await one.get(f"/venues?q={typed}")
        assert typed in page
        return len(zlib.compress(page.encode(), 9))

    assert abs(await _mean(size, right) - await _mean(size, wrong)) < 8  # unmasked it is 30 and more


async def _mean(size: Callable[[str], Any], typed: str) -> float:
    sizes = [await size(typed) for _ in range(12)]
    return sum(sizes) / len(sizes)
