"""The stage of a drill on a cluster: the lab in place of a single machine's installation."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.installation import Installation
from wenyue_lab.chaos.runbook import complaints, run_steps
from wenyue_lab.cluster.cluster import Lab
from wenyue_lab.cluster.layout import Node

ELECTED_S: Final = 60.0
WHOLE_S: Final = 90.0
_POLL_S: Final = 0.2  # each question costs the Patronis something


class LabSite(Installation):
    """What a drill asks of an installation, answered by a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.home, self.port, self.log = lab.home, lab.layout.port, lab.logs / "web-1.log"

    def web_pids(self) -> list[int]:
        """The living web processes."""
        names = (f"web-{number}" for number in range(1, len(self.lab.layout.webs) + 1))
        return [pid for name in names if (pid := self.lab.pid(name)) is not None]

    def database_pid(self) -> int | None:
        """The primary's postmaster."""
        node = self.lab.primary()
        return None if node is None else self.lab.postmaster(node)

    def database_pids(self) -> list[int]:
        """The primary's processes."""
        node = self.lab.primary()
        return [] if node is None else self.lab.postgres_pids(node)

    def is_ready(self) -> bool:
        """Whether web answers through the proxy and reaches the database."""
        return self.lab.is_serving()


@dataclass(slots=True)
class LabStage(Stage):
    """A stage with a lab on it, and the page that is tried at the same time."""

    lab: Lab = field(kw_only=True)
    environment: dict[str, str] = field(kw_only=True)

    async def primary(self) -> Node:
        """The node that leads; waits for one at most ELECTED_S, then it is a finding and the drill ends."""
        deadline = self.history.now() + ELECTED_S
        while self.history.now() < deadline:
            node = await asyncio.to_thread(self.lab.primary)
            if node is not None:
                return node
            await asyncio.sleep(_POLL_S)
        raise LookupError(f"no primary within {ELECTED_S:.0f} s")

    async def another_leads(self, old: Node) -> None:
        """Wait until a node other than `old` leads."""
        deadline = self.history.now() + ELECTED_S
        while (await self.primary()).name == old.name:
            if self.history.now() > deadline:
                self.findings.append(f"no other primary than {old.name} within {ELECTED_S:.0f} s")
                return
            await asyncio.sleep(_POLL_S)

    async def failed_over(self, old: Node, since: float) -> None:
        """Wait until another node leads; note the fault and how long that took."""
        await self.another_leads(old)
        now = self.history.now()
        self.history.mark(f"{(await self.primary()).name} leads")
        self.faults.append((since, now))
        self.keep_most("longest until another node led, s", now - since)

    async def is_whole(self, since: float) -> None:
        """Wait until every node follows again."""
        deadline = self.history.now() + WHOLE_S
        while not await asyncio.to_thread(self.lab.is_whole):
            if self.history.now() > deadline:
                self.findings.append(f"the cluster was not whole within {WHOLE_S:.0f} s")
                return
            await asyncio.sleep(_POLL_S)
        self.history.mark("the cluster is whole")
        self.keep_most("longest until the cluster was whole, s", self.history.now() - since)

    def keep_most(self, name: str, value: float) -> None:
        """Keep the greatest value of a figure."""
        self.extra[name] = max(self.extra.get(name, 0.0), round(value, 2))

    async def follow(self, section: str) -> None:
        """Do what the runbook says under this heading, once, as an operator of the cluster; a step that fails is a finding."""
        if self.runbook is None or section in self.followed:
            return
        self.followed.add(section)
        if self.runbook.steps(section):
            self.history.mark(f"runbook: {section}")
        done = await run_steps(self.runbook, section, self.environment)
        self.steps += done
        self.findings += complaints(done)


def lab_stage(stage: Stage) -> LabStage:
    """The stage as what it is. Raises TypeError on a single machine's stage."""
    if not isinstance(stage, LabStage):
        raise TypeError("this drill needs a lab")
    return stage


def environment_of(lab: Lab, home: Path) -> dict[str, str]:
    """What an operator of the cluster has set."""
    return {
        "WENYUE_HOME": str(home),
        "WENYUE_HOST": lab.layout.address,
        "WENYUE_PORT": str(lab.layout.port),
        "WENYUE_DATABASE_URL": lab.app_url,
        "WENYUE_OWNER_DATABASE_URL": lab.owner_url,
    }
