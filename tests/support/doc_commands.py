"""The commands that README and docs name: where they stand, and what they are."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer.main

from wenyue import cli

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)
STEP: Final = "sh step"  # of a runbook: its drill runs it, and test_runbooks.py looks at it
OURS: Final = ("wenyue", "make")
PROGRAMS: Final = frozenset(
    {"wenyue", "make", "docker", "kubectl", "systemctl", "patronictl", "uv", "cp", "cd", "chown"}
)
_PLACES: Final = ("scripts/", "deploy/", "../")  # of our own programs
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_CRON: Final = re.compile(r"^(?:[\d*]+ ){4}[\d*]+ +")
_SETTING: Final = re.compile(r"^[A-Z_]+=\S+$")


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it stands in a page."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        """Without settings in front of it: `wenyue`, `backup`, …."""
        return words_of(self.text)

    @property
    def is_mention(self) -> bool:
        """A command's name alone, such as `wenyue backup`: no option, no argument."""
        return all(re.fullmatch(r"[a-z-]+", word) and not word.startswith("-") for word in self.words)


def words_of(text: str) -> list[str]:
    """The words of a command, without settings in front of it."""
    words = shlex.split(text.replace("$(date +%Y%m%d)", "1"))
    while words and _SETTING.match(words[0]):
        words = words[1:]
    return words


def commands(page: Path) -> list[Command]:
    """Every command of a page, in its order: lines of fenced and indented blocks, and code spans of ours."""
    return [
        Command(page.relative_to(ROOT).as_posix(), text) for text in _texts(page.read_text(encoding="utf-8"))
    ]


def every_command() -> list[Command]:
    """Of every page."""
    return [one for page in PAGES for one in commands(page)]


def _texts(page: str) -> Iterator[str]:
    fence: str | None = None
    for line in page.splitlines():
        if line.startswith("```"):
            fence = line[3:].strip() if fence is None else None
        elif fence == STEP:
            continue
        elif fence is not None or line.startswith("    "):
            yield from _of_line(line.strip(), is_shell=fence == "sh")
        else:
            spans = (part for span in _SPAN.findall(line) for part in span.split("&&"))
            yield from (text for text in map(_tidy, spans) if _is_of(text, OURS))


def _of_line(line: str, *, is_shell: bool) -> Iterator[str]:
    text = _tidy(line)
    if text and (is_shell or _is_of(text, PROGRAMS) or text.startswith(_PLACES)):
        yield from (_tidy(one) for one in re.split(r"&&|; (?=chown)", text))


def _tidy(text: str) -> str:
    """Without remark, crontab times, what follows `||`, and an ellipsis at the end."""
    text = _CRON.sub("", re.sub(r"(^|\s)#.*", "", text)).partition("||")[0].strip()
    return text.removesuffix(" …").replace(".venv/bin/wenyue", "wenyue")


def _is_of(text: str, programs: tuple[str, ...] | frozenset[str]) -> bool:
    words = text.split()
    while words and _SETTING.match(words[0]):
        words = words[1:]
    return len(words) > 1 and words[0] in programs


def is_known(text: str) -> bool:
    """Whether this is a command that is there, with the options that it is given."""
    words = [word for word in words_of(text) if word != "--help"]
    if words[0] == "make":
        return all("=" in word or re.search(rf"^{word}:", _makefile(), re.MULTILINE) for word in words[1:])
    if words[0] != "wenyue":
        return words[0] in PROGRAMS or (ROOT / words[0].replace("../", "deploy/")).exists()
    return _is_command_of_ours(words[1:], is_name=not any(word.startswith("-") for word in words))


def _is_command_of_ours(words: list[str], *, is_name: bool) -> bool:
    """`is_name`: no options; then what must be given may be left out, as in a sentence that names the command."""
    here: Any = typer.main.get_command(cli.app)
    given: set[str] = set()
    arguments, value_of = 0, False
    for number, word in enumerate(words):
        if value_of:
            value_of = False
        elif word.startswith("-"):
            options = {name: one for one in here.params for name in (*one.opts, *one.secondary_opts)}
            if word not in options:
                return False
            given.add(options[word].name)
            value_of = not options[word].is_flag
        elif hasattr(here, "commands") or number == 0:
            if number == 0 and cli.tool_of(word):
                here = typer.main.get_command(importlib.import_module(cli.every_tool()[word][0]).app)
            elif word in here.commands:
                here = here.commands[word]
            else:
                return False
        else:
            arguments += 1
    places = [one for one in here.params if one.param_type_name == "argument"]
    needed = [one for one in here.params if one.required and one.param_type_name == "option"]
    takes_many = any(one.nargs == -1 for one in places)
    if value_of or (arguments > len(places) and not takes_many):
        return False
    if is_name and arguments == 0:
        return True
    return sum(one.required for one in places) <= arguments and all(one.name in given for one in needed)


def _makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")
