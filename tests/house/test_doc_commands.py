"""Every command of README and docs is there, with options that exist, and is tried: in the scenario or by a named test."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.support.doc_commands import ROOT, Command, every_command, is_known, words_of
from tests.support.doc_scenario import APART, SCENARIO
from tests.support.doc_table import BY_TESTS, HELD
from wenyue_lab.chaos import backup_rehearsals, runbook
from wenyue_lab.chaos.drills import DRILLS
from wenyue_lab.chaos.every import EVERY

COMMANDS = {one.text: one for one in every_command()}
TRIED = {step.text for step in (*SCENARIO, *APART)} | set(BY_TESTS)
BOOKS = [runbook.load(name) for name in runbook.names()]
STEPS = {
    step for book in BOOKS for section in runbook.SECTIONS for step in book.steps(section)
}  # drills run them


def is_drill(text: str) -> bool:
    """`wenyue drill run X …`: the scenario runs one, and each drill has its test (`test_every_drill_has_a_test`)."""
    words = words_of(text)
    return words[:3] == ["wenyue", "drill", "run"] and (words[3:] or [""])[0] in {*EVERY, "NAME"}


def is_begun(command: Command) -> bool:
    """Whether a command's name alone begins one that is tried: `wenyue backup` is what `wenyue backup --full` runs."""
    return command.is_mention and any(
        words_of(tried)[: len(command.words)] == command.words for tried in (*TRIED, *STEPS)
    )


@pytest.mark.parametrize("text", list(COMMANDS))
def test_a_command_exists_and_is_tried(text: str) -> None:
    command = COMMANDS[text]
    assert is_known(text), f"{command.page}: `{text}`: no such command, option or argument"
    assert text in TRIED or text in HELD or is_drill(text) or is_begun(command), (
        f"{command.page}: `{text}` is tried by nothing: see tests/support/doc_scenario.py and doc_table.py"
    )


def test_nothing_is_tried_that_no_document_names() -> None:
    assert {text for text in TRIED | set(HELD) if text not in COMMANDS} == set()
    assert [
        text for text, count in Counter(step.text for step in (*SCENARIO, *APART)).items() if count > 1
    ] == []


@pytest.mark.parametrize("text", list(BY_TESTS))
def test_the_named_test_exists_and_has_the_commands_words(text: str) -> None:
    node, words = BY_TESTS[text]
    path, _, name = node.partition("::")
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), node
    for word in words:
        assert word in source, f"{path} has no {word!r}"


@pytest.mark.parametrize("text", list(HELD))
def test_what_other_programs_are_given_is_in_our_files(text: str) -> None:
    for path, *wanted in HELD[text]:
        place = ROOT / path
        assert place.exists(), f"`{text}`: {path} is not there"
        for word in wanted:
            assert word in place.read_text(encoding="utf-8"), f"`{text}`: {path} has no {word!r}"


def test_every_drill_has_a_test() -> None:
    def tested(path: str) -> str:
        return (ROOT / "tests" / path).read_text(encoding="utf-8")

    assert 'parametrize("name", list(DRILLS))' in tested("system/test_drills.py")
    assert 'parametrize("name", list(backup_rehearsals.DRILLS))' in tested("system/test_rehearsals.py")
    labs = "".join(
        tested(f"system/{path.name}") for path in (ROOT / "tests" / "system").glob("test_cluster*.py")
    )
    named = set(re.findall(r'"[a-z-]+"|[a-z_]+', labs))
    of_a_cluster = set(EVERY) - set(DRILLS) - set(backup_rehearsals.DRILLS)  # run by name, or by what they do
    assert {name for name in of_a_cluster if not {f'"{name}"', EVERY[name].act.__name__} & named} == set()


@pytest.mark.parametrize(
    "text",
    [
        "wenyue backup --into x",
        "wenyue replay FILE --map MAP.toml",  # `--capacity` is wanted
        "wenyue room rate CODE",
        "make nothing",
        "wenyue nothing",
        "no-such-program --x",
    ],
)
def test_the_test_of_commands_sees_what_is_not_there(text: str) -> None:
    assert not is_known(text)
