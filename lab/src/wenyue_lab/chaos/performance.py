"""What every drill's run has in common, wherever it takes place: its terms, people who book around the fault, the record."""

import asyncio
import random
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from wenyue.locale import Message
from wenyue.platform.embedded_server import ServerInfo
from wenyue.platform.fault import SetupError
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.checker import SHOWN_MAX, Violation
from wenyue_lab.chaos.client import CONVERGE_S, Client, Wire
from wenyue_lab.chaos.figures import measure
from wenyue_lab.chaos.fixtures import Demand, Fixtures, cards_for, seed
from wenyue_lab.chaos.history import History
from wenyue_lab.chaos.kind import Drill, Terms
from wenyue_lab.chaos.load import Traffic, loaded
from wenyue_lab.chaos.record import Run
from wenyue_lab.chaos.runbook import FOLDER, Runbook, StepDone, load

SECONDS_MAX: Final = 3_600.0
_AFTERMATH_S: Final = CONVERGE_S + 30.0
_TELL_EVERY_S: Final = 2.0


class Told(Protocol):
    """What the record needs to know of a stage."""

    faults: list[tuple[float, float]]
    findings: list[str]
    extra: dict[str, float]
    steps: list[StepDone]
    loaded_s: float


@dataclass(frozen=True, slots=True)
class Performance:
    """One drill that is run: `terms` are what is meant, its rate and bounds filled in."""

    drill: Drill
    home: Path
    terms: Terms
    history: History
    began_at: datetime

    def people(self, server: ServerInfo, home: Path, *, now: datetime | None = None) -> Fixtures:
        """The fixtures, with as many card holders as will book."""
        return seed(server, home, cards_for(int(self.terms.rate_per_s * self.terms.seconds)), now=now)

    def demand(self, fixtures: Fixtures) -> Demand:
        """What they want."""
        return Demand(fixtures, seed=self.terms.seed)

    def chance(self) -> random.Random:
        """When the fault strikes."""
        return random.Random(f"drill {self.terms.seed}")  # noqa: S311 - when to strike, not a secret

    def runbook(self) -> Runbook | None:
        """The drill's; an installed wheel has none."""
        return load(self.drill.name) if FOLDER.is_dir() else None

    @contextmanager
    def client(self, port: int) -> Generator[Client]:
        """Whoever books at this port; everything is written down."""
        wire = Wire(port)
        try:
            yield Client(self.history, wire, seed=self.terms.seed)
        finally:
            wire.close()

    def traffic(self, client: Client, demand: Demand) -> Traffic:
        """These people's load, not begun."""
        return Traffic(
            client,
            demand,
            rate_per_s=self.terms.rate_per_s,
            seed=self.terms.seed,
            in_flight_max=self.drill.in_flight_max,
        )

    @asynccontextmanager
    async def load(self, stage: Stage) -> AsyncGenerator[None]:
        """People book on `stage` while the block lasts; then everything that is in doubt is settled."""
        traffic = self.traffic(stage.client, stage.demand)
        self.history.begin()
        stage.began = self.history.now()
        telling = asyncio.create_task(self._tell_progress(stage))
        async with loaded(traffic, settled_within_s=_AFTERMATH_S):
            try:
                yield
            finally:
                stage.loaded_s = self.history.now() - stage.began
                telling.cancel()
                self.terms.tell("settling what is in doubt")
        stage.extra["operations delayed by the client"] = traffic.delayed

    async def _tell_progress(self, stage: Stage) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            self.terms.tell(
                f"{self.history.now():.0f} of {self.terms.seconds:.0f} s, {len(self.history.operations):,} operations, "
                f"{len(stage.faults)} faults over, {len(stage.findings)} findings"
            )

    def record(self, told: Told, machine: Mapping[str, object], violations: Sequence[Violation]) -> Run:
        """What is kept, and with it the verdict."""
        terms, name = self.terms, self.drill.name
        figures = measure(self.history, told.faults, told.loaded_s)
        return Run(
            name=name,
            began_at=self.began_at.isoformat(timespec="seconds"),
            command=f"wenyue drill run {name} --seconds {terms.seconds:g} --rate {terms.rate_per_s:g} --seed {terms.seed}",
            seed=terms.seed,
            rate_per_s=terms.rate_per_s,
            figures=figures,
            machine=dict(machine),
            marks=self.history.marks,
            faults=told.faults,
            extra=told.extra,
            findings=told.findings + self.drill.judge(figures, self.history, terms.slack_s),
            violations=list(violations[:SHOWN_MAX]),
            steps=told.steps,
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )


@contextmanager
def performance(drill: Drill, home: Path, terms: Terms) -> Generator[Performance]:
    """Begin a run whose history is written beside `home`. Raises SetupError when this machine cannot run it."""
    if cannot := drill.needs():
        raise SetupError(
            Message("{name} cannot run on this machine: {cannot}", name=drill.name, cannot=cannot)
        )
    meant = replace(
        terms, seconds=min(terms.seconds, SECONDS_MAX), rate_per_s=terms.rate_per_s or drill.rate_per_s
    )
    history = History(home.with_name(f"{home.name}-history.jsonl"))
    try:
        yield Performance(drill, home, meant, history, datetime.now(UTC))
    finally:
        history.close()
