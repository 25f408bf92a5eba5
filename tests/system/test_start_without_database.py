"""A web process whose database goes away while it starts says so in a line, without a traceback."""

from pathlib import Path
from typing import Any

import pytest

from wenyue.app import create_app
from wenyue.platform.config import load

pytestmark = pytest.mark.anyio


async def failed(app: Any) -> str:
    """What the server is told of a start that fails."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it was, the server hears of it below
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    [message] = [one for one in said if one["type"] == "lifespan.startup.failed"]
    return message["message"]


async def test_a_database_that_is_away_is_told_in_a_line(tmp_path: Path) -> None:
    nowhere = f"postgresql://nobody@/nothing?host={tmp_path}"
    app = create_app(load({"WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_URL": nowhere}))
    assert await failed(app) == "not started: DatabaseDown"


async def test_a_defect_is_told_with_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(
        load({"WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_URL": "postgresql://nobody@/nothing"})
    )

    async def nothing(*_: object) -> None:
        return None

    async def broken() -> None:
        raise LookupError("a defect")

    monkeypatch.setattr(app.services.engine, "start", broken)
    monkeypatch.setattr(type(app.services), "_read_rules", nothing)
    monkeypatch.setattr(app.services.db, "open", nothing)
    assert "Traceback" in await failed(app)
