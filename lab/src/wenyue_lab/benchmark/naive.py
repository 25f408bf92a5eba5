"""What everybody does first: one UPDATE, one INSERT and one COMMIT per booking, run by pgbench on the same server.

No HTTP, no rules, no person, no audit: it flatters itself, and is the yardstick all the same.
"""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server import ServerInfo

CLIENTS: Final = (1, 8, 64)
_THREADS_MAX: Final = 2
_OVERTIME_S: Final = 30.0
_TPS: Final = re.compile(r"tps = ([0-9.]+) \(without")
_NOTHING_DONE: Final = "number of transactions actually processed: 0\n"
_SQL: Final = queries("wenyue_lab.benchmark", "seed.sql")
_SCRIPT: Final = """\\set slot {choice}
BEGIN;
UPDATE bench.naive_slot SET places_left = places_left - 1 WHERE id = :slot AND places_left > 0;
INSERT INTO bench.naive_booking (slot_id, name, document) VALUES (:slot, 'ZHANG SAN', '110101199003070000');
COMMIT;
"""
CHOICES: Final = {"hot": "1", "spread": "random(1, 10000)"}


class PgbenchFailed(Exception):
    """pgbench gave no figure; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Naive:
    """One repetition: transactions a second at the best number of clients, and at each."""

    best_tps: float
    by_clients: dict[int, float]


def prepare(server: ServerInfo, folder: Path) -> None:
    """Make the yardstick's two tables and its two scripts."""
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        connection.execute(_SQL["naive_tables"])
        connection.execute(_SQL["naive_slots"])
    for kind, choice in CHOICES.items():
        (folder / f"naive-{kind}.sql").write_text(_SCRIPT.format(choice=choice), encoding="ascii")


def measure(
    server: ServerInfo, folder: Path, kind: str, seconds: int, tell: Callable[[str], None] = lambda _: None
) -> Naive:
    """Run the script of `kind` (hot or spread) with each number of clients for `seconds`."""
    by_clients: dict[int, float] = {}
    for clients in CLIENTS:
        tell(f"naive {kind}, {clients} clients")
        by_clients[clients] = _run(server, folder / f"naive-{kind}.sql", clients, seconds)
    return Naive(max(by_clients.values()), by_clients)


def _run(server: ServerInfo, script: Path, clients: int, seconds: int) -> float:
    command = [str(server.programs / "bin" / "pgbench"), "--no-vacuum", "--protocol=prepared"]
    command += [f"--file={script}", f"--client={clients}", f"--jobs={min(clients, _THREADS_MAX)}"]
    command += [f"--time={seconds}"]
    uri = conninfo_to_dict(server.owner_url)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PGHOST": str(uri["host"]),
        "PGPORT": str(uri["port"]),
        "PGUSER": str(uri["user"]),
        "PGPASSWORD": str(uri["password"]),  # in the environment, not among the arguments that `ps` shows
        "PGDATABASE": str(uri["dbname"]),
    }
    result = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds + _OVERTIME_S,
        check=False,
    )
    return tps_of(result.stdout, result.stderr)


def tps_of(output: str, errors: str) -> float:
    """The figure in what pgbench said. Raises PgbenchFailed when it has none."""
    found = _TPS.search(output)
    if found is not None:
        return float(found[1])
    if _NOTHING_DONE in output and not errors:
        return 0.0  # a second on a busy machine is over before 64 clients are connected: pgbench then leaves the line out
    raise PgbenchFailed(" ".join((errors or output).split())[-400:])
