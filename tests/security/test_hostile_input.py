"""Every route × hostile values: a clear answer below 500, no markup of theirs, no header of theirs, no way off the site."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import psycopg
import pytest

from tests.support.api_site import PASSWORD, ApiSite, Person, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, Traveller
from wenyue.accounts import save_staff
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7
from wenyue.web import gate, traveller

pytestmark = pytest.mark.anyio
MARKUP: Final = "'\"><script>alert(1)</script>"
VALUES: Final = (
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    quote(MARKUP),
    "..%2f..%2fetc%2fpasswd",
    "%0d%0aX-Bad:%201",
    "%5c%5cevil.example",
    "//evil.example/",
    "javascript:alert(1)",
    "9" * 400,
    "-1",
    "%c2%b2",
    "a" * 1500,
    "%25%27%20OR%201%3D1--",
    "{{7*7}}",
    "2026-02-30",
    "9999-12-31",
    "",
)
_PARTS: Final = re.compile(r"(\{[^}]*\})")
QUERY: Final = (
    *("q", "province", "kind", "after", "day", "product", "back", "tab", "before", "line", "onsite", "lang"),
    *("cursor", "limit", "text", "from", "to", "product_id", "done", "welcome", "saved", "month"),
)
FIELDS: Final = (
    *("card_no", "pin", "kind", "name", "number", "nationality", "expires", "phone", "back", "lang", "size"),
    *("product", "slot", "day", "count", "visitor", "id", "line", "card", "person", "found", "companion"),
    *("login", "password", "venue_id", "gate", "scan_id", "presented", "place", "reason", "_tries"),
)


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    urls = make_database()
    async with api_site(lambda: urls, tmp_path) as site:
        async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
            now = site.app.services.clock()
            await save_staff(
                tx,
                site.app.services.vault,
                login="keeper",
                password=PASSWORD,
                duties=duties_of_role("admin"),
                now=now,
                actor="test",
            )
        yield site


@pytest.fixture
async def browser(site: ApiSite) -> AsyncIterator[Traveller]:
    """Somebody signed in as traveller and as staff."""
    browser = Traveller(site.app)
    browser.client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=site.app, raise_app_exceptions=False),
        base_url="http://wenyue.test",
        follow_redirects=False,
    )
    browser.client.follow_redirects = True
    await browser.activate(CARD)
    await browser.get("/gate/signin")
    await browser.submit(browser.form("/gate/signin"), {"login": "keeper", "password": PASSWORD})
    browser.client.follow_redirects = False
    yield browser
    await browser.client.aclose()


def harmless(answer: httpx.Response, sent: str) -> None:
    """Nothing of an attacker's came out of it."""
    assert answer.status_code < 500, (sent, answer.status_code, answer.text[:300])
    assert "x-bad" not in answer.headers, sent
    assert "<script>alert" not in answer.text, sent
    location = answer.headers.get("location", "/")
    assert location.startswith("/"), (sent, location)
    assert not location.startswith(("//", "/\\")), (sent, location)


def pages(method: str) -> Iterator[str]:
    """The path templates of the HTML faces."""
    for route in (*traveller.routes, *gate.routes):
        if method in (route.methods or ()):
            yield route.path


async def test_pages_with_hostile_paths_and_queries(browser: Traveller) -> None:
    for path in pages("GET"):
        for value in VALUES:
            filled = path.replace("{id}", value or "x").replace("{code}", value or "x")
            filled = filled.replace("{name}", value or "x").replace("{path:path}", value)
            if filled.startswith("//"):
                continue  # httpx takes that for a host; the wire test below sends it
            harmless(await browser.client.get(filled), filled)
        for value in VALUES:
            plain = path.replace("{id}", str(uuid7())).replace("{code}", "lake")
            query = "&".join(f"{name}={value}" for name in QUERY)
            harmless(await browser.client.get(f"{plain}?{query}"), f"{plain}?{value}")


async def test_a_path_that_looks_like_another_site_leads_nowhere(browser: Traveller) -> None:
    for raw in (
        b"//evil.example/me",
        b"//evil.example",
        b"/%2f%2fevil.example",
        b"/\\evil.example",
        b"/me%0d%0aX-Bad:1",
    ):
        url = httpx.URL("http://wenyue.test/").copy_with(raw_path=raw)
        answer = await browser.client.get(url)
        harmless(answer, raw.decode())
        assert 'href="//evil' not in answer.text


async def test_forms_with_hostile_fields(browser: Traveller) -> None:
    await browser.get("/me")
    token = browser.form("/preferences").value("_csrf")
    raw = [
        *(value.encode() for value in VALUES),
        b"\xff\xfe\x00",
        b"%u0000",
        b"\xed\xa0\x80",
    ]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in pages("POST"):
        if path.endswith("signout"):
            continue
        filled = path.replace("{id}", str(uuid7())).replace("{code}", "lake")
        for value in raw:
            body = b"&".join([b"_csrf=" + token.encode(), *(name.encode() + b"=" + value for name in FIELDS)])
            harmless(
                await browser.client.post(filled, content=body, headers=kind), f"{filled} {value[:40]!r}"
            )
        many = b"_csrf=" + token.encode() + b"&place=1.1&line=1.20260305.1.1.0.0&visitor=1" * 90
        harmless(await browser.client.post(filled, content=many, headers=kind), f"{filled} many")
        multipart = {"Content-Type": "multipart/form-data; boundary=x"}
        refused = await browser.client.post(filled, content=b"--x\r\n" * 9000, headers=multipart)
        assert refused.status_code == 403


async def test_every_form_needs_its_token(browser: Traveller) -> None:
    for path in pages("POST"):
        filled = path.replace("{id}", str(uuid7())).replace("{code}", "lake")
        for data in ({}, {"_csrf": ""}, {"_csrf": "x.y"}):
            assert (await browser.client.post(filled, data=data)).status_code == 403, filled


def bodies(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[bytes]:
    """Bodies of the right names and the wrong contents."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        yield from bodies(option, document)
    names = list(schema.get("properties", {}))
    values = (
        b'"\\u0000"',
        b'"\\ud800"',
        b'"\\ud800\\u0000x"',
        b"null",
        b"1e999",
        b"-1",
        b"9" * 400,
        b"[]",
        b"{}",
        b"true",
    )
    values += (
        b'"' + b"x" * 5000 + b'"',
        b'"<script>alert(1)</script>"',
        b'"2026-02-30"',
        b'"\xff"',
        b"[[]]",
        b"NaN",
    )
    values += (
        b'"' + str(uuid7()).encode() + b'"',
        b'[{"name":"\\u0000","number":"\\ud800"}]',
        b'"lake"',
        b'"9999-12-31"',
    )
    for value in values:
        yield b"{" + b",".join(b'"%s":%s' % (name.encode(), value) for name in names) + b"}"
    yield from (b"[" * 30_000, b'{"a":' * 9_000, b"", b"\x00", b"\xff", b'"', b"null", b"[]", b"1" * 60_000)


async def test_json_with_hostile_bodies(site: ApiSite) -> None:
    someone, staff = await site.traveller(), await site.staff()
    document = site.app.rest.openapi()
    asked = 0
    for template, item in document["paths"].items():
        for method, operation in item.items():
            if method == "get" or "requestBody" not in operation:
                continue
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            path = template.replace("{booking_id}", str(uuid7())).replace("{scan_id}", str(uuid7()))
            path = path.replace("{card_no}", "x").replace("{visitor_id}", "1")
            who: Person = staff if "/gate/" in path else someone
            for body in bodies(schema, document):
                headers = who.headers | {"Content-Type": "application/json"}
                answer = await site.client.request(method, path, content=body, headers=headers)
                harmless(answer, f"{method} {path} {body[:120]!r}")
                asked += 1
    assert asked > 200


async def test_api_paths_queries_and_headers(site: ApiSite) -> None:
    someone, staff = await site.traveller(), await site.staff()
    for template, item in site.app.rest.openapi()["paths"].items():
        if item.keys() == {"delete"} or template == "/v1/session":
            continue
        for value in VALUES:
            path = "".join(value or "x" if part.startswith("{") else part for part in _PARTS.split(template))
            query = "&".join(f"{name}={value}" for name in QUERY)
            who = staff if "/gate/" in path else someone
            for method in item:
                headers = who.headers | {"Accept-Language": value[:50], "Idempotency-Key": value[:200]}
                body: dict[str, str] | None = None if method in ("get", "delete") else {}
                answer = await site.client.request(method, f"{path}?{query}", headers=headers, json=body)
                harmless(answer, f"{method} {path[:200]}")


async def test_pages_carry_the_headers_that_contain_a_mistake(browser: Traveller) -> None:
    for path in ("/", "/me", "/signin", "/gate/setup", "/nowhere", "/docs", "/bookings"):
        answer = await browser.client.get(path)
        policy = answer.headers.get("content-security-policy", "")
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), path
        assert "public" not in answer.headers["cache-control"], path
