"""Measures unit costs: a site of its own, one unit at a time, and what a waiting connection and the assets take."""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from wenyue.core.personal import Vault
from wenyue.platform.embedded_server import hold_home
from wenyue.platform.keys import load_keys
from wenyue_lab.benchmark.dataset import seed
from wenyue_lab.benchmark.site import HOST, database, machine, site
from wenyue_lab.benchmark.wire import token
from wenyue_lab.scale.model import Costs
from wenyue_lab.scale.requests import room_page
from wenyue_lab.scale.sending import Sender
from wenyue_lab.scale.unit_bench import Bench
from wenyue_lab.scale.units import all_units

_WAITING: Final = 2_000  # connections that say nothing
_STATIC: Final = re.compile(rb'"(/static/[^"]+)"')


def measure(
    home: Path, workers: int, people: int, tell: Callable[[str], None], *, pace: float = 1.0
) -> Costs:
    """Everything in turn; what was started is stopped and erased whatever happens. `home` is the measurement's own."""
    with hold_home(home, "wenyue scale"):
        tell("a database of its own")
        with database(home, lambda _line: None) as server:
            facts = machine(server)
            tell(f"{people:,} card holders")
            dataset = seed(server, home, people, lambda _line: None)
            vault = Vault(load_keys(home))
            log = home / "web.log"
            log.unlink(missing_ok=True)
            with site(server, home, workers, log) as web, Sender(web.port) as sender:
                bench = Bench(server, web, dataset, sender, tell, pace)
                kb = _connection_kb(bench)
                units = all_units(bench, people, vault)
                return Costs(
                    units=units,
                    connection_kb=kb,
                    assets_bytes=_assets_bytes(bench),
                    idle_web_share=bench.idle_web,
                    idle_database_share=bench.idle_database,
                    web_mb=max(web.rss_mb()),
                    workers=workers,
                    machine={
                        key: value for key, value in facts.items() if isinstance(value, str | int | float)
                    },
                    notes=tuple(bench.notes),
                )


def _connection_kb(bench: Bench) -> float:
    """Resident memory that a connection takes which waits for its next request."""
    bench.tell("connections that wait")
    ask = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    bench.answer_bytes(ask)
    count, before, held = bench.few(_WAITING), sum(bench.web.rss_mb()), list[socket.socket]()
    try:
        for _ in range(count):
            held.append(socket.create_connection((HOST, bench.web.port), timeout=5))
            held[-1].sendall(ask)
            held[-1].recv(65536)
        return max(0.0, sum(bench.web.rss_mb()) - before) * 1024 / count
    finally:
        for one in held:
            one.close()


def _assets_bytes(bench: Bench) -> float:
    """Everything that the room's page wants from /static, compressed."""
    _, page = bench.answer(room_page(f"wy_login={token(1)}").replace(b"Accept-Encoding: gzip\r\n", b""))
    ask = f"HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\n\r\n"
    return sum(
        bench.answer_bytes(f"GET {path.decode()} {ask}".encode()) for path in set(_STATIC.findall(page))
    )
