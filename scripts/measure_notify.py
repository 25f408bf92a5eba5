"""What NOTIFY in every commit costs: pgbench with an outbox row, with the row and a NOTIFY, with a job instead of the row.

Run with WENYUE_HOME pointing to an empty folder: `WENYUE_HOME=$(mktemp -d) .venv/bin/python scripts/measure_notify.py`.
"""

import re
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from wenyue.ops.database import ready_database
from wenyue.platform.config import load

ROUNDS: Final = 5
SECONDS: Final = 4
CLIENTS: Final = (1, 16, 64)
ROW: Final = "INSERT INTO booking.outbox (kind, booking_ids, at) VALUES (1, ARRAY[gen_random_uuid()], now());"
NOTIFY: Final = "SELECT pg_notify('wenyue', 'x');"
JOB: Final = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'x', 0, NULL, NULL, '{}', NULL)]"
    "::procrastinate_job_to_defer_v1[]);"
)
WAYS: Final = {
    "outbox row": ROW,
    "outbox row + NOTIFY": f"BEGIN;\n{ROW}\n{NOTIFY}\nCOMMIT;",
    "job": JOB,
}
TPS: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def run(pgbench: str, url: str, script: Path, clients: int) -> float:
    """Transactions per second."""
    size = ["--client", str(clients), "--jobs", "2", "--time", str(SECONDS)]
    command = [pgbench, "--no-vacuum", "--protocol=prepared", *size, "--file", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS + 60)
    found = TPS.search(done.stdout)
    if found is None:
        raise SystemExit(done.stdout + done.stderr)
    return float(found.group(1))


def main() -> None:
    """Print a table: median (min to max) of the rounds, and the ratio to the outbox row of the same round."""
    with ready_database(load(), print) as db, tempfile.TemporaryDirectory() as folder:
        if db.server is None:
            raise SystemExit("unset WENYUE_DATABASE_URL: this fills a database with rows")
        pgbench = str(db.server.programs / "bin" / "pgbench")
        scripts = {way: Path(folder, f"{number}.sql") for number, way in enumerate(WAYS)}
        for way, script in scripts.items():
            script.write_text(WAYS[way], encoding="utf-8")
        for clients in CLIENTS:
            rounds = [
                {way: run(pgbench, db.app_url, script, clients) for way, script in scripts.items()}
                for _ in range(ROUNDS)
            ]
            for way in WAYS:
                rates = [one[way] for one in rounds]
                ratios = [one[way] / one["outbox row"] for one in rounds]
                print(
                    f"{clients:3} clients  {way:20} {summary(rates, '.0f')}/s  ratio {summary(ratios, '.2f')}"
                )


def summary(figures: list[float], form: str) -> str:
    """Median, and from the least to the most."""
    return f"{statistics.median(figures):{form}} ({min(figures):{form}} to {max(figures):{form}})"


if __name__ == "__main__":
    main()
