"""The ways that alerts leave by, and the sign of life for somebody outside."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.watched import Recorder, away, scene_for
from wenyue.core.clock import utc_now
from wenyue.monitor import scene_of
from wenyue.monitoring import (
    Book,
    Event,
    MailSender,
    Memory,
    Monitor,
    Notice,
    TextSender,
    WebhookSender,
    senders_of,
)
from wenyue.platform.config import load
from wenyue.platform.mail import Post

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wenyue.monitoring.rounds.CONNECT_AGAIN_S", 0.01)


@pytest.fixture
def hook() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server that keeps what is posted to it."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(500 if self.path == "/bad" else 204)
            self.end_headers()

        def do_GET(self) -> None:
            got.append(self.path.encode())
            self.send_response(500 if self.path == "/bad" else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


async def test_somebody_outside_hears_after_each_round_that_the_monitor_lives(
    tmp_path: Path, hook: tuple[str, list[bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    url, got = hook
    scene = away(scene_for("", tmp_path))
    for path in ("alive", "bad"):
        monitor = Monitor(scene, Book(tmp_path / path), [], heartbeat=f"{url}/{path}")
        await monitor.round()
        await monitor.round()
    assert got == [b"/alive", b"/alive", b"/bad", b"/bad"]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "nobody outside heard that the monitor lives: it answered 500"
    ] * 2


@pytest.mark.parametrize(
    "url", ["ftp://a", "http://", "http://a b/secret", "http://[::1", "http://127.0.0.1:1"]
)
async def test_a_heartbeat_that_cannot_leave_fails_no_round_and_is_not_written_down(
    tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await Monitor(away(scene_for("", tmp_path)), Book(tmp_path / "n"), [], heartbeat=url).round()
    [said] = [record.getMessage() for record in caplog.records if "outside" in record.getMessage()]
    assert "secret" not in said


async def a_notice(tmp_path: Path) -> Notice:
    out = Recorder()
    await Monitor(away(scene_for("", tmp_path)), Book(tmp_path / "n"), [out]).round()
    return out.told[0]


async def test_a_webhook_gets_json(tmp_path: Path, hook: tuple[str, list[bytes]]) -> None:
    url, got = hook
    notice = await a_notice(tmp_path)
    await WebhookSender(f"{url}/x", "db1", "https://ops/docs").send(notice)
    said = json.loads(got[0])
    assert (said["event"], said["check"], said["node"]) == ("fired", "database", "db1")
    assert said["runbook"] == "https://ops/docs/runbooks/database-killed.md"
    for bad in (f"{url}/bad", "http://127.0.0.1:1/", "file:///etc/passwd"):
        with pytest.raises(OSError, match=r"answered 500|refused|not an http address"):
            await WebhookSender(bad, "db1", "").send(notice)
    assert "password" not in repr(WebhookSender("http://u:password@h/", "n", ""))


async def test_mail_goes_to_operators_and_to_those_behind_them_when_it_lasts(tmp_path: Path) -> None:
    lines: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        is_data = False
        while line := (await reader.readline()).decode():
            lines.append(line.strip())
            if is_data and line != ".\r\n":
                continue
            is_data = line.lower().startswith("data")
            writer.write(b"354 go\r\n" if is_data else b"250 ok\r\n")
            if line.lower().startswith("quit"):
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    post = Post(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", "wenyue@example.cn")
    sender = MailSender(post, ["ops@example.cn"], ["boss@example.cn"], "db1", "")
    notice = await a_notice(tmp_path)
    await sender.send(notice)
    assert [one for one in lines if one.startswith("rcpt")] == ["rcpt TO:<ops@example.cn>"]
    assert "数据库" not in "".join(lines)  # encoded, as mail must be
    await sender.send(replace(notice, is_escalated=True, event=Event.REMINDER))
    assert lines.count("rcpt TO:<boss@example.cn>") == 1
    server.close()
    with pytest.raises(OSError, match="refused"):
        await MailSender(Post("smtp://127.0.0.1:1", "a@b"), ["ops@example.cn"], [], "db1", "").send(notice)


async def test_texts_leave_through_the_transport_of_travellers_texts(tmp_path: Path) -> None:
    notice = await a_notice(tmp_path)
    await TextSender(load({"WENYUE_HOME": str(tmp_path)}), ["13800138000"], [], "db1").send(notice)
    [path] = (tmp_path / "messages").iterdir()
    line = json.loads(path.read_text(encoding="utf-8"))
    assert "数据库连不上" in line["text"]
    assert "13800138000" not in path.read_text(encoding="utf-8")


async def test_settings_say_who_is_told_and_what_is_looked_at(tmp_path: Path) -> None:
    plain = load({"WENYUE_HOME": str(tmp_path), "WENYUE_DEMO": "1"})
    assert [one.name for one in senders_of(plain)] == ["log"]
    everything = load(
        {
            "WENYUE_HOME": str(tmp_path),
            "WENYUE_ALERT_WEBHOOK": "http://x/",
            "WENYUE_SMTP": "smtp://h",
            "WENYUE_ALERT_ESCALATION": "boss@example.cn, 13800138000",
            "WENYUE_MONITOR_URLS": "https://a, https://b",
        }
    )
    assert [one.name for one in senders_of(everything)] == ["log", "webhook", "mail", "sms"]
    assert scene_of(everything, parent=None).urls == ("https://a", "https://b")
    assert scene_of(plain, parent=7).wanted == (("web", plain.web.workers), ("worker", 1))
    assert scene_of(plain, parent=None).backup_wanted_from is None
    lives = load({"WENYUE_HOME": str(tmp_path), "WENYUE_DEMO": "0"})
    wanted_from = scene_of(lives, parent=None).backup_wanted_from
    assert wanted_from is not None
    assert timedelta(hours=25) < wanted_from - utc_now() < timedelta(hours=27)
    names: Sequence[str] = [one.name for one in senders_of(plain)]
    assert names
    assert Memory().has_turn is False
