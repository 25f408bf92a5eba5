"""Rules that an operator mistypes: the last good ones stay in force, at the start as well, and it is said once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue import container as module
from wenyue.app import create_app
from wenyue.container import Services, build
from wenyue.platform.config import load
from wenyue.platform.database.db import Tx
from wenyue.policy import save_presets
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
DAMAGE = "UPDATE policy.preset SET rules = rules || '{\"party_max\": \"nine\"}' WHERE code = 'guobo'"


@pytest.fixture
async def tx(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[tuple[Tx, Services]]:
    url = make_database().owner_url
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await save_presets(connection)
        await dataset.card_type(connection)
        variables = {"WENYUE_DATABASE_URL": url, "WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_POOL": "4"}
        yield connection, build(load(variables))


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_mistyped_rule_leaves_the_last_good_one_in_force(
    tx: tuple[Tx, Services], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_RULES_REFRESH_S", 0.05)
    connection, services = tx
    await connection.execute(
        "UPDATE policy.preset SET rules = rules || '{\"party_max\": 3}' WHERE code = 'guobo'"
    )
    await services.start()
    await connection.execute(DAMAGE)
    await connection.execute("UPDATE cards.card_type SET rules = '{\"oops\": 1}'")
    await eventually(lambda: len(services.rule_problems) == 2)
    await asyncio.sleep(0.3)  # several further refreshes
    assert services.presets["guobo"].party_max == 3
    assert dataset.OPEN_TYPE in services.card_types
    assert [one.levelno for one in caplog.records if "guobo" in one.message] == [logging.ERROR]
    await connection.execute(
        "UPDATE policy.preset SET rules = rules || '{\"party_max\": 4}' WHERE code = 'guobo'"
    )
    await eventually(lambda: services.presets["guobo"].party_max == 4)
    await eventually(lambda: len(services.rule_problems) == 1)
    await services.stop()


async def test_a_mistyped_rule_does_not_stop_the_start(tx: tuple[Tx, Services]) -> None:
    connection, services = tx
    await connection.execute(DAMAGE)
    await connection.execute("UPDATE cards.card_type SET rules = '{\"oops\": 1}'")
    app = create_app(services.settings)
    services = app.services
    await services.start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "rules": list(services.rule_problems)},
    )
    assert services.presets["guobo"].party_max == 5  # as shipped
    assert services.card_types == {}
    assert [one.partition(":")[0] for one in services.rule_problems] == [
        "cards.card_type 'fixtures'",
        "policy.preset 'guobo'",
    ]
    await services.stop()
