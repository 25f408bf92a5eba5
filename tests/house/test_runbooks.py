"""Runbooks and drills belong together: one page for each drill, in both languages, and every command that it names exists."""

import asyncio
import importlib
import pkgutil
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

import wenyue_lab.chaos
from tests.support import doc_commands
from wenyue.locale import DEFAULT, SOURCE
from wenyue.platform.fault import SetupError
from wenyue_lab.chaos import backup_rehearsals
from wenyue_lab.chaos.drills import DRILLS
from wenyue_lab.chaos.runbook import (
    CHECK,
    FOLDER,
    INDEX,
    SECTIONS,
    StepDone,
    complaints,
    load,
    names,
    parse,
    run_steps,
)

CHINESE = FOLDER / "zh-CN"
HEADINGS = ("看到什么", "确认", "处理", "事后")
HAN = re.compile(r"[\u4e00-\u9fff]")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
POSTGRESQL = {"pg_isready", "psql", "pg_controldata", "pg_ctl"}  # they come with the embedded server
PAGE = """# 标题 · A title

## What people see

x

## Check

```sh step
true
# a remark
echo "$WENYUE_HOME" && false
sleep 60
```

```sh
not a step
```

## Fix

x

## Afterwards

x
"""


def every_drill() -> set[str]:
    """The drills of one machine, those of the cluster (`lab_*`), which keep theirs in a DRILLS of their own, and rehearsals."""
    found = set(DRILLS) | set(backup_rehearsals.DRILLS)
    for module in pkgutil.iter_modules(wenyue_lab.chaos.__path__):
        if module.name.startswith("lab_"):
            found |= set(getattr(importlib.import_module(f"wenyue_lab.chaos.{module.name}"), "DRILLS", ()))
    return found


def test_every_drill_has_a_runbook_and_every_runbook_a_drill() -> None:
    assert set(names()) == every_drill()


def test_the_index_names_every_page() -> None:
    index = (FOLDER / f"{INDEX}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([a-z0-9-]+)\.md\)", index)) == set(names())


@pytest.mark.parametrize("name", names())
def test_a_page_is_whole_and_its_commands_exist(name: str) -> None:
    book = load(name)
    assert re.search(r"[\u4e00-\u9fff]", book.titles[DEFAULT])
    assert book.steps("Afterwards")
    for section in SECTIONS:
        for step in book.steps(section):
            outer = re.sub(r"\$\([^)]*\)", "x", step)
            for command in (*re.split(r"&&|\|\||;|\|", outer), *re.findall(r"\$\(([^)]*)\)", step)):
                assert is_known(command), f"{name}, {section}: {command}"
    for link in re.findall(r"\]\(([^)#:]+)", book.path.read_text(encoding="utf-8")):
        assert (FOLDER / link).exists(), f"{name}: {link}"


def test_each_language_has_the_same_pages() -> None:
    assert sorted(path.stem for path in CHINESE.glob("*.md") if path.stem != INDEX) == names()
    index = (CHINESE / f"{INDEX}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([a-z0-9-]+)\.md\)", index)) == set(names())


@pytest.mark.parametrize("name", names())
def test_a_page_says_the_same_in_both_languages(name: str) -> None:
    english = load(name).path.read_text(encoding="utf-8")
    chinese = (CHINESE / f"{name}.md").read_text(encoding="utf-8")
    assert differences(english, chinese) == []
    for link in re.findall(r"\]\(([^)#:]+)", chinese):
        assert (CHINESE / link).exists(), link


def differences(english: str, chinese: str) -> list[str]:
    """What one page lacks of the other: its title, a section or its prose, a command, a table's row."""
    book = parse("some-page", english)
    head, *parts = re.split(r"^## ", chinese, flags=re.MULTILINE)
    found = [] if head.strip() == f"# {book.titles[DEFAULT]}" else ["the title"]
    found += [] if tuple(part.partition("\n")[0] for part in parts) == HEADINGS else ["the sections"]
    if FENCED.findall(english) != FENCED.findall(chinese):
        found.append("the commands")
    for section, part in zip(SECTIONS, parts, strict=False):
        body = prose_of(part.partition("\n")[2])
        there = prose_of(book.sections[section])
        if HAN.search(there):
            found.append(f"English: {section}")
        if len(HAN.findall(body)) * 5 < len(there.split()) * 4:  # a word takes 1.3 to 2 characters
            found.append(f"Chinese: {section}")
        if body.count("\n|") != there.count("\n|"):
            found.append(f"the table: {section}")
    return found


def prose_of(section: str) -> str:
    """A section without its commands, inline code and addresses of links."""
    return re.sub(r"`[^`]*`|\]\([^)]*\)", "", FENCED.sub("", section))


def test_a_page_of_one_language_only_is_seen() -> None:
    english = (FOLDER / "drain.md").read_text(encoding="utf-8")
    chinese = (CHINESE / "drain.md").read_text(encoding="utf-8")
    assert differences(english, chinese) == []
    assert differences(english, chinese.replace("游客无感", "")) == []
    assert differences(english, chinese.replace("事后", "之后")) == ["the sections"]
    assert differences(english, chinese.replace("--within 30", "--within 3")) == ["the commands"]
    assert differences(english, chinese.partition("## 处理")[0] + "## 处理\n\n略\n\n## 事后\n\n略\n") != []
    assert differences(english.replace("Nothing.", "游客无感。"), chinese) == ["English: What people see"]


def is_known(command: str) -> bool:
    """Whether this is a command that is there, with the options that it is given."""
    words = shlex.split(command)
    if words[0] == "env":
        words = [word for word in words[1:] if "=" not in word]
    if words[0] != "wenyue":
        return words[0] in POSTGRESQL or shutil.which(words[0]) is not None
    return doc_commands.is_known(shlex.join(words))


def test_the_test_of_commands_sees_what_is_not_there() -> None:
    assert is_known("wenyue doctor")
    assert is_known("wenyue probe ready --within 5")
    assert not is_known("wenyue probe nothing")
    assert not is_known("wenyue probe ready --without 5")
    assert not is_known("wenyue nothing")
    assert not is_known("no-such-program")


def test_steps_are_run_in_order_and_told() -> None:
    book = parse("some-page", PAGE)
    assert book.titles == {DEFAULT: "标题", SOURCE: "A title"}
    assert book.steps(CHECK) == ["true", 'echo "$WENYUE_HOME" && false', "sleep 60"]
    done = asyncio.run(run_steps(book, CHECK, {"WENYUE_HOME": "here"}, deadline_s=0.5))
    assert [(one.status, one.output) for one in done] == [(0, ""), (1, "here\n"), (-1, "no end within 0.5 s")]
    assert len(complaints(done)) == 2
    assert asyncio.run(run_steps(book, "Fix", {})) == []


def test_a_step_finds_wenyue() -> None:
    book = parse("some-page", PAGE.replace("true", "command -v wenyue").replace("sleep 60", "true"))
    [found, *_] = asyncio.run(run_steps(book, CHECK, {}))
    assert found == StepDone(
        CHECK, "command -v wenyue", 0, found.took_s, f"{Path(sys.executable).parent}/wenyue\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        PAGE.replace("# 标题 · A title", "# A title"),
        PAGE.replace("## Fix", "## Else"),
        PAGE.replace("## Check", "## Zeck"),
    ],
)
def test_a_damaged_page_is_told(text: str) -> None:
    with pytest.raises(SetupError, match="damaged"):
        parse("some-page", text)


def test_a_page_that_is_not_there_is_told() -> None:
    with pytest.raises(SetupError, match="no runbook"):
        load("nothing-here")
