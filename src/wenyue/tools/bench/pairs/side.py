"""One side of a comparison. A checkout's own Python runs this file, and what it imports is that checkout's.

So an older commit seeds its own schema and starts its own web processes, and must only have `wenyue.tools.bench` as it
was at commit 46f2bc7: `site.database`, `site.site`, `world.seed`, `World.take`, `World.slots`, `Crew.fire`, `Plan`,
`postgres.cpu_seconds`. Keep these as they are, or give this file both ways.

Reads one JSON object a line from standard input (`{"bookings": 8000, "noop_s": 0.5}`: take a turn) and answers each with
one line on standard output. The first line says that the side is ready. It ends when the input does.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final, cast

from wenyue.infra.leash import end_with_parent
from wenyue.infra.server import ServerInfo, hold_home
from wenyue.tools.bench.crew import Crew
from wenyue.tools.bench.postgres import cpu_seconds as postgres_cpu_s
from wenyue.tools.bench.site import Site, database, site
from wenyue.tools.bench.wire import Plan
from wenyue.tools.bench.world import World, seed

_WINDOW_S: Final = 60.0  # far more than a turn's bookings take; a turn ends when its bookings are made
_NOOP_WARM_S: Final = 0.1


def main() -> None:
    """Serve turns until the input ends."""
    end_with_parent()
    setup = cast("dict[str, Any]", json.loads(sys.argv[1]))
    home, workers, cards = Path(setup["home"]), int(setup["workers"]), int(setup["cards"])
    connections = int(setup["connections"])
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold_home(home, "wenyue bench pairs"), database(home, _tell) as server:
        world = seed(server, home, cards, _tell)
        log = home / "web.log"
        log.unlink(missing_ok=True)
        with site(server, home, workers, log) as web, Crew(1) as crew:
            _say({"is_ready": True})
            for line in sys.stdin:
                ask = cast("dict[str, Any]", json.loads(line))
                turn = _Turn(server, world, web, crew, connections)
                _say(turn.take(int(ask["bookings"]), float(ask["noop_s"])))


class _Turn:
    """No-ops, bookings, no-ops: the unit is measured on both sides of what it measures."""

    def __init__(self, server: ServerInfo, world: World, web: Site, crew: Crew, connections: int) -> None:
        self._server, self._world, self._web, self._crew = server, world, web, crew
        self._connections = connections
        self._noop_s = 0.0
        self._noops = 0

    def take(self, bookings: int, noop_s: float) -> dict[str, Any]:
        """The fields of `rules.Turn`, and one answer that was no confirmation."""
        self._noop(noop_s)
        first_card, pass_no = self._world.take(bookings)
        plan = Plan("book", first_card, bookings, self._world.slots(pass_no, "hot"))
        web_s, postgres_s = self._web.cpu_s(), postgres_cpu_s(self._server)
        volley = self._crew.fire(
            plan, port=self._web.port, connections=self._connections, warm_s=0.0, measure_s=_WINDOW_S
        )
        web_s, postgres_s = self._web.cpu_s() - web_s, postgres_cpu_s(self._server) - postgres_s
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
        plan = Plan("noop", slots=self._world.slots(0, "full"))
        volley = self._crew.fire(
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
