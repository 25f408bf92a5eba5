"""One side of a comparison. A checkout's own Python runs this file, and what it imports is that checkout's.

So an older commit seeds its own schema and starts its own web processes, and must only have `wenyue_lab.benchmark` as it
was at commit 46f2bc7: `site.database`, `site.site`, `dataset.seed`, `Dataset.take`, `Dataset.slots`, `Workers.fire`, `Plan`,
`postgres.cpu_seconds`. Keep these as they are, or give this file both ways.

Reads one JSON object a line from standard input (`{"bookings": 8000, "noop_s": 0.5}`: take a turn) and answers each with
one line on standard output. The first line says that the side is ready. It ends when the input does.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from wenyue.platform.embedded_server import ServerInfo
    from wenyue_lab.benchmark.dataset import Dataset
    from wenyue_lab.benchmark.site import Site
    from wenyue_lab.benchmark.workers import Workers


def _part(name: str, older: str) -> Any:  # noqa: ANN401 - a module of this checkout or of an older one
    """A module by the name of now, or by the one that it had in the commit that is measured."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return importlib.import_module(older)


server = _part("wenyue.platform.embedded_server", "wenyue.infra.server")
parent_death_signal = _part("wenyue.platform.parent_death_signal", "wenyue.infra.leash")
dataset = _part("wenyue_lab.benchmark.dataset", "wenyue.tools.bench.world")
postgres = _part("wenyue_lab.benchmark.postgres", "wenyue.tools.bench.postgres")
sites = _part("wenyue_lab.benchmark.site", "wenyue.tools.bench.site")
wire = _part("wenyue_lab.benchmark.wire", "wenyue.tools.bench.wire")
workers = _part("wenyue_lab.benchmark.workers", "wenyue.tools.bench.crew")
_Workers = getattr(workers, "Workers", None) or workers.Crew  # its name at the commit named above

_WINDOW_S: Final = 60.0  # far more than a turn's bookings take; a turn ends when its bookings are made
_NOOP_WARM_S: Final = 0.1


def main() -> None:
    """Serve turns until the input ends."""
    parent_death_signal.end_with_parent()
    setup = cast("dict[str, Any]", json.loads(sys.argv[1]))
    home, processes, cards = Path(setup["home"]), int(setup["workers"]), int(setup["cards"])
    connections = int(setup["connections"])
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with server.hold_home(home, "wenyue bench pairs"), sites.database(home, _tell) as database:
        seeded = dataset.seed(database, home, cards, _tell)
        log = home / "web.log"
        log.unlink(missing_ok=True)
        with sites.site(database, home, processes, log) as web, _Workers(1) as load_workers:
            _say({"is_ready": True})
            for line in sys.stdin:
                ask = cast("dict[str, Any]", json.loads(line))
                turn = _Turn(database, seeded, web, load_workers, connections)
                _say(turn.take(int(ask["bookings"]), float(ask["noop_s"])))


class _Turn:
    """No-ops, bookings, no-ops: the unit is measured on both sides of what it measures."""

    def __init__(
        self, database: ServerInfo, dataset: Dataset, web: Site, load_workers: Workers, connections: int
    ) -> None:
        self._database, self._dataset, self._web, self._load_workers = database, dataset, web, load_workers
        self._connections = connections
        self._noop_s = 0.0
        self._noops = 0

    def take(self, bookings: int, noop_s: float) -> dict[str, Any]:
        """The fields of `rules.Turn`, and one answer that was no confirmation."""
        self._noop(noop_s)
        first_card, pass_no = self._dataset.take(bookings)
        plan = wire.Plan("book", first_card, bookings, self._dataset.slots(pass_no, "hot"))
        web_s, postgres_s = self._web.cpu_s(), postgres.cpu_seconds(self._database)
        volley = self._load_workers.fire(
            plan, port=self._web.port, connections=self._connections, warm_s=0.0, measure_s=_WINDOW_S
        )
        web_s, postgres_s = self._web.cpu_s() - web_s, postgres.cpu_seconds(self._database) - postgres_s
        self._noop(noop_s)
        confirmed = volley.statuses.get("201", 0)
        samples = [text for status, text in volley.samples.items() if status != "201"]
        return {
            "web_s": web_s,
            "postgres_s": postgres_s,
            "confirmed": confirmed,
            "others": sum(volley.statuses.values()) - confirmed + volley.lost,
            "noop_s": self._noop_s,
            "noops": self._noops,
            "sample": samples[0].rpartition("\r\n\r\n")[2][:300] if samples else "",
        }

    def _noop(self, seconds: float) -> None:
        before = self._web.cpu_s()
        plan = wire.Plan("noop", slots=self._dataset.slots(0, "full"))
        volley = self._load_workers.fire(
            plan,
            port=self._web.port,
            connections=self._connections,
            warm_s=_NOOP_WARM_S,
            measure_s=seconds,
        )
        self._noop_s += self._web.cpu_s() - before
        self._noops += volley.statuses.get("200", 0)


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _tell(line: str) -> None:
    _say({"progress": line})


if __name__ == "__main__":
    main()
