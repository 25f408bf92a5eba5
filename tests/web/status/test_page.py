"""The status page: what probes mean, what it says in both languages, that it is small, what it keeps, and the way to it."""

import gzip
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from tests.support.status_page import NOW, incident
from wenyue.locale import LOCALES, languages
from wenyue.platform.config import load
from wenyue.web.shared.pages import status_url
from wenyue.web.status.history import INCIDENTS_MAX, History
from wenyue.web.status.known import Known
from wenyue.web.status.model import COMPONENTS, Automatic, Day, Incident, Note, Seen, Standing, State
from wenyue.web.status.pages import all_pages, html
from wenyue.web.status.rules import class_of, follow, from_monitor, judge, last_days, overall, uptime
from wenyue.web.status.run import place_of
from wenyue.web.status.wording import say_note, say_title

TODAY = date(2026, 11, 22)
OK, DOWN = Seen(200, 5.0), Seen(None, 4000.0)
BYTES_MAX = 100 * 1024


def known(state: State = State.OK, incidents: Sequence[Incident] = ()) -> Known:
    days = {
        TODAY - timedelta(days=n): Day(TODAY - timedelta(days=n), 86_000, 300, n % 7 * 20) for n in range(90)
    }
    standings = {one.name: Standing(state, NOW, took_ms=3.2) for one in COMPONENTS}
    return Known(
        NOW,
        standings,
        {one.name: days for one in COMPONENTS},
        incidents,
        booking_url="https://book.example.cn",
        own_url="https://status.example.cn",
        takes_subscriptions=True,
    )


# --- rules


def test_what_probes_mean() -> None:
    assert judge([OK, OK]) is State.OK
    assert judge([OK, Seen(404, 5.0)]) is State.OK
    assert judge([OK, Seen(503, 5.0)]) is State.SLOW  # it refuses because it is busy
    assert judge([OK, Seen(200, 1501.0)]) is State.SLOW
    assert judge([Seen(503, 5.0), OK]) is State.DOWN  # it says itself that it is not ready
    assert judge([OK, Seen(500, 5.0)]) is State.DOWN
    assert judge([DOWN]) is State.DOWN


def test_one_bad_probe_is_no_outage() -> None:
    standing = follow(None, State.OK, 5.0, NOW)
    standing = follow(standing, State.DOWN, None, NOW)
    assert standing.state is State.OK
    standing = follow(standing, State.DOWN, None, NOW)
    assert (standing.state, standing.bad) == (State.DOWN, 2)
    standing = follow(standing, State.OK, 5.0, NOW)
    assert standing.state is State.DOWN
    assert follow(standing, State.OK, 5.0, NOW).state is State.OK


def test_a_silent_or_mad_monitor_says_nothing() -> None:
    said = {"at": NOW.isoformat(), "components": {"messages": "slow", "x": "nonsense"}}
    assert from_monitor(said, NOW) == {"messages": State.SLOW, "x": State.UNKNOWN}
    assert from_monitor(said, NOW + timedelta(minutes=5)) == {}
    mad_ones: list[object] = [
        None,
        7,
        "x",
        {"at": 3},
        {"at": "2026-01-01"},
        {"at": NOW.isoformat(), "components": 7},
    ]
    for mad in mad_ones:
        assert from_monitor(mad, NOW) == {}


def test_uptime_counts_only_what_was_seen() -> None:
    days = last_days({TODAY: Day(TODAY, 50, 25, 25)}, TODAY)
    assert (len(days), uptime(days)) == (90, 0.75)
    assert [class_of(one) for one in days[-2:]] == ["none", "slow"]
    assert class_of(Day(TODAY, 1, 0, 61)) == "down"
    assert uptime(last_days({}, TODAY)) is None
    assert overall({}) is State.UNKNOWN


# --- pages


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_both_languages_say_it_all(state: State, locale: str) -> None:
    text = html(known(state, [incident(), incident(2, closed_at=NOW)]), locale)
    for must in ("status.json", "feed.atom", 'lang="' + locale, "data-plain", "https://book.example.cn"):
        assert must in text
    assert "&lt;b&gt;" in text if locale == "zh-CN" else "looking &amp; searching" in text
    shown = re.sub(r'<[^>]*lang="zh-CN"[^>]*>[^<]*<|<[^>]+>', " ", text)
    assert bool(re.search("[\u4e00-\u9fff]", shown.replace("稳", ""))) == (locale == "zh-CN")


def test_a_page_with_everything_is_small() -> None:
    many = [
        replace(
            incident(n, closed_at=NOW),
            notes=tuple(Note(NOW, "watching", {"zh-CN": "经过" * 40, "en": "what " * 40}) for _ in range(4)),
        )
        for n in range(30)
    ]
    pages = all_pages(known(State.DOWN, many))
    needed = [path for path in pages if path.startswith("/static/")]
    assert sum(len(pages[path].plain[1]) for path in ["/", *needed]) < BYTES_MAX
    assert gzip.decompress(pages["/"].zipped[1]) == pages["/"].plain[1]


def test_programs_can_read_it() -> None:
    pages = all_pages(known(State.SLOW, [incident()]))
    said = json.loads(pages["/status.json"].plain[1])
    assert said["state"] == "slow"
    assert [one["name"] for one in said["components"]] == [one.name for one in COMPONENTS]
    assert len(said["components"][0]["days"]) == 90
    assert said["incidents"][0]["notes"][0]["en"] == "looking & searching"
    for path in ("/feed.atom", "/en/feed.atom"):
        root = ET.fromstring(pages[path].plain[1])  # noqa: S314 - our own feed
        atom = "{http://www.w3.org/2005/Atom}"
        assert [one.text for one in root.iter(f"{atom}id")] == [
            "https://status.example.cn/",
            "https://status.example.cn/incident/i1",
        ]


# --- history


def test_seconds_and_incidents_are_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    for _ in range(2):
        history.add_seconds(
            TODAY, {("booking", State.OK): 10.0, ("booking", State.DOWN): 2.0, ("x", State.UNKNOWN): 9}
        )
    assert history.days("booking", TODAY) == {TODAY: Day(TODAY, 20.0, 0.0, 4.0)}
    id_ = history.open_incident(replace(incident(), id=""))
    assert history.add_note(id_, Note(NOW, "watching", {"zh-CN": "看", "en": "watch"}))
    assert history.add_note(id_, Note(NOW, "resolved", {"zh-CN": "好", "en": "good"}))
    assert not history.add_note(id_, Note(NOW, "watching", {"zh-CN": "还", "en": "still"}))
    [stored] = history.incidents()
    assert stored.closed_at == NOW
    assert [one.state for one in stored.notes] == ["resolved", "watching", "investigating"]


def test_history_is_bounded(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add_seconds(TODAY - timedelta(days=401), {("booking", State.OK): 1.0})
    history.add_seconds(TODAY, {("booking", State.OK): 1.0})
    assert list(history.days("booking", date.min)) == [TODAY]
    history.open_incident(incident(0))
    with sqlite3.connect(history.path) as file:
        rows = [(f"x{n}", f"2026-01-01T00:00:{n:06d}") for n in range(INCIDENTS_MAX + 9)]
        file.executemany(
            "INSERT INTO incident (id, component, opened_at, closed_at, is_automatic, title_zh, title_en)"
            " VALUES (?, 'booking', ?, '2026-01-02', 1, 'a', 'b')",
            rows,
        )
    file.close()
    history.open_incident(incident(1))
    with sqlite3.connect(history.path) as file:
        [(count,)] = file.execute("SELECT count(*) FROM incident WHERE closed_at IS NOT NULL").fetchall()
    file.close()
    assert count == INCIDENTS_MAX


def test_the_release_before_reads_and_writes_the_same_file(tmp_path: Path) -> None:
    history, at = History(tmp_path), NOW.isoformat()
    path = tmp_path / "status.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(
            "CREATE TABLE incident (id TEXT PRIMARY KEY, component TEXT NOT NULL, opened_at TEXT NOT NULL, closed_at TEXT,"
            " is_automatic INTEGER NOT NULL, title_zh TEXT NOT NULL, title_en TEXT NOT NULL);"
            "CREATE TABLE note (incident_id TEXT NOT NULL REFERENCES incident, at TEXT NOT NULL, state TEXT NOT NULL,"
            " zh TEXT NOT NULL, en TEXT NOT NULL);"
        )
        file.execute(_OLD_INCIDENT, ("old", "entry", at, 1, "入园核验暂时不可用", "Entry is away"))
        file.execute(_OLD_NOTE, ("old", at, "investigating", "甲", "A"))
    [old] = history.incidents()
    assert [say_title(old, locale) for locale in LOCALES] == ["入园核验暂时不可用", "Entry is away"]
    assert [say_note(old.notes[0], locale) for locale in LOCALES] == ["甲", "A"]
    made = replace(incident(), title=Automatic.SLOW, notes=(Note(NOW, "watching", {"en": "only English"}),))
    history.open_incident(made)
    with closing(sqlite3.connect(path)) as file, file:
        rows = file.execute("SELECT title_zh, title_en FROM incident WHERE id = ?", (made.id,)).fetchall()
        notes = file.execute("SELECT zh, en FROM note WHERE incident_id = ?", (made.id,)).fetchall()
        file.execute(_OLD_INCIDENT, ("again", "entry", at, 1, "乙", "B"))
        file.execute(_OLD_NOTE, ("again", at, "watching", "丙", "C"))
    assert (rows, notes) == ([("预约响应缓慢", "Booking is slow")], [("only English", "only English")])
    kept = {one.id: one for one in history.incidents()}
    assert kept[made.id] == made
    assert (kept["again"].title, kept["again"].notes[0].text) == (
        {"zh-CN": "乙", "en": "B"},
        {"zh-CN": "丙", "en": "C"},
    )


_OLD_INCIDENT = (
    "INSERT INTO incident (id, component, opened_at, closed_at, is_automatic, title_zh, title_en)"
    " VALUES (?, ?, ?, NULL, ?, ?, ?)"
)
_OLD_NOTE = "INSERT INTO note (incident_id, at, state, zh, en) VALUES (?, ?, ?, ?, ?)"


# --- a language more


def test_a_language_more_has_its_page_and_its_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    pseudo = languages.Language(languages.PSEUDO, "en", "Pseudo", is_offered=False)
    monkeypatch.setitem(cast("dict[str, languages.Language]", LOCALES), languages.PSEUDO, pseudo)
    ours = incident(2, title=Automatic.DOWN, notes=(Note(NOW, "resolved", Automatic.CLOSED),), closed_at=NOW)
    pages = all_pages(known(State.DOWN, [ours]))
    assert b"[!!" in pages["/en-XA/feed.atom"].plain[1]
    text = pages["/en-XA"].plain[1].decode()
    attributes = re.findall(
        r'(?:aria-label|description" content|data-(?:online|offline|ms|none))="([^"]*)"', text
    )
    assert [one for one in attributes if not one.startswith("[!!")] == []
    shown = re.split(r"<[^>]*>", text)
    plain = re.compile(r"[A-EG-LNOR-UWYZa-eg-lnor-uwyz]{2,}")  # the pseudo-language has none of these letters
    data = re.compile(r"English|\b22 Nov \d{4}, [\d:]+|\d+-\d+-\d+")
    assert [one for one in shown if plain.search(data.sub("", one))] == []
    assert "[!!" in json.loads(pages["/status.json"].plain[1])["incidents"][0]["en-XA"]


def test_what_was_not_written_in_a_language_is_said_in_english() -> None:
    pages = all_pages(
        known(incidents=[incident(title={"en": "West gates"}), incident(2, title={"zh-CN": "西门"})])
    )
    for path in ("/", "/en"):
        assert "West gates" in pages[path].plain[1].decode()
        assert "西门" in pages[path].plain[1].decode()


# --- the way there


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, "http://192.0.2.7:8100/"),
        ({"WENYUE_PORT": "65500"}, "http://192.0.2.7:65400/"),
        ({"WENYUE_STATUS_URL": "https://status.example.cn/"}, "https://status.example.cn/"),
        ({"WENYUE_STATUS": "0"}, ""),
        (
            {"WENYUE_STATUS": "0", "WENYUE_STATUS_URL": "https://status.example.cn"},
            "https://status.example.cn/",
        ),
        (
            {"WENYUE_PUBLIC_URL": "https://book.example.cn"},
            "",
        ),  # nobody knows what stands in front of the port
    ],
)
def test_pages_lead_to_the_status_page(variables: dict[str, str], wanted: str) -> None:
    app = SimpleNamespace(state=SimpleNamespace(services=SimpleNamespace(settings=load(variables))))
    scope: dict[str, Any] = {"type": "http", "app": app, "scheme": "http", "path": "/", "headers": []}
    scope["server"] = ("192.0.2.7", 80)
    assert status_url(Request(scope | {"query_string": b""})) == wanted
    assert status_url(Request(scope | {"query_string": b"lang=en"})) == (wanted and f"{wanted}en")


def test_the_process_knows_both_addresses() -> None:
    plain = place_of(load({"WENYUE_HOST": "0.0.0.0"}))  # noqa: S104 - a setting, not bound to
    assert (plain.target, plain.booking_url, plain.own_url) == (
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8100",
    )
    apart = place_of(
        load({"WENYUE_STATUS_TARGET": "http://lb:8081", "WENYUE_PUBLIC_URL": "https://book.example.cn"})
    )
    assert (apart.target, apart.booking_url) == ("http://lb:8081", "https://book.example.cn")
