"""Fixtures for every test: one database server per session, a fresh migrated database per module.

``db_urls`` is what most tests want: ``app_url`` (the application's role) and ``owner_url`` of a database
that is this module's own. ``make_database`` makes further ones. The server starts only when asked for.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from tests.support.database import DbUrls, TestServer
from wenyue.accounts import passwords

SESSION_VARIABLE = "WENYUE_TEST_SESSION"
READY_DEADLINE_S = 120.0
END_DEADLINE_S = 300.0  # hundreds of databases are deleted then
POLL_S = 0.02
EXAMPLE_DEADLINE = timedelta(seconds=30)  # a net: on a busy machine any example may stand still for a while
KEEPER = Path(__file__).parent / "support" / "database_keeper.py"

_keeper_key = pytest.StashKey[subprocess.Popen[bytes]]()
_numbers = itertools.count(1)
settings.register_profile("shared machine", deadline=EXAMPLE_DEADLINE)
settings.load_profile("shared machine")


def pytest_configure(config: pytest.Config) -> None:
    """In the session's first process: start the keeper, which waits until a test wants the server."""
    if SESSION_VARIABLE in os.environ:
        return
    for name in [name for name in os.environ if name.startswith("WENYUE_")]:
        del os.environ[name]  # the caller's own installation is not what is tested
    session = tempfile.mkdtemp(prefix="wenyue-test-")
    os.environ[SESSION_VARIABLE] = session
    os.environ["WENYUE_HOME"] = str(Path(session, "app"))  # no test touches ./var
    os.environ["WENYUE_LANG"] = "en"  # what commands say
    config.stash[_keeper_key] = subprocess.Popen(
        [sys.executable, str(KEEPER), session], stdin=subprocess.PIPE, start_new_session=True
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the keeper's input, wait until server and data are gone, remove the session's folder."""
    keeper = config.stash.get(_keeper_key, None)
    if keeper is None:
        return
    keeper.communicate(timeout=END_DEADLINE_S)
    shutil.rmtree(os.environ.pop(SESSION_VARIABLE), ignore_errors=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests (``@pytest.mark.anyio``) run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def cheap_secrets() -> None:
    """The tests check hundreds of PINs: the same way, with less work. What is shipped has a test of its own."""
    passwords.COST = passwords.Cost(10, 8, 1)


@pytest.fixture(scope="session")
def database_server() -> TestServer:
    """The session's database server, started on first use."""
    session = Path(os.environ[SESSION_VARIABLE])
    (session / "request").touch()
    deadline = time.monotonic() + READY_DEADLINE_S
    while not (session / "ready").exists():
        if (session / "failed").exists():
            pytest.fail((session / "failed").read_text(encoding="utf-8"), pytrace=False)
        if time.monotonic() > deadline:
            pytest.fail(f"the database server did not start within {READY_DEADLINE_S:.0f} s", pytrace=False)
        time.sleep(POLL_S)
    facts = json.loads((session / "ready").read_text(encoding="utf-8"))
    return TestServer(**(facts | {"programs": Path(facts["programs"])}))


@pytest.fixture(scope="session")
def make_database(database_server: TestServer) -> Callable[[], DbUrls]:
    """A function that makes a fresh migrated database; all of them go with the server: to drop one costs a checkpoint."""
    admin_url = database_server.superuser_url

    def make() -> DbUrls:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = f"test_{worker}_{os.getpid()}_{next(_numbers)}"
        command = sql.SQL("CREATE DATABASE {} TEMPLATE wenyue OWNER wenyue_owner STRATEGY file_copy")
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(command.format(sql.Identifier(name)))
        return database_server.urls(name)

    return make


@pytest.fixture(scope="module")
def db_urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    """A fresh migrated database for this module: ``db_urls.app_url``, ``db_urls.owner_url``."""
    return make_database()
