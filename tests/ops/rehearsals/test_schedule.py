"""Rehearsals come when they are due, once, one at a time; what fails or is overdue is told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wenyue.locale import Message
from wenyue.ops.rehearsals.due import Rehearsals, refresh_last, run_due
from wenyue.ops.rehearsals.schedule import (
    ALL,
    ZONE,
    Entry,
    Every,
    due_now,
    last_due,
    overdue,
    read_begun,
    read_entries,
    write_entries,
)
from wenyue.platform.embedded_server.locks import held
from wenyue.platform.fault import SetupError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZONE)  # a Sunday
LONG_AGO = "2020-01-01T00:00:00+00:00"
DRILLS = ["drain", "reply-lost"]


class Stage:
    """Notes what was run instead of running it."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, float, float]] = []
        self.said: list[str] = []

    def perform(self, name: str, seconds: float, rate_per_s: float) -> None:
        """One drill."""
        self.ran.append((name, seconds, rate_per_s))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("drain", Every.DAY, "11:59"), datetime(2026, 11, 22, 11, 59, tzinfo=ZONE)),
        (Entry("drain", Every.DAY, "12:01"), datetime(2026, 11, 21, 12, 1, tzinfo=ZONE)),
        (Entry("drain", Every.WEEK, "03:30", on=1), datetime(2026, 11, 16, 3, 30, tzinfo=ZONE)),
        (Entry("drain", Every.WEEK, "12:00", on=7), datetime(2026, 11, 22, 12, 0, tzinfo=ZONE)),
        (Entry("drain", Every.WEEK, "12:01", on=7), datetime(2026, 11, 15, 12, 1, tzinfo=ZONE)),
        (Entry("drain", Every.MONTH, "00:00", on=22), datetime(2026, 11, 22, 0, 0, tzinfo=ZONE)),
        (Entry("drain", Every.MONTH, "00:00", on=23), datetime(2026, 10, 23, 0, 0, tzinfo=ZONE)),
    ],
)
def test_the_last_time_that_it_was_due(entry: Entry, expected: datetime) -> None:
    assert last_due(entry, NOW) == expected


@pytest.mark.parametrize("on", [1, 28])
def test_the_month_before_january_is_december(on: int) -> None:
    entry = Entry("drain", Every.MONTH, "12:00", on=on)
    assert last_due(entry, datetime(2027, 1, 1, 11, 59, tzinfo=ZONE)).astimezone(ZONE).month == 12


def test_all_means_each_and_what_was_begun_since_is_not_due() -> None:
    entries = [Entry(ALL, Every.DAY, "03:30"), Entry("drain", Every.WEEK, "03:30", on=1)]
    assert [name for name, _, _ in due_now(entries, {}, DRILLS, NOW)] == ["drain", "reply-lost"]
    begun = {"drain": last_due(entries[0], NOW)}
    assert [name for name, _, _ in due_now(entries, begun, DRILLS, NOW)] == ["reply-lost"]
    assert overdue(entries, begun, DRILLS, NOW) == []
    assert overdue([entries[1]], {}, DRILLS, NOW) == ["drain"]  # since Monday


def test_what_was_due_before_it_was_scheduled_is_not_asked_for() -> None:
    entry = Entry("drain", Every.DAY, "03:30", since=NOW.isoformat())
    assert due_now([entry], {}, DRILLS, NOW) == []
    assert due_now([entry], {}, DRILLS, NOW + timedelta(days=1)) != []


def test_what_is_due_is_run_once_and_the_longest_due_first(tmp_path: Path) -> None:
    write_entries(
        tmp_path,
        [
            Entry(ALL, Every.DAY, "00:00", seconds=7, since=LONG_AGO),
            Entry("reply-lost", Every.MONTH, "00:00", on=1, rate_per_s=50, since=LONG_AGO),
        ],
    )
    stage = Stage()
    own = {"drain": 60.0, "reply-lost": 60.0}
    assert run_due(tmp_path, own, stage.perform, stage.said.append) == 2
    assert sorted(name for name, _, _ in stage.ran) == ["drain", "reply-lost"]
    assert ("drain", 7, 0) in stage.ran
    assert run_due(tmp_path, own, stage.perform, stage.said.append) == 0
    assert len(stage.ran) == 2
    assert set(read_begun(tmp_path)) == {ALL, "drain", "reply-lost"}
    assert json.loads((tmp_path / "last.json").read_text())["is_passed"]


def test_only_one_rehearses_at_a_time(tmp_path: Path) -> None:
    write_entries(tmp_path, [Entry("drain", Every.DAY, "00:00", since=LONG_AGO)])
    stage = Stage()
    with held(tmp_path / "due.lock", wait_s=0):
        assert run_due(tmp_path, {"drain": 60.0}, stage.perform, stage.said.append) == 0
    assert stage.ran == []


def test_a_drill_that_cannot_be_run_is_told_and_not_tried_again(tmp_path: Path) -> None:
    write_entries(
        tmp_path,
        [
            Entry("drain", Every.DAY, "00:00", since=LONG_AGO),
            Entry("gone", Every.DAY, "00:00", since=LONG_AGO),
        ],
    )

    def fail(_name: str, _seconds: float, _rate: float) -> None:
        raise SetupError(Message("no luck"))

    said: list[str] = []
    assert run_due(tmp_path, {"drain": 60.0}, fail, said.append) == 1
    last = json.loads((tmp_path / "last.json").read_text())
    assert not last["is_passed"]
    assert "no luck" in last["problem"]
    assert "gone does not exist or cannot run here" in last["problem"]
    assert run_due(tmp_path, {"drain": 60.0}, fail, said.append) == 0


def test_the_latest_verdict_of_each_drill_counts_and_so_does_what_is_overdue(tmp_path: Path) -> None:
    def keep(name: str, day: int, *, is_passed: bool) -> None:
        at = f"2026-11-{day:02d}T03:30:00+00:00"
        run = {"name": name, "began_at": at, "finished_at": at, "is_passed": is_passed}
        (tmp_path / f"202611{day:02d}T033000-{name}.json").write_text(json.dumps(run))

    keep("drain", 1, is_passed=False)
    keep("drain", 2, is_passed=True)
    keep("reply-lost", 3, is_passed=True)
    refresh_last(tmp_path, DRILLS)
    last = json.loads((tmp_path / "last.json").read_text())
    assert (last["name"], last["at"], last["is_passed"]) == ("reply-lost", "2026-11-03T03:30:00+00:00", True)
    keep("drain", 4, is_passed=False)
    week_ago = datetime.now(UTC) - timedelta(days=3)
    write_entries(
        tmp_path, [Entry("reply-lost", Every.WEEK, "00:00", on=week_ago.isoweekday(), since=LONG_AGO)]
    )
    refresh_last(tmp_path, DRILLS)
    assert json.loads((tmp_path / "last.json").read_text())["problem"] == "drain failed; reply-lost overdue"


def test_up_looks_every_minute_and_survives_a_damaged_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    rehearsals = Rehearsals(tmp_path, said.append)
    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "schedule.json").write_text("{")
    rehearsals.tend()
    assert said == []  # not yet a minute
    monkeypatch.setattr("wenyue.ops.rehearsals.due.LOOK_EVERY_S", 0.0)
    rehearsals.tend()
    assert "schedule.json is damaged" in said[0]
    (tmp_path / "drills" / "schedule.json").unlink()
    rehearsals.tend()
    rehearsals.end()
    assert len(said) == 1


def nothing_is_installed(_name: str) -> None:
    """As without wenyue-lab."""


def test_up_says_once_that_the_drills_are_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", nothing_is_installed)
    monkeypatch.setattr("wenyue.ops.rehearsals.due.LOOK_EVERY_S", 0.0)
    said: list[str] = []
    rehearsals = Rehearsals(tmp_path, said.append)
    (tmp_path / "drills").mkdir()
    rehearsals.tend()
    assert said == []  # nobody set a schedule
    write_entries(tmp_path / "drills", [Entry(ALL, Every.DAY, "00:00", seconds=7, since=LONG_AGO)])
    rehearsals.tend()
    rehearsals.tend()
    assert len(said) == 1
    assert "wenyue-lab" in said[0]


@pytest.mark.parametrize(
    "text", ["[]", '{"entries": 3}', '{"entries": [{"drill": "drain"}]}', '{"entries": [{"x": 1}]}']
)
def test_a_damaged_schedule_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "schedule.json").write_text(text)
    with pytest.raises(SetupError, match="is damaged"):
        read_entries(tmp_path)
