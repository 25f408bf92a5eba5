"""The description of the API, its human pages, and the figures: complete, true, and without anybody else's server."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls
from wenyue.booking import Outcome
from wenyue.cards import CardProblem
from wenyue.telemetry import Snapshot
from wenyue.web.api.openapi_words import EXAMPLES, SUMMARIES
from wenyue.web.wording.api import API_WORDS
from wenyue.web.wording.gate_api import GATE_API_WORDS

pytestmark = pytest.mark.anyio
PAGE_BYTES_MAX = 100_000


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        yield site


class _Ids(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(given.get("src") or given.get("href") or "")
        if tag == "a":
            self.links.append(given.get("href") or "")


async def test_the_description_is_complete(site: ApiSite) -> None:
    document: dict[str, Any] = (await site.client.get("/openapi.json")).json()
    operations = {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert set(operations) == set(SUMMARIES)
    assert {"POST /v1/bookings", "GET /v1/availability"} <= set(operations)
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in operations.items():
        assert operation["description"], name
        assert operation["tags"][0] in tags, name
        assert "503" in operation["responses"], name
        assert ("security" in operation) == ("401" in operation["responses"]) or {
            "session",
            "activation",
        } & set(name.split("/")), name
        if "requestBody" in operation:
            assert "example" in operation["requestBody"]["content"]["application/json"], name
    for key in EXAMPLES:
        assert "requestBody" in operations[key], key
    slot = document["components"]["schemas"]["SlotAnswer"]["properties"]
    assert {name for name, field in slot.items() if field.get("format") == "date-time"} == {
        "starts_at",
        "ends_at",
        "release_at",
        "closes_at",
    }
    text = msgspec.json.encode(document).decode()
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named == set(document["components"]["schemas"])


async def test_the_page_shows_every_operation_and_loads_nothing_foreign(site: ApiSite) -> None:
    document: dict[str, Any] = (await site.client.get("/openapi.json")).json()
    for query in ("", "?lang=en"):
        answer = await site.client.get(f"/docs{query}")
        assert answer.status_code == 200
        assert len(answer.content) <= PAGE_BYTES_MAX
        page = _Ids(answer.text)
        assert len(page.ids) == len(set(page.ids))
        for item in document["paths"].values():
            for operation in item.values():
                assert operation["operationId"] in page.ids
        assert all(source.startswith("/static/") for source in page.loads)
        for link in page.links:
            assert not link.startswith("#") or link[1:] in page.ids


async def test_the_first_load_is_small(site: ApiSite) -> None:
    for path in ("/docs", "/docs?lang=en", "/docs/problems"):
        page = await site.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert page.headers["content-encoding"] == "gzip"
        loads = [await site.client.get(source) for source in _Ids(page.text).loads]
        assert sum(int(one.headers["content-length"]) for one in (page, *loads)) <= PAGE_BYTES_MAX
    plain = await site.client.get("/docs", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


async def test_every_problem_code_has_its_anchor(site: ApiSite) -> None:
    for query in ("", "?lang=en"):
        answer = await site.client.get(f"/docs/problems{query}")
        assert len(answer.content) <= PAGE_BYTES_MAX
        page = _Ids(answer.text)
        assert len(page.ids) == len(set(page.ids))
        wanted = {outcome.name.lower() for outcome in Outcome if not outcome.is_success}
        wanted |= {problem.value for problem in CardProblem} | set(API_WORDS) | set(GATE_API_WORDS)
        assert wanted - set(page.ids) == set()


async def test_the_figures_count_what_was_answered(site: ApiSite) -> None:
    who = await site.traveller()
    slot_id = (await site.slots("lake"))[0]["slot_id"]
    for _ in range(3):
        await site.book(who, slot_id)
    await site.client.get("/v1/venues/nowhere")
    await site.client.get("/no/such/page")
    await site.client.get("/v1/no/such/route")
    answer = await site.client.get("/metrics", headers={"Host": "127.0.0.1"})
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    counts = {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["wenyue_http_request_duration_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert counts["POST", "/v1/bookings", "201"] == 1
    assert counts["POST", "/v1/bookings", "409"] == 2
    assert counts["GET", "/v1/venues/{code}", "404"] == 1
    assert counts["GET", "(other)", "404"] == 2
    outcomes = {s.labels["outcome"]: s.value for s in families["wenyue_booking_outcomes"].samples}
    assert (outcomes["confirmed"], outcomes["person_twice"]) == (1, 2)
    assert families["wenyue_engine_depth"].samples[0].value == 0
    assert families["wenyue_database_pool_connections"].samples[0].value >= 1


async def test_the_figures_of_sibling_processes_are_told_too(site: ApiSite) -> None:
    mine: Snapshot = site.app.rest.state.exchange.snapshot()
    folder = site.app.services.settings.home / "metrics"
    folder.mkdir(exist_ok=True)
    for process, age_s in (("web-1000001", 0), ("web-1000002", 3600)):
        sibling = msgspec.structs.replace(mine, process=process, at=mine.at - age_s)
        (folder / f"{process}.json").write_bytes(msgspec.json.encode(sibling))
    (folder / "web-1000003.json").write_text("{half a fi")
    text = (await site.client.get("/metrics", headers={"Host": "127.0.0.1"})).text
    told = set(re.findall(r'wenyue_engine_depth\{process="([a-z]+-\d+)"\}', text))
    assert told == {mine.process, "web-1000001"}
    assert not (folder / "web-1000002.json").exists()


async def test_a_process_writes_its_figures_and_takes_them_away(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    async with api_site(make_database, tmp_path) as site:
        await site.client.get("/healthz")
        written: Snapshot | None = None
        async with asyncio.timeout(30):
            while written is None or not any(row.route == "/healthz" for row in written.rows):
                await asyncio.sleep(0.05)
                for path in (tmp_path / "metrics").glob("*.json"):
                    written = msgspec.json.decode(path.read_bytes(), type=Snapshot)
    assert list((tmp_path / "metrics").iterdir()) == []
