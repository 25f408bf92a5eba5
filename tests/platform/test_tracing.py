"""Traces: what a real OTLP receiver gets, what a dead or silent collector costs, and that off is off."""

import asyncio
import gzip
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.api_site import ApiSite, Person, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, DOCUMENT, NAME
from wenyue.core.ids import uuid7
from wenyue.platform import tracing
from wenyue.platform.config import TelemetrySettings
from wenyue.platform.variables import SettingsError

pytestmark = pytest.mark.anyio
HANG_S = 90.0
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID = PARENT.split("-")[1]


class Receiver(ThreadingHTTPServer):
    """Takes OTLP over HTTP and decodes it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self) -> list[Any]:
        """Every span that has come."""
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class _Take(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == "/v1/traces":
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            cast(Receiver, self.server).requests.append(request)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the handler's own
        """Nothing."""


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Generator[None]:
    """The exporter's threads outlive a collector that is away by seconds, and draw from the chance that all tests share."""
    yield
    until = time.monotonic() + 30
    while left := [one for one in threading.enumerate() if one.name.startswith(("OtelBatch", "traces"))]:
        assert time.monotonic() < until, left
        time.sleep(0.05)  # a thread of a library cannot be awaited


@contextmanager
def receiver() -> Generator[Receiver]:
    """A collector."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def traced(site: ApiSite, url: str, percent: int = 0) -> Generator[httpx.AsyncClient]:
    """A client of the site with traces to `url`."""
    traces = tracing.start(TelemetrySettings(traces_url=url, traces_percent=percent), "web")
    assert traces is not None
    site.app.services.engine.observer = traces
    transport = httpx.ASGITransport(traces.wrap(site.app))
    try:
        yield httpx.AsyncClient(transport=transport, base_url="http://wenyue.test")
    finally:
        site.app.services.engine.observer = None
        tracing._active = None  # pyright: ignore[reportPrivateUsage] - as a new process begins
        traces.close()


def traces_of(site: ApiSite) -> tracing.Tracing:
    """The tracing that watches the engine."""
    return cast(tracing.Tracing, site.app.services.engine.observer)


async def book(client: httpx.AsyncClient, who: Person, slot_id: int, **headers: str) -> httpx.Response:
    """A booking in the person's own name."""
    body = {
        "id": str(uuid7()),
        "lines": [{"slot_id": slot_id, "price_minor": 0, "visitors": [0]}],
        "visitors": [{"name": who.name, "number": who.number}],
        "contact_phone": "13800138000",
    }
    return await client.post("/v1/bookings", json=body, headers=who.headers | headers)


async def test_a_booking_is_one_trace_and_names_nobody(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    async with api_site(make_database, tmp_path) as site:
        who = await site.traveller()
        slot_id = (await site.slots("lake"))[0]["slot_id"]
        with receiver() as collector:
            with traced(site, collector.url) as client:
                booked = await book(client, who, slot_id, traceparent=PARENT)
                assert booked.status_code == 201
                lost = await client.get(f"/v1/venues/{DOCUMENT}?text={NAME}", headers={"traceparent": PARENT})
                untraced = await client.get("/v1/venues")
                signed = {"card_no": CARD[0], "pin": CARD[1]}
                await client.post("/v1/session", json=signed, headers={"traceparent": PARENT})
                with pytest.raises(LookupError), traces_of(site).around("job x"):
                    raise LookupError(NAME)
            spans, raw = collector.spans(), b"".join(one.SerializeToString() for one in collector.requests)
    assert booked.headers["traceresponse"].startswith(f"00-{TRACE_ID}-")
    assert lost.status_code == 404
    assert "traceresponse" not in untraced.headers
    by_name = {span.name: span for span in spans}
    assert {"POST /v1/bookings", "queue", "batch", "gather", "decide", "apply", "commit"} <= set(by_name)
    assert "GET /v1/venues/{code}" in by_name
    assert {span.trace_id.hex() for span in spans if span.name != "job x"} == {TRACE_ID}
    request, batch = by_name["POST /v1/bookings"], by_name["batch"]
    assert request.parent_span_id.hex() == PARENT.split("-")[2]
    assert batch.parent_span_id == by_name["queue"].parent_span_id == request.span_id
    assert [link.span_id for link in batch.links] == [request.span_id]
    for phase in ("gather", "decide", "apply", "commit"):
        assert by_name[phase].parent_span_id == batch.span_id
        assert batch.start_time_unix_nano <= by_name[phase].start_time_unix_nano
        assert by_name[phase].end_time_unix_nano <= batch.end_time_unix_nano
    for secret in (NAME, DOCUMENT, CARD[0], CARD[1], who.token, "13800138000"):
        assert secret.encode() not in raw, secret


async def test_requests_of_one_batch_are_linked(make_database: Callable[[], DbUrls], tmp_path: Path) -> None:
    async with api_site(make_database, tmp_path) as site:
        who, other = await site.traveller(), await site.other()
        slot_id = (await site.slots("lake"))[0]["slot_id"]
        with receiver() as collector:
            with traced(site, collector.url, percent=100) as client:
                await asyncio.gather(book(client, who, slot_id), book(client, other, slot_id))
            spans = collector.spans()
    links = {link.span_id for span in spans if span.name == "batch" for link in span.links}
    assert links == {span.span_id for span in spans if span.name == "POST /v1/bookings"}


@pytest.mark.parametrize("kind", ["dead", "silent"])
async def test_a_collector_that_is_away_costs_no_booking_anything(
    make_database: Callable[[], DbUrls], tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with api_site(make_database, tmp_path) as site:
        who = await site.traveller()
        slot_id = (await site.slots("lake"))[0]["slot_id"]
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            if kind == "silent":
                silent.listen()  # connections are made, nothing is ever said
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            async with asyncio.timeout(HANG_S):
                with traced(site, url, percent=100) as client:
                    for _ in range(30):
                        assert (await book(client, who, slot_id)).status_code in (201, 409)
                        await asyncio.sleep(0.02)  # so that the exporter has time to be in the way
                    for _ in range(2_300):  # more spans than the queue holds
                        await client.get("/healthz")
    told = [record for record in caplog.records if record.name == "wenyue.tracing"]
    assert len(told) <= 1, "a collector that is away is told once"


def test_off_is_off() -> None:
    """Neither the web nor the worker loads anything of OpenTelemetry without a URL."""
    program = (
        "import sys, wenyue.app, wenyue.worker\n"
        "from wenyue.platform import tracing\n"
        "from wenyue.platform.config import TelemetrySettings\n"
        "assert tracing.start(TelemetrySettings(), 'web') is None\n"
        "with tracing.span('job'): pass\n"
        "assert tracing.outgoing() == {}\n"
        "print(sorted(name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


async def test_fastapis_own_telemetry_is_off(make_database: Callable[[], DbUrls], tmp_path: Path) -> None:
    """It records exceptions with their text."""
    seen: list[bool] = []

    async def look(request: Request) -> Response:
        seen.append("fastapi.telemetry" in request.scope)
        return Response("")

    async with api_site(make_database, tmp_path) as site:
        site.app.rest.router.routes[:0] = [Route("/v1/look", look)]
        assert (await site.client.get("/v1/look")).status_code == 200
    assert seen == [False]


@pytest.mark.parametrize("url", ["127.0.0.1:4318", "ftp://x", "http://", "/v1/traces"])
def test_a_wrong_address_is_named(url: str) -> None:
    with pytest.raises(SettingsError, match="WENYUE_TRACES_URL"):
        tracing.start(TelemetrySettings(traces_url=url), "web")


async def test_a_stranger_cannot_have_everything_traced(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    async with api_site(make_database, tmp_path) as site:
        with receiver() as collector, traced(site, collector.url) as client:
            answers = [await client.get("/healthz", headers={"traceparent": PARENT}) for _ in range(100)]
            for bad in (
                "00-0-0-01",
                "x" * 5000,
                PARENT.replace("-01", "-00"),
                "00-" + "0" * 32 + "-" + "0" * 16 + "-01",
            ):
                answer = await client.get("/healthz", headers={"traceparent": bad})
                assert "traceresponse" not in answer.headers
    assert 1 <= sum("traceresponse" in answer.headers for answer in answers) <= 60
