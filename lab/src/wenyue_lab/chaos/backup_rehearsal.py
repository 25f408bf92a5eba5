"""Rehearsals of what people do with backups and a standby, under load, by the very lines of their runbooks.

They differ from the other drills in that the installation that was booked at is not the one that is checked in the end.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from wenyue.booking import BookingState
from wenyue.locale import Message
from wenyue.platform.embedded_server import ServerInfo, ensure_started, erase, stop
from wenyue.platform.fault import SetupError
from wenyue_lab.benchmark.site import machine
from wenyue_lab.chaos.checker import Books, Violation, check, read_final
from wenyue_lab.chaos.fixtures import Fixtures
from wenyue_lab.chaos.history import History, Kind
from wenyue_lab.chaos.installation import Installation, installed
from wenyue_lab.chaos.kind import Drill, Terms
from wenyue_lab.chaos.load import loaded
from wenyue_lab.chaos.performance import Performance, performance
from wenyue_lab.chaos.record import Run
from wenyue_lab.chaos.runbook import FIX, StepDone, complaints, load, run_steps

_STEP_DEADLINE_S: Final = 1_800.0
_AFTERMATH_S: Final = 120.0
Act = Callable[["Scene"], Coroutine[None, None, None]]


@dataclass(slots=True)
class Scene:
    """What a rehearsal works on."""

    it: Performance
    server: ServerInfo
    fixtures: Fixtures
    installation: Installation | None = None
    words: dict[str, str] = field(
        default_factory=dict[str, str]
    )  # what the operator knows: $BACKUPS, $MOMENT …
    findings: list[str] = field(default_factory=list[str])
    violations: list[Violation] = field(default_factory=list[Violation])
    extra: dict[str, float] = field(default_factory=dict[str, float])
    steps: list[StepDone] = field(default_factory=list[StepDone])
    faults: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    loaded_s: float = 0.0
    moment_s: float = 0.0

    @property
    def home(self) -> Path:
        """The installation's that people book at."""
        return self.it.home

    @property
    def history(self) -> History:
        """What was asked and answered, and what was done."""
        return self.it.history

    @property
    def backups(self) -> Path:
        """Where the operator's backups go."""
        return Path(self.words["BACKUPS"])

    async def wenyue(self, *words: object, home: Path | None = None) -> tuple[int, str]:
        """Run a command as the operator would; its status and what it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "wenyue.cli",
            *(str(word) for word in words),
            env=clean({"WENYUE_HOME": str(home or self.home)}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), _STEP_DEADLINE_S)
        return process.returncode or 0, said.decode(errors="replace")

    async def must(self, *words: object, home: Path | None = None) -> str:
        """As `wenyue`, and the rehearsal ends when it fails. Raises SetupError."""
        status, said = await self.wenyue(*words, home=home)
        if status:
            raise SetupError(
                Message("the rehearsal could not begin: {reason}", reason=" ".join(said.split())[-300:])
            )
        return said

    async def follow(self, section: str) -> None:
        """Do what the runbook says under this heading, and note how long it took."""
        port = self.installation.port if self.installation is not None else 0
        environment = {"WENYUE_HOME": str(self.home), "WENYUE_PORT": str(port), **self.words}
        self.it.terms.tell(f"runbook: {section}")
        self.history.mark(f"runbook: {section}")
        began = self.history.now()
        done = await run_steps(load(self.it.drill.name), section, environment, deadline_s=_STEP_DEADLINE_S)
        self.steps += done
        self.findings += complaints(done)
        if section == FIX:
            self.extra["seconds to fix by the runbook"] = round(self.history.now() - began, 2)

    @asynccontextmanager
    async def load(self, *, is_dropped: bool) -> AsyncGenerator[None]:
        """People book while the block lasts. `is_dropped`: what is then under way goes with its clients."""
        if self.installation is None:
            raise LookupError("no installation")
        with self.it.client(self.installation.port) as client:
            traffic = self.it.traffic(client, self.it.demand(self.fixtures))
            self.history.begin()
            async with loaded(traffic, settled_within_s=_AFTERMATH_S, is_dropped=is_dropped):
                try:
                    yield
                finally:
                    self.loaded_s = self.history.now()

    async def rest(self, fraction: float) -> None:
        """Let this part of the load's time pass."""
        await asyncio.sleep(self.it.terms.seconds * fraction)

    async def until(
        self, condition: Callable[[], Awaitable[bool]], what: str, deadline_s: float = 60.0
    ) -> None:
        """Wait for something. Raises SetupError after the deadline."""
        end = self.history.now() + deadline_s
        while not await condition():
            if self.history.now() > end:
                raise SetupError(
                    Message("not within {deadline_s} s: {what}", deadline_s=f"{deadline_s:.0f}", what=what)
                )
            await asyncio.sleep(0.2)

    def moment(self) -> datetime:
        """Note the last instant at which all was right, for the operator."""
        self.moment_s, at = self.history.now(), datetime.now(UTC)
        self.history.mark("the moment that is restored")
        self.words["MOMENT"] = at.isoformat()
        return at

    def check_until_moment(self, books: Books) -> None:
        """Everything acknowledged before the moment is there, and nothing that was asked for after it (I1); I2, I4, I5."""
        self.violations += kept(self.history, self.moment_s, books)
        self.violations += [Violation("I2", line) for line in books.broken_pools]
        self.violations += [Violation("I4", line) for line in books.twice]
        self.violations += [Violation("I5", line) for line in books.broken_entitlements]
        self.extra["acknowledged before the moment"] = sum(
            one.yes is not None and one.yes.answered <= self.moment_s for one in self.history.operations
        )

    def check_all(self, books: Books) -> None:
        """Every invariant over the whole history."""
        self.violations += check(self.history, books)


def kept(history: History, moment_s: float, books: Books) -> list[Violation]:
    """What a copy of the moment must hold, from the client's history."""
    found: list[Violation] = []
    cancels = {one.id: one for one in history.operations if one.kind is Kind.CANCEL}
    for one in history.operations:
        if one.kind is not Kind.BOOK or not one.attempts:
            continue
        stored, yes, change = books.bookings.get(one.id), one.yes, cancels.get(one.id)
        if one.first_sent > moment_s and stored is not None:
            found.append(Violation("I1", f"booking {one.id} was asked for after the moment and is there"))
        if yes is None or yes.answered > moment_s:
            continue
        if stored is None:
            found.append(
                Violation("I1", f"booking {one.id} was acknowledged before the moment and is not there: lost")
            )
            continue
        asked = change is not None and bool(change.attempts) and change.first_sent <= moment_s
        given_back = change is not None and change.yes is not None and change.yes.answered <= moment_s
        wanted = {BookingState.CANCELLED} if given_back else {BookingState.CONFIRMED}
        if asked:
            wanted.add(BookingState.CANCELLED)
        if stored.state not in wanted:
            found.append(Violation("I1", f"booking {one.id} is {stored.state.name} in the copy"))
    return found


def books_of(home: Path) -> Books:
    """What a home's database holds; its server is started for it."""
    server = ensure_started(home)
    try:
        return read_final(server.owner_url)
    finally:
        stop(server)


def clean(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its own installation, and `variables`."""
    return {name: one for name, one in os.environ.items() if not name.startswith("WENYUE_")} | dict(variables)


def rehearse_backup(drill: Drill, act: Act, home: Path, terms: Terms) -> Run:
    """Rehearse in `home` and folders beside it, which are made and removed. Call it from the main thread. Raises SetupError."""
    others = [home.with_name(f"{home.name}-{name}") for name in ("backups", "safe", "new", "standby")]
    with performance(drill, home, terms) as it, ExitStack() as after:
        after.callback(_remove, [home, *others])
        _remove([home, *others])
        it.terms.tell("an installation of its own")
        server = ensure_started(home)
        fixtures = it.people(server, home)
        facts = machine(server)
        stop(server)
        scene = Scene(it, server, fixtures)
        scene.words |= {
            "BACKUPS": str(others[0]),
            "KEYS": str(others[1]),
            "NEW": str(others[2]),
            "STANDBY": str(others[3]),
        }
        asyncio.run(act(scene))
    return it.record(scene, facts, scene.violations)


@asynccontextmanager
async def installation_of(scene: Scene) -> AsyncGenerator[Installation]:
    """`wenyue up` in the scene's home, for the length of the block."""
    log = scene.home.with_name(f"{scene.home.name}.log")
    async with installed(scene.home, log) as installation:
        scene.installation = installation
        yield installation


def _remove(homes: list[Path]) -> None:
    for home in homes:
        erase(home)
        shutil.rmtree(home, ignore_errors=True)
