"""The help of commands: in the terminal's language, whole, and read from the catalogues only when it is shown."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import typer
import typer.main
from typer.testing import CliRunner

from wenyue import cli
from wenyue.platform.program import Program, said

HAN = re.compile(r"[\u3400-\u9fff]")
NAMES = re.compile(r"[\w.:@/-]+( [·|] [\w.:@/-]+)*|[A-Z]+(, [\w@:/]+)* or [\w@:/]+|on \| off \| show")
WIDE = {"COLUMNS": "200", "NO_COLOR": "1"}

app = Program(help="Key files: make, list, rotate.")


@app.command("venue")
def show_venue(code: Annotated[str, typer.Argument(help="the venue's code")], most: int = 3) -> None:
    """Show the complete backups."""
    typer.echo(f"{code} {most}")


@app.command("other")
def show_other() -> None:
    """Every device, those in use first."""


def shown(monkeypatch: pytest.MonkeyPatch, lang: str, *words: str) -> str:
    monkeypatch.setenv("WENYUE_LANG", lang)
    return CliRunner(env=WIDE).invoke(app, [*words, "--help"]).stdout


def test_a_command_is_explained_in_the_terminals_language(monkeypatch: pytest.MonkeyPatch) -> None:
    chinese = shown(monkeypatch, "zh", "venue")
    for part in (
        "用法：",
        "[选项]",
        "列出完整的备份。",
        "参数",
        "场馆代码",
        "[必填]",
        "[默认：3]",
        "显示本帮助并退出。",
    ):
        assert part in chinese
    english = shown(monkeypatch, "en", "venue")
    for part in (
        "Usage: ",
        "[OPTIONS]",
        "Show the complete backups.",
        "Arguments",
        "the venue's code",
        "[required]",
    ):
        assert part in english
    assert not HAN.search(english)


def test_a_group_lists_its_commands_in_the_terminals_language(monkeypatch: pytest.MonkeyPatch) -> None:
    chinese = shown(monkeypatch, "zh")
    for part in (
        "密钥文件：生成、列出、轮换。",
        "命令",
        "列出完整的备份。",
        "设备列表，使用中的在前。",
        "命令 [参数]...",
    ):
        assert part in chinese
    assert "Every device, those in use first." in shown(monkeypatch, "en")


def test_a_long_sentence_without_blanks_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", "zh")
    slots = importlib.import_module("wenyue.ops.slots").app
    told = CliRunner(env=WIDE | {"COLUMNS": "60"}).invoke(slots, ["close", "--help"]).stdout
    assert "…" not in told.replace("……", "")
    assert "写入操作记录" in re.sub(r"[│\s]", "", told)


def helps(command: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text that help shows of a command and those below it."""
    yield path, command.help or ""
    yield from ((f"{path} {one.name}", one.help) for one in command.params if getattr(one, "help", None))
    for name, below in getattr(command, "commands", {}).items():
        yield from helps(below, f"{path} {name}")


def plain(command: Any, path: str) -> Iterator[str]:
    """Commands that are hung on something other than a Program."""
    if type(command).__module__ not in {"wenyue.platform.program", "wenyue.cli"}:
        yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from plain(below, f"{path} {name}")


def test_all_commands_are_hung_on_a_program() -> None:
    found = list(plain(typer.main.get_command(cli.app), "wenyue"))
    for name, tool in cli.every_tool().items():
        found += plain(typer.main.get_command(importlib.import_module(tool.module).app), f"wenyue {name}")
    assert found == []


def every_help() -> list[tuple[str, str]]:
    found = list(helps(typer.main.get_command(cli.app), "wenyue"))
    for name, tool in cli.every_tool().items():
        found.append((f"wenyue {name}", tool.help))
        found += helps(typer.main.get_command(importlib.import_module(tool.module).app), f"wenyue {name}")
    return found


def test_all_commands_are_explained_in_each_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", "zh")
    texts = every_help()
    assert len(texts) > 400
    assert [path for path, text in texts if not text] == []
    assert [path for path, text in texts if HAN.search(text) and not NAMES.fullmatch(text)] == []
    assert [(path, text) for path, text in texts if said(text) == text and not NAMES.fullmatch(text)] == []


def test_a_command_reads_no_catalogue_before_it_says_something() -> None:
    code = (
        "import sys; sys.argv = ['wenyue', 'has', 'up']\n"
        "from wenyue import cli\n"
        "status = cli.run_guarded(lambda: cli.app(standalone_mode=False))\n"
        "assert 'babel' not in sys.modules, 'a catalogue was read'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
