"""A worker whose database goes away says so in a few lines of its own: no traceback, and no address or data from a library."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.support.database import DbUrls
from wenyue_lab.chaos.proxy import ChaosProxy

pytestmark = pytest.mark.anyio
OUTAGE_S = 4.0
LINES_MAX = 20


async def test_a_lost_database_is_a_line_and_no_traceback(db_urls: DbUrls, tmp_path: Path) -> None:
    given = parse_qs(urlsplit(db_urls.app_url).query)
    real, listen = Path(given["host"][0]) / ".s.PGSQL.5432", tmp_path / ".s.PGSQL.5432"
    query = f"host={quote(str(tmp_path), safe='')}&port={given['port'][0]}"
    environment = os.environ | {
        "WENYUE_HOME": str(tmp_path / "home"),
        "WENYUE_DATABASE_URL": urlsplit(db_urls.app_url)._replace(query=query).geturl(),
    }
    async with ChaosProxy(listen, real) as link:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "wenyue.cli",
            "worker",
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        while link.counts["connections"] < 5:  # the pool's and the job queue's
            await asyncio.sleep(0.05)
            assert worker.returncode is None
        await asyncio.sleep(1)
    listen.unlink(missing_ok=True)
    await asyncio.sleep(OUTAGE_S)
    async with ChaosProxy(listen, real) as link:
        while link.counts["connections"] < 2:
            await asyncio.sleep(0.05)
            assert worker.returncode is None
        worker.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(worker.communicate(), 30)
    said = output.decode()
    assert "again in" in said or "does not answer" in said, said
    assert "Traceback" not in said, said
    assert str(tmp_path) not in said, said
    assert len(said.splitlines()) < LINES_MAX, said
