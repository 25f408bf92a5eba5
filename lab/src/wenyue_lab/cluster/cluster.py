"""A running lab: made, started, asked, broken on purpose, stopped. Every process is a real one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops import sharing
from wenyue.ops.processes import family, send
from wenyue.platform.embedded_server import erase
from wenyue.platform.embedded_server.cluster import program_environment, provision
from wenyue.platform.embedded_server.place import Place, base_folder, settle
from wenyue.platform.embedded_server.postmaster import running_pid
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import answers_ready
from wenyue_lab.cluster import asking, configs, processes
from wenyue_lab.cluster.layout import NODES, Layout, Node, lay_out, read_layout
from wenyue_lab.cluster.namespaces import inside, lay_cables, take_down
from wenyue_lab.cluster.processes import Ledger
from wenyue_lab.cluster.programs import find

READY_DEADLINE_S: Final = 90.0
WEB_DEADLINE_S: Final = 30.0
STOP_DEADLINE_S: Final = 40.0
_ETCD_DATA: Final = "etcd"
_POLL_S: Final = 0.1
_LOG_TAIL: Final = 1_500

Tell = Callable[[str], None]


def _quiet(_line: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class LabPlace(Place):
    """Folders and passwords as of an embedded server; the URLs name every node."""

    layout: Layout | None = None

    def url(self, role: str, database: str = "wenyue") -> str:
        """Connection URL for `role` to whichever node is the primary; it carries the password."""
        if self.layout is None:
            raise LookupError("a lab's place has a layout")
        return configs.database_url(self.layout, role, self.passwords[role], database)


class Lab:
    """One lab in one home. `make` or `opened`, then `start`, `serve`, and at the end `stop`."""

    def __init__(self, home: Path, layout: Layout, place: Place) -> None:
        self.home, self.layout = home, layout
        own = {field.name: getattr(place, field.name) for field in fields(Place)}
        self.place = LabPlace(**own, layout=layout)
        self.programs = find(place.account)
        self.ledger = Ledger(home / "processes.json")
        self.logs = place.base / "log"
        self.logs.mkdir(mode=0o700, exist_ok=True)
        self._shared: set[str] = set()
        self._killed: set[int] = set()
        self._started: list[int] = []

    @classmethod
    def make(cls, home: Path, *, first_port: int = 0, netns: str = "", tell: Tell = _quiet) -> Lab:
        """A lab that is not started yet. Raises SetupError when `home` has one that runs."""
        found = read_layout(home)
        if found is not None:
            old = opened(home)
            if old is not None and old.ledger.all():
                raise SetupError(
                    Message(
                        "a lab runs in {home} already: `wenyue lab status`, or `wenyue lab down`", home=home
                    ),
                )
        layout = found or lay_out(first_port, netns=netns)
        place = settle(home, tell)
        lab = cls(home, layout, place)
        layout.write(home)
        return lab

    def has_data(self) -> bool:
        """Whether an earlier `up` left a cluster to go on with."""
        return any((self.data(node) / "PG_VERSION").exists() for node in self.layout.nodes)

    @property
    def app_url(self) -> str:
        """What web and worker use. Carries the password."""
        return self.place.url("wenyue_app")

    @property
    def owner_url(self) -> str:
        """The schema's owner, on the primary."""
        return self.place.url("wenyue_owner")

    def start(self, tell: Tell = _quiet) -> None:
        """etcd, Patroni and PostgreSQL on every node; returns when one leads and two follow. Raises SetupError."""
        if self.layout.netns:
            lay_cables(self.layout)
        with inside(self.layout):
            self._start(tell)

    def _start(self, tell: Tell) -> None:
        tell(gettext("starting three etcd"))
        for node in self.layout.nodes:
            self.start_etcd(node)
        self._await(lambda: asking.etcd_answers(self.layout), "etcd found no majority", "n1-etcd")
        tell(gettext("starting three PostgreSQL under Patroni"))
        for node in self.layout.nodes:
            self.start_patroni(node)
        self.await_whole()
        provision(self.place)

    def await_whole(self, within_s: float = READY_DEADLINE_S) -> None:
        """Until one node leads and the two others follow it in step. Raises SetupError."""
        self._await(self.is_whole, "the database cluster is not whole", "n1-patroni", within_s)

    def is_whole(self, nodes: int = NODES) -> bool:
        """Whether everybody agrees on one leader, and at least `nodes` - 1 standbys stream and count for the quorum."""
        with inside(self.layout):
            return asking.are_whole(self.layout, nodes)

    def members(self) -> list[asking.Member]:
        """The nodes as Patroni sees them."""
        with inside(self.layout):
            return asking.members(self.layout)

    def serve(self, tell: Tell = _quiet, *, variables: Mapping[str, str] | None = None) -> None:
        """Web, worker and proxy; returns when the proxy leads to an answer. The schema must be there."""
        tell(gettext("starting two web processes, a worker and the proxy"))
        own = self._environment(variables or {})
        command = [sys.executable, "-m", "wenyue.cli"]
        with inside(self.layout):
            for number, port in enumerate(self.layout.webs, start=1):
                self._spawn(f"web-{number}", [*command, "web"], {**own, "WENYUE_PORT": str(port)})
            self._spawn("worker", [*command, "worker"], own)
            path = self.logs / "haproxy.cfg"
            path.write_text(configs.haproxy(self.layout), encoding="utf-8")
            self._spawn("haproxy", [self.programs.haproxy, "-db", "-f", str(path)], program_environment())
        self._await(self.is_serving, "the web processes are not ready", "web-1", WEB_DEADLINE_S)

    def is_serving(self) -> bool:
        """Every web process reaches the database, and the proxy reaches them."""
        with inside(self.layout):
            ports = [*self.layout.webs, self.layout.port]
            return all(answers_ready(self.layout.address, port) for port in ports)

    def start_etcd(self, node: Node) -> None:
        """The node's etcd."""
        folder = self._folder(node, _ETCD_DATA)
        command = [self.programs.etcd, *configs.etcd_options(self.layout, node, folder)]
        with inside(self.layout, node):
            self._spawn(f"{node.name}-etcd", command, program_environment(), as_account=True)

    def start_patroni(self, node: Node) -> None:
        """The node's Patroni, which starts its PostgreSQL."""
        folder = self._folder(node, "postgres")
        password = self.place.passwords["postgres"]
        content = configs.patroni(self.layout, node, folder, self.place.programs, password)
        path = self.place.base / f"{node.name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
        if self.place.account.switch:
            os.chown(path, 0, self.place.account.gid)
            path.chmod(0o640)
        python = {"PYTHONPATH": self.programs.python_path}
        environment = program_environment() | python | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder)}
        with inside(self.layout, node):
            self._spawn(
                f"{node.name}-patroni", [*self.programs.patroni, str(path)], environment, as_account=True
            )

    def data(self, node: Node) -> Path:
        """The node's PostgreSQL data folder."""
        return self.place.base / node.name / "postgres" / "data"

    def postmaster(self, node: Node) -> int | None:
        """The node's living postmaster."""
        return running_pid(self.data(node), tidies=False)

    def postgres_pids(self, node: Node) -> list[int]:
        """The postmaster first, then its processes; empty while it is down."""
        pid = self.postmaster(node)
        return [] if pid is None else family(pid)

    def keeper_pids(self, node: Node, *kinds: str) -> list[int]:
        """The node's `patroni` and/or `etcd` with what they started."""
        alive = self.ledger.all()
        found = [alive[name].pid for kind in kinds if (name := f"{node.name}-{kind}") in alive]
        return [pid for one in found for pid in family(one)]

    def host_pids(self, node: Node) -> list[int]:
        """Everything that runs on the node, its keeper first."""
        return [
            *self.keeper_pids(node, "patroni"),
            *self.postgres_pids(node),
            *self.keeper_pids(node, "etcd"),
        ]

    def kill(self, pids: Sequence[int]) -> None:
        """Kill -9; what PostgreSQL's processes leave in the kernel is removed by `stop`."""
        self._shared |= sharing.mapped(pids)
        self._killed |= set(pids)
        send(pids, signal.SIGKILL)

    def pid(self, name: str) -> int | None:
        """A process by its name: web-1, web-2, worker, haproxy, n1-etcd, n1-patroni and so on."""
        found = self.ledger.all().get(name)
        return None if found is None else found.pid

    def primary(self) -> Node | None:
        """The node whose Patroni holds the leader's key and whose PostgreSQL takes writes."""
        with inside(self.layout):
            return next((node for node in self.layout.nodes if asking.leads(node)), None)

    def node_url(self, node: Node, role: str = "postgres", database: str = "wenyue") -> str:
        """Straight to one node, whatever it is. Carries the password."""
        return configs.node_url(node, role, self.place.passwords[role], database)

    def stop(self, *, keep: bool = False) -> None:
        """End everything that was started, by number; without `keep` the files go too."""
        if keep:
            self._stop_softly()
        self._end_all()
        processes.reap(self._started, STOP_DEADLINE_S)
        sharing.sweep(self._shared, self._killed)
        if self.layout.netns:
            take_down(self.layout)
        if not keep:
            erase(self.home)
            shutil.rmtree(self.home, ignore_errors=True)

    def _stop_softly(self) -> None:
        """As one turns a site off: web first, then the standbys and the primary together, etcd last."""
        for kinds in (
            ("web-1", "web-2", "worker", "haproxy"),
            tuple(f"{one.name}-patroni" for one in self.layout.nodes),
        ):
            pids = [pid for name in kinds if (pid := self.pid(name)) is not None]
            send(pids, signal.SIGTERM)
            processes.await_gone(pids, STOP_DEADLINE_S)

    def _end_all(self) -> None:
        """Patroni first, so that it starts nothing again; PostgreSQL tidies its shared memory, all else is killed."""
        noted = self.ledger.all()
        first = [pid for name, one in noted.items() if name.endswith("-patroni") for pid in family(one.pid)]
        send(first, signal.SIGKILL)
        servers = [pid for node in self.layout.nodes for pid in self.postgres_pids(node)]
        masters = [pid for node in self.layout.nodes if (pid := self.postmaster(node)) is not None]
        send(servers, signal.SIGCONT)
        send(masters, signal.SIGQUIT)
        rest = [
            pid for name, one in noted.items() if not name.endswith("-patroni") for pid in family(one.pid)
        ]
        send(rest, signal.SIGKILL)
        if not processes.await_gone([*first, *masters, *rest], STOP_DEADLINE_S):
            self.kill(servers)

    def _folder(self, node: Node, name: str) -> Path:
        """A private folder of the node, which belongs to the account that its programs run as."""
        account = self.place.account
        for path in (self.place.base / node.name, self.place.base / node.name / name):
            path.mkdir(mode=0o700, exist_ok=True)
            if account.switch:
                os.chown(path, account.uid, account.gid, follow_symlinks=False)
        return self.place.base / node.name / name

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
        return {
            **clean,
            "WENYUE_HOME": str(self.home),
            "WENYUE_HOST": self.layout.address,
            "WENYUE_DATABASE_URL": self.app_url,
            **variables,
        }

    def _spawn(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, as_account: bool = False
    ) -> None:
        pid = processes.spawn(
            command,
            environment=environment,
            log=self.logs / f"{name}.log",
            folder=self.place.base,
            account=self.place.account if as_account else None,
        )
        self._started.append(pid)
        self.ledger.note(name, pid)

    def _await(
        self, condition: Callable[[], bool], fault: str, log: str, within_s: float = READY_DEADLINE_S
    ) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                raise SetupError(
                    Message(
                        "{fault} after {within_s} s; {logs}.log ends with:\n{tail}",
                        fault=fault,
                        within_s=f"{within_s:.0f}",
                        logs=self.logs / log,
                        tail=self.tail(log),
                    ),
                )
            time.sleep(_POLL_S)

    def tail(self, log: str) -> str:
        """The end of one log."""
        with suppress(OSError):
            return (self.logs / f"{log}.log").read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
        return ""


def opened(home: Path) -> Lab | None:
    """The lab of `home`, running or stopped; None when there is none."""
    layout = read_layout(home)
    if layout is None or not base_folder(home).exists():
        return None
    return Lab(home, layout, settle(home, _quiet))


def remove(home: Path) -> None:
    """End and erase whatever lab an earlier, killed command left in `home`."""
    left = opened(home)
    if left is not None:
        left.stop()
    erase(home)
    shutil.rmtree(home, ignore_errors=True)
