"""Case R11 of the trials: commands that say what they do and why they end, and reports that alarm nobody without reason."""

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from wenyue import cli
from wenyue.monitoring.local_rules import judge_drill
from wenyue.monitoring.machine_checks import report
from wenyue.monitoring.model import Severity
from wenyue.ops import progress
from wenyue.ops.backup import showing
from wenyue.ops.backup.showing import bars
from wenyue.ops.rehearsals.schedule import write_last
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import listening_socket

NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)


def lines_of(told: io.StringIO) -> list[str]:
    return [re.sub(r" · \d+ s$", "", line) for line in told.getvalue().splitlines()]


def test_rules_R11_progress_is_told_without_a_terminal() -> None:
    told = io.StringIO()
    with progress.steps(Console(file=told), 3, "planted bugs") as shown:
        assert lines_of(told) == ["planted bugs 0/3"]  # before anything is done
        shown.next("one")
        shown.next("two")
        shown.at(2)
    assert lines_of(told) == ["planted bugs 0/3", "one 1/3", "two 2/3"]


def test_rules_R11_one_long_step_is_told_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.StringIO()
    with progress.steps(Console(file=told), 10_000, "steps") as shown:
        for done in range(1, 1_000):
            shown.at(done)
        assert len(lines_of(told)) < 100  # not a line for each
        monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
        shown.at(1_000)
        assert lines_of(told)[-1] == "steps 1,000/10,000"
        shown.at(1_001)
    assert lines_of(told)[-1] == "steps 1,001/10,000"


def test_rules_R11_a_command_that_fails_unforeseen_says_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def command() -> None:
        raise LookupError("no\nsuch thing")

    assert cli.run_guarded(command) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "LookupError: no such thing (cli.py:" in said
    monkeypatch.setenv("WENYUE_TRACEBACK", "1")
    with pytest.raises(LookupError):
        cli.run_guarded(command)


def test_rules_R11_a_drill_that_never_ran_is_no_alarm(tmp_path: Path) -> None:
    write_last(tmp_path, [], [])
    facts = report(tmp_path / "last.json")
    assert [(one.severity, one.detail) for one in judge_drill(facts, NOW)] == [(Severity.NOTE, "never")]
    write_last(tmp_path, [], [], ["rush does not exist or cannot run here"])
    facts = report(tmp_path / "last.json")
    assert [one.detail for one in judge_drill(facts, NOW)] == ["never", "failed"]
    (tmp_path / "last.json").write_text(json.dumps({"is_passed": True}), encoding="utf-8")
    assert [one.detail for one in judge_drill(report(tmp_path / "last.json"), NOW)] == ["report"]


@pytest.mark.parametrize("setting", ["WENYUE_PORT", "WENYUE_STATUS_PORT"])
def test_rules_R11_a_taken_port_names_its_own_setting(setting: str) -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=rf"choose another port: {setting}={port + 1}$"):
            listening_socket("127.0.0.1", port, setting=setting)


def test_rules_R11_what_is_being_done_is_told_without_a_terminal() -> None:
    told = io.StringIO()
    with progress.telling(Console(file=told, width=40), "drill") as tell:
        tell("an installation of its own, in a folder of its own, which takes a while")
        for second in range(100):
            tell(f"{second} of 100 s, {second * 20:,} operations")  # the same words: a line now and then
        tell("the check")
    assert lines_of(told) == [
        "drill: an installation of its own, in a folder of its own, which takes a while",
        "drill: 0 of 100 s, 0 operations",
        "drill: the check",
    ]


def test_rules_R11_bytes_are_told_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.StringIO()
    with bars(Console(file=told)) as report:
        for done in range(0, 3_000, 100):
            report.bytes("copy", done, 3_000)
        monkeypatch.setattr(showing, "LINE_EVERY_S", 0.0)
        report.bytes("copy", 2_950, 3_000)
        for _ in range(3):
            report.bytes("copy", 3_000, 3_000)
    assert told.getvalue().split("\n")[:3] == ["copy 0 B/3.0 kB", "copy 3.0 kB/3.0 kB", "copy 3.0 kB/3.0 kB"]
    assert told.getvalue().count("copy") == 3
