"""The laboratory's reports are in one language, the command's, whole."""

import io
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from wenyue_lab.chaos import command, report
from wenyue_lab.chaos.every import EVERY
from wenyue_lab.chaos.figures import Figures, Moment
from wenyue_lab.chaos.record import Run, store
from wenyue_lab.replay.model import Figures as ReplayFigures
from wenyue_lab.replay.model import Occupancy
from wenyue_lab.replay.report import picture, table

HAN = re.compile(r"[\u3400-\u9fff]")
TAG = re.compile(r"<style>.*?</style>|<[^>]*>", re.DOTALL)
FIGURES = Figures(60.0, 100, 101, 90, 5, 5, 1, 1, 0, 1.5, 1, 1.5, 4.0, 9.0, 80.0, 1, 0.5, 1.0)


def page(folder: Path) -> str:
    """A report of a drill that failed and one that passed, as people read it."""
    moments = (Moment(0.0, 5.0, 1.0, 0.0, 4.0, 9.0), Moment(1.0, 5.0, 1.0, 1.0, 4.0, 9.0))
    figures = replace(FIGURES, timeline=moments)
    for name, findings in (("database-killed", ["late"]), ("drain", [])):
        run = Run(
            name, "2026-11-30T18:00:00", "wenyue drill run", 1, 200.0, figures, {"cores": 2}, [], [(0.2, 0.4)]
        )
        run.findings.extend(findings)
        store(run, folder)
    return report.write(folder).read_text(encoding="utf-8")


def test_the_report_of_drills_is_english_where_english_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    text = page(tmp_path)
    assert '<html lang="en">' in text
    assert "1 of 2 failed: database-killed" in text
    assert "The database was killed" in text
    assert "docs/runbooks/drain.md" in text
    assert [line for line in TAG.sub("\n", text).splitlines() if HAN.search(line)] == []


def test_the_report_of_drills_is_chinese_where_chinese_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_LANG", "zh")
    text = page(tmp_path)
    assert '<html lang="zh-CN">' in text
    for said in (
        "2 项中 1 项未通过：database-killed",
        "数据库被强制结束",
        "守护进程重新启动它",
        "上：每秒应答",
        "应对",
        "docs/runbooks/zh-CN/drain.md",
    ):
        assert said in text
    english = [
        line for line in TAG.sub("\n", text).splitlines() if len(re.findall(r"[A-Za-z]{3,}", line)) > 6
    ]
    assert [line for line in english if not HAN.search(line)] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_drill_has_its_words(lang: str) -> None:
    locale = {"en": "en", "zh": "zh-CN"}[lang]
    for drill in EVERY.values():
        for message in (drill.title, drill.says, drill.to_do):
            assert bool(HAN.search(message.say(locale))) == (lang == "zh"), message


@pytest.mark.parametrize(("lang", "said"), [("en", "acknowledged"), ("zh", "已确认")])
def test_figures_are_named_in_one_language(lang: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", lang)
    names = [name for name, _ in command.rows(FIGURES)]
    assert said in names
    assert all(bool(HAN.search(name)) == (lang == "zh") for name in names)


@pytest.mark.parametrize(("lang", "said"), [("en", "PROVED"), ("zh", "满房夜")])
def test_a_replay_is_told_in_one_language(lang: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", lang)
    figures = ReplayFigures(rows=3, capacity=20, peak_night=date(2026, 10, 1), seconds=2.0, differences=[])
    told = io.StringIO()
    Console(file=told, width=200).print(table(figures, "CNY"))
    assert said in told.getvalue()
    assert bool(HAN.search(told.getvalue())) == (lang == "zh")
    nights = Occupancy(20, Counter({date(2026, 10, 1): 3}), Counter(), Counter())
    assert bool(HAN.search(picture(nights))) == (lang == "zh")
