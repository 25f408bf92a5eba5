"""The life of alerts: findings in, notices out."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wenyue.locale import LOCALES, Message
from wenyue.monitoring import GUIDES, Alert, Checked, Event, Notice, Round, Severity, step
from wenyue.monitoring.alert_book import components
from wenyue.monitoring.database_rules import judge_database
from wenyue.monitoring.model import (
    DatabaseFacts,
    Finding,
)
from wenyue.monitoring.wording import body, page_of, say_span, short

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
BAD = Finding("disk", Severity.CRITICAL, Message("Disk"), "/srv")
HOUR = timedelta(hours=1)


class Desk:
    """Steps rounds a minute apart."""

    def __init__(self) -> None:
        self.book: dict[str, Alert] = {}
        self.now = NOW
        self._ids = itertools.count(1)

    def round(
        self,
        *findings: Finding,
        checks: Sequence[Checked] = (),
        silenced: frozenset[str] = frozenset(),
        after: timedelta = timedelta(minutes=1),
    ) -> list[Notice]:
        """One round `after` the last; `disk` was looked at, and found what is given."""
        self.now += after
        made = [*checks, *([] if any(one.name == "disk" for one in checks) else [Checked("disk", findings)])]
        self.book, notices = step(self.book, Round(made, silenced, self.now), lambda: f"id-{next(self._ids)}")
        return notices


def events(notices: Sequence[Notice]) -> list[Event]:
    return [one.event for one in notices]


def test_it_is_told_once_remembered_ever_more_seldom_and_resolved() -> None:
    desk = Desk()
    assert events(desk.round(BAD)) == [Event.FIRED]
    told = [desk.now for _ in range(180) if desk.round(BAD)]
    gaps = [round((late - early) / timedelta(minutes=1)) for early, late in itertools.pairwise(told)]
    assert gaps == [15, 30, 60, 60]
    assert desk.round() == []  # one good round may be chance
    assert events(desk.round()) == [Event.RESOLVED]
    assert desk.book == {}


def test_what_comes_back_at_once_is_not_told_anew() -> None:
    desk = Desk()
    desk.round(BAD)
    desk.round()
    assert desk.round(BAD) == []


def test_something_critical_that_lasts_is_told_to_others_too() -> None:
    desk = Desk()
    told = [notice for _ in range(25) for notice in desk.round(BAD)]
    assert [one.is_escalated for one in told] == [False, False, True]
    desk.round()
    [resolved] = desk.round()
    assert resolved.is_escalated


def test_worse_is_told_at_once() -> None:
    desk = Desk()
    desk.round(replace(BAD, severity=Severity.WARNING))
    assert events(desk.round(BAD)) == [Event.WORSE]


def test_a_note_is_never_sent() -> None:
    desk = Desk()
    assert desk.round(replace(BAD, severity=Severity.NOTE)) == []
    assert desk.book == {}


@pytest.mark.parametrize("silenced", ["disk", "disk:/srv"])
def test_silence_is_kept_and_ends(silenced: str) -> None:
    desk = Desk()
    assert desk.round(BAD, silenced=frozenset({silenced})) == []
    assert events(desk.round(BAD)) == [Event.FIRED]
    desk.round(silenced=frozenset({silenced}))
    assert desk.round(silenced=frozenset({silenced})) == []  # nobody was told, nobody need be


def test_another_subject_is_not_silenced() -> None:
    assert events(Desk().round(BAD, silenced=frozenset({"disk:/var"}))) == [Event.FIRED]


def test_what_may_pass_by_itself_must_last() -> None:
    desk, slow = Desk(), Finding("events", Severity.WARNING, Message("Events"))
    checks = [Checked("events", (slow,))]
    assert desk.round(checks=checks) == []
    assert events(desk.round(checks=checks)) == [Event.FIRED]


def test_a_check_that_could_not_be_made_changes_nothing_and_is_told_when_it_lasts() -> None:
    desk = Desk()
    desk.round(BAD)
    blind = [Checked("disk", problem="no result within 5 s")]
    told = [desk.round(checks=blind) for _ in range(3)]
    assert [events(one) for one in told] == [[], [], [Event.FIRED]]
    assert told[2][0].alert.subject == "monitor:disk"
    assert "disk:/srv" in desk.book


def test_a_database_that_is_away_is_told_alone() -> None:
    desk = Desk()
    away = Checked("database", tuple(judge_database(DatabaseFacts(error="OperationalError"))))
    blind = Checked("windows", problem="OperationalError")
    told = [notice for _ in range(4) for notice in desk.round(checks=[away, blind])]
    assert [one.alert.subject for one in told if one.event is Event.FIRED] == ["database"]


def test_a_flood_of_findings_is_bounded() -> None:
    desk = Desk()
    many = tuple(replace(BAD, detail=f"/d{n}") for n in range(500))
    assert len(desk.round(*many)) == 20


def test_a_text_says_what_since_when_what_to_do_and_where_to_read() -> None:
    desk = Desk()
    [notice] = desk.round(BAD)
    text = body(notice, "db1", "https://ops.example.cn/docs/")
    for part in (
        "\n磁盘\n自 2026-11-22 06:01:00 UTC 起，已 0 秒\n处理：腾出空间",
        "\nDisk\nsince 2026-11-22 06:01:00 UTC, for 0 s\nwhat to do: Free space",
        "2026-11-22 06:01:00 UTC",
        "https://ops.example.cn/docs/runbooks/disk-full.md",
        "db1",
    ):
        assert part in text
    assert text.startswith("[稳约] 告警 ALERT · 严重 critical · 磁盘 Disk @db1\n")
    assert short(notice, "db1") == "【稳约运维】告警（严重）磁盘，db1，自06:01UTC。"
    assert len(short(notice, "n" * 300)) == 200
    assert "处理" not in body(replace(notice, event=Event.RESOLVED), "db1", "")
    assert [say_span(timedelta(minutes=3), locale) for locale in LOCALES] == ["3 分钟", "3 min"]
    assert [say_span(timedelta(days=1), locale) for locale in LOCALES] == ["24 小时", "24 h"]


@pytest.mark.parametrize("check", sorted(GUIDES))
def test_every_check_leads_to_a_page_that_is_there(check: str) -> None:
    page, _, anchor = page_of(check, "").partition("#")
    text = (ROOT / page).read_text(encoding="utf-8")
    headings = {
        line.lstrip("#").strip().lower().replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    assert not anchor or anchor in headings


def test_travellers_learn_little() -> None:
    jobs = Finding("jobs", Severity.WARNING, Message("Jobs"), "age")
    silent = Finding("partners", Severity.CRITICAL, Message("Partners"), "ota:one")
    texts = Finding("partners", Severity.WARNING, Message("Partners"), "sms:file")
    assert components([Checked("jobs", (jobs,)), Checked("disk", (BAD,))]) == {"messages": "slow"}
    assert components([Checked("partners", (silent,), "ota:one 900 s")]) == {
        "messages": "ok",
        "partners": "down",
    }
    assert components([Checked("partners", (texts,), "sms:file 900 s, worker:a 3 s")]) == {"messages": "slow"}
    assert components([Checked("events", problem="late")]) == {}
    for name, says in (("messages", "slow"), ("gate-index", "ok"), ("nobody", "slow")):
        behind = Finding("events", Severity.WARNING, Message("Events"), name)
        assert components([Checked("events", (behind,))]) == {"messages": says}
