"""Runbooks: what a person does when it happens, in docs/runbooks, one page per drill, and run by that drill.

A step is one line of a fenced block that begins with ```sh step; it is a command of which status 0 is wanted. The drill runs
the very lines that people read, so a page whose command does not work fails its drill.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from wenyue.locale import DEFAULT, SOURCE, Locale, Message
from wenyue.platform.fault import SetupError

FOLDER: Final = Path(__file__).resolve().parents[4] / "docs" / "runbooks"
INDEX: Final = "README"
SEEN, CHECK, FIX, AFTERWARDS = SECTIONS = ("What people see", "Check", "Fix", "Afterwards")
STEPS_MAX: Final = 20  # of one section: nobody follows a longer list under stress
STEP_DEADLINE_S: Final = 120.0
_OUTPUT_CHARS_MAX: Final = 2_000
_PAGE_BYTES_MAX: Final = 64 * 1024
_NAME: Final = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_FENCE: Final = "```"
_STEP: Final = "```sh step"
_END_GRACE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Runbook:
    """One page. `titles`: by language; `sections`: heading → its text with the steps in it."""

    name: str
    titles: Mapping[Locale, str]
    sections: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where the page is."""
        return FOLDER / f"{self.name}.md"

    def steps(self, section: str) -> list[str]:
        """The commands of `section` in order; empty when it has none. Raises SetupError for an unclosed block."""
        found: list[str] = []
        is_step = is_fenced = False
        for raw in self.sections.get(section, "").splitlines():
            line = raw.strip()
            if line.startswith(_FENCE):
                is_fenced = not is_fenced
                is_step = is_fenced and line == _STEP
            elif is_step and line and not line.startswith("#"):
                found.append(line)
        if is_fenced or len(found) > STEPS_MAX:
            raise _damaged(self.path, f"{section}: an unclosed block, or more than {STEPS_MAX} steps")
        return found


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step as it went. `status` -1: it did not end in time and was ended."""

    section: str
    command: str
    status: int
    took_s: float
    output: str

    @property
    def is_good(self) -> bool:
        """Whether it ended as the page says."""
        return self.status == 0


def names() -> list[str]:
    """Every runbook there is, in the order of the alphabet."""
    return sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != INDEX)


def load(name: str) -> Runbook:
    """The runbook of the drill `name`. Raises SetupError when it is missing or has not the four sections."""
    path = FOLDER / f"{name}.md"
    try:
        if not _NAME.match(name) or path.stat().st_size > _PAGE_BYTES_MAX:
            raise _damaged(path, "a name or a size that no runbook has")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SetupError(
            Message("there is no runbook {path} ({strerror})", path=path, strerror=error.strerror)
        ) from error
    return parse(name, text)


def parse(name: str, text: str) -> Runbook:
    """Read a page. Raises SetupError that names what is wrong with it."""
    path = FOLDER / f"{name}.md"
    head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    title = re.match(r"# ([^\n]+?) · ([^\n]+)\n", head)
    if title is None:
        raise _damaged(path, "the first line is not `# <Chinese title> · <English title>`")
    sections = {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts}
    missing = [section for section in SECTIONS if not sections.get(section, "").strip()]
    if missing or [one for one in sections if one in SECTIONS] != list(SECTIONS):
        raise _damaged(path, f"it needs {', '.join(SECTIONS)}, in this order, each with text")
    titles = {DEFAULT: title.group(1).strip(), SOURCE: title.group(2).strip()}
    return Runbook(name, titles, sections)


async def run_steps(
    runbook: Runbook,
    section: str,
    environment: Mapping[str, str],
    *,
    deadline_s: float = STEP_DEADLINE_S,
) -> list[StepDone]:
    """Run the steps of `section` one after the other, the rest too when one fails: a page is read to its end.

    `environment` is what the operator has (WENYUE_HOME, WENYUE_PORT, …); `wenyue` and PostgreSQL's own programs are found.
    """
    return [
        await _run(section, command, _surroundings(environment), deadline_s)
        for command in runbook.steps(section)
    ]


def complaints(done: Sequence[StepDone]) -> list[str]:
    """One line for every step that did not end well."""
    return [
        f"runbook, {one.section}: `{one.command}` ended with status {one.status}: {one.output[-300:].strip()}"
        for one in done
        if not one.is_good
    ]


async def _run(section: str, command: str, environment: Mapping[str, str], deadline_s: float) -> StepDone:
    began = monotonic()
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        command,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), deadline_s)
        status = process.returncode if process.returncode is not None else -1
    except TimeoutError:
        output, status = f"no end within {deadline_s:g} s".encode(), -1
    finally:
        await _end(process)
    text = output.decode(errors="replace")[-_OUTPUT_CHARS_MAX:]
    return StepDone(section, command, status, round(monotonic() - began, 2), text)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing of the step's session running."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _END_GRACE_S)


def _surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's own variables but ours, then what was given, with `wenyue` on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
    path = environment.get("PATH", kept.get("PATH", "/usr/bin:/bin"))
    return kept | dict(environment) | {"PATH": f"{Path(sys.executable).parent}:{path}", "COLUMNS": "160"}


def _damaged(path: Path, why: str) -> SetupError:
    return SetupError(Message("the runbook {path} is damaged: {why}", path=path, why=why))
