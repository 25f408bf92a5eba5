"""Log lines: one JSON object each, with the request's id, without anything personal, and calm during an outage."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls
from wenyue.platform.config import TelemetrySettings, load
from wenyue.platform.database.outage import Outage
from wenyue.platform.log import Calm, JsonLines, TextLines, configure, new_request_id, request_id, scrub
from wenyue.platform.variables import SettingsError

NUMBER = "11010519491231002X"
PHONE = "13800138000"
NAME = "欧阳金丝雀"
TOKEN = "q" * 20 + "-_" + "Z" * 21
CANARIES = (NUMBER, PHONE, NAME, TOKEN, "6000202600000019", "hunter2", "E12345678")


@contextmanager
def routed(settings: TelemetrySettings) -> Generator[io.StringIO]:
    """The process's log in a text; everything as it was afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in _LOGGERS}
    configure(settings, "web", stream)
    try:
        yield stream
    finally:
        root.handlers[:], level, levels = before
        root.setLevel(level)
        for name, value in levels.items():
            logging.getLogger(name).setLevel(value)


_LOGGERS = ("wenyue", "psycopg", "psycopg.pool", "procrastinate", "opentelemetry", "asyncio", "uvicorn")


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """What was logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_and_an_exception_is_its_kind_and_place() -> None:
    with routed(TelemetrySettings()) as stream:
        token = request_id.set("abc123")
        try:
            raise psycopg.errors.CheckViolation(f"Failing row contains ({NAME}, {NUMBER})")
        except psycopg.Error:
            logging.getLogger("wenyue.test").exception("a batch of %d failed", 3)
        finally:
            request_id.reset(token)
    [line] = lines(stream)
    assert (line["level"], line["logger"], line["message"]) == ("error", "wenyue.test", "a batch of 3 failed")
    assert (line["error"], line["request_id"], line["role"]) == ("CheckViolation", "abc123", "web")
    assert re.fullmatch(r"test_log\.py:\d+ test_a_line_is.*", line["where"][-1])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["at"])
    assert not any(canary in stream.getvalue() for canary in CANARIES)


def test_values_lose_what_names_a_person() -> None:
    with routed(TelemetrySettings(log_level="debug")) as stream:
        log = logging.getLogger("wenyue.test")
        log.info("path /v1/venues/%s of %s at %s", NUMBER, NAME, f"+86 138 0013 8000/{PHONE}")
        log.info("token %s, url %s", TOKEN, "postgresql://wenyue:hunter2@db1,db2/wenyue")
        log.info("%(who)s", {"who": NAME})
        log.info("%s needs two, %s", "one")  # noqa: PLE1206 - a wrong line must not break the one who writes it
        logging.getLogger("a.library").warning(f"row: {NAME} {NUMBER} {PHONE} {TOKEN} E12345678")  # noqa: G004 - as libraries do
        logging.getLogger("a.library").warning(
            "Task exception was never retrieved\nexception=Lost('John Smith')"
        )
        log.info("kept: %d %s %s", 20260101, "0190a5c2-7a00-7000-8000-000000000000", "2026-11-22")
    assert len(lines(stream)) == 7
    assert "Smith" not in stream.getvalue()
    assert not any(canary in stream.getvalue() for canary in CANARIES)
    assert lines(stream)[-1]["message"] == "kept: 20260101 0190a5c2-7a00-7000-8000-000000000000 2026-11-22"


def test_a_new_line_in_a_value_makes_no_new_line() -> None:
    with routed(TelemetrySettings(log_format="text")) as stream:
        logging.getLogger("wenyue.test").error("odd %s", 'x\n{"level":"error"}')
    assert len(stream.getvalue().splitlines()) == 1
    assert scrub("plain words stay") == "plain words stay"


def test_text_is_for_terminals_and_json_for_the_rest() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    root = logging.getLogger()
    before = root.handlers[:]
    with routed(TelemetrySettings()):
        configure(TelemetrySettings(), "web", Terminal())
        assert type(root.handlers[0].formatter) is TextLines
        configure(TelemetrySettings(log_format="json"), "web", Terminal())
        assert type(root.handlers[0].formatter) is JsonLines
        configure(TelemetrySettings(), "worker", io.StringIO())
        assert type(root.handlers[0].formatter) is JsonLines
    assert root.handlers == before


def test_a_flood_of_one_kind_is_counted() -> None:
    calm = Calm(most=3, window_s=0.0)
    record = logging.LogRecord("wenyue.x", logging.WARNING, "", 0, "again %d", (1,), None)
    assert sum(Calm(most=3).filter(record) for _ in range(1)) == 1
    still = Calm(most=3, window_s=60)
    assert [still.filter(record) for _ in range(5)] == [True, True, True, False, False]
    for _ in range(2):
        calm.filter(record)
    assert len(calm._seen) == 1  # pyright: ignore[reportPrivateUsage] - bounded by kind, not by message


def test_levels_and_formats_are_checked() -> None:
    assert load({"WENYUE_LOG_LEVEL": "DEBUG"}).telemetry.log_level == "debug"
    for name in ("WENYUE_LOG_LEVEL", "WENYUE_LOG_FORMAT"):
        with pytest.raises(SettingsError, match=name):
            load({name: "loud"})


@pytest.mark.parametrize("given", [b"1" * 11, NUMBER.encode(), b"x" * 200, b"<script>", b"", b"\xff" * 32])
def test_a_callers_id_is_taken_only_when_it_is_one(given: bytes) -> None:
    made = new_request_id(given)
    assert re.fullmatch(r"[0-9a-f]{16,}", made)
    assert made != new_request_id(given)
    own = "0190a5c2-7a00-7000-8000-0123456789ab"
    assert new_request_id(own.encode()) == own


def test_an_outage_is_two_lines() -> None:
    outage = Outage()
    with routed(TelemetrySettings()) as stream:
        for _ in range(50):
            outage.note_bad("OperationalError")
        outage.note_good()
        outage.note_good()
        outage.note_bad("PoolTimeout", is_sure=False)
    assert [line["level"] for line in lines(stream)] == ["error", "warning"]
    assert outage.since is None, "somebody was answered a moment ago: a full pool is no outage"


@pytest.mark.anyio
async def test_a_request_has_one_id_in_answer_page_and_log(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_site(make_database, tmp_path) as site:
        monkeypatch.setattr(site.app.services, "vault", None)  # every page breaks
        with routed(TelemetrySettings()) as stream:
            told = await broken(site, "/signin")
            mine = "0190a5c2-7a00-7000-8000-0123456789ab"
            english = await broken(site, "/signin?lang=en", {"X-Request-Id": mine})
    assert told.headers["x-request-id"] in told.text
    assert "这个页面出错了" in told.text
    assert (english.headers["x-request-id"], "Something went wrong on our side" in english.text) == (
        mine,
        True,
    )
    assert "content-security-policy" in english.headers
    defects = [line for line in lines(stream) if "error" in line and line["logger"] == "wenyue.web.api"]
    assert [line["request_id"] for line in defects] == [told.headers["x-request-id"], mine]
    assert defects[0]["where"]


async def broken(site: ApiSite, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """A page that fails, as the server answers it."""
    transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wenyue.test") as client:
        answer = await client.get(path, headers=headers or {})
    assert answer.status_code == 500, answer.text
    return answer


@pytest.mark.anyio
async def test_every_answer_behind_the_hot_routes_carries_an_id(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    async with api_site(make_database, tmp_path) as site:
        answers = await asyncio.gather(
            *(site.client.get(path) for path in ("/", "/v1/venues", "/v1/nothing", "/no/page", "/healthz"))
        )
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
