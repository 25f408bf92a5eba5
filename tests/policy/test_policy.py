"""Presets, overrides, strikes and bans against a real server."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from wenyue import policy
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx
from wenyue.policy.model import PresetError

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
PERSON, OTHER = b"p" * 16, b"q" * 16
PRESETS = policy.shipped_presets()


@pytest.fixture
async def tx(make_database: Any) -> AsyncIterator[Tx]:
    async with await psycopg.AsyncConnection.connect(
        make_database().owner_url, autocommit=True
    ) as connection:
        yield connection


async def strike(tx: Tx, code: str, day: date, booking_id: UUID, kind: Any = "no_show") -> datetime | None:
    return await policy.add_strike(
        tx,
        subject_key=PERSON,
        policy_code=code,
        kind=kind,
        on_date=day,
        booking_id=booking_id,
        now=NOW,
        preset=PRESETS[code],
    )


async def test_shipped_presets_are_there_without_being_stored(tx: Tx) -> None:
    presets = await policy.load_presets(tx)
    assert presets == PRESETS
    assert presets["nobody-has-it"] is presets["default"]
    assert "nobody-has-it" not in presets


async def test_an_operators_preset_wins_and_stays(tx: Tx) -> None:
    await policy.save_presets(tx)
    await tx.execute("UPDATE policy.preset SET rules = rules || '{\"party_max\": 3}' WHERE code = 'lingyin'")
    assert await policy.save_presets(tx) == 0
    presets = await policy.load_presets(tx)
    assert presets["lingyin"].party_max == 3
    assert presets["gugong"] == PRESETS["gugong"]


async def test_presets_are_stored_once_and_read_back_whole(tx: Tx) -> None:
    assert await policy.save_presets(tx) == len(PRESETS)
    assert await policy.save_presets(tx) == 0
    assert await policy.load_presets(tx) == PRESETS


async def test_a_preset_spoilt_in_the_database_is_named(tx: Tx) -> None:
    await policy.save_presets(tx)
    await tx.execute("UPDATE policy.preset SET rules = rules || '{\"party_max\": -1}' WHERE code = 'lingyin'")
    with pytest.raises(PresetError, match=r"policy\.preset 'lingyin'.*party_max"):
        await policy.load_presets(tx)


async def test_overrides_reach_the_calendar(tx: Tx) -> None:
    assert (await policy.load_calendar(tx)).day_kind(date(2027, 10, 4)) == "workday"
    await policy.save_override(tx, date(2027, 10, 4), "weekend", "", "mistyped")
    await policy.save_override(tx, date(2027, 10, 4), "holiday", "国庆节", "国务院办公厅通知")
    calendar = await policy.load_calendar(tx)
    assert (calendar.day_kind(date(2027, 10, 4)), calendar.holiday_name(date(2027, 10, 4))) == (
        "holiday",
        "国庆节",
    )


async def test_a_ladder_of_bans_and_a_repeated_strike(tx: Tx) -> None:
    first = uuid7()
    until = await strike(tx, "lingyin", date(2026, 11, 21), first)
    # 22 November 12:00 in China: from the next midnight for 30 days
    assert until == datetime(2026, 12, 22, 16, tzinfo=UTC)
    assert await strike(tx, "lingyin", date(2026, 11, 21), first) is None
    assert await policy.bans(tx, [PERSON, OTHER], NOW) == [(PERSON, "lingyin", until)]
    second = await strike(tx, "lingyin", date(2026, 11, 22), uuid7())
    assert second is not None
    assert second == datetime(2027, 1, 21, 16, tzinfo=UTC)
    assert await policy.bans(tx, [PERSON], NOW) == [(PERSON, "lingyin", second)]
    assert await policy.bans(tx, [OTHER], NOW) == []
    assert await policy.bans(tx, [PERSON], second) == []
    assert await policy.bans(tx, [], NOW) == []


async def test_three_strikes_within_180_days(tx: Tx) -> None:
    assert await strike(tx, "gugong", date(2026, 5, 1), uuid7()) is None  # too old to count
    assert await strike(tx, "gugong", date(2026, 9, 1), uuid7()) is None
    assert await strike(tx, "gugong", date(2026, 9, 1), uuid7(), "late_cancel") is None  # one a day
    assert await strike(tx, "gugong", date(2026, 11, 1), uuid7()) is None
    assert await strike(tx, "gugong", date(2026, 11, 21), uuid7()) is not None


async def test_a_forgiven_strike_does_not_count(tx: Tx) -> None:
    await strike(tx, "maozhuxi-jiniantang", date(2026, 11, 1), uuid7())
    await tx.execute("UPDATE policy.strike SET forgiven_at = now()")
    assert await strike(tx, "maozhuxi-jiniantang", date(2026, 11, 21), uuid7()) is None
    assert await strike(tx, "maozhuxi-jiniantang", date(2026, 11, 22), uuid7()) is not None


async def test_cancellations_are_remembered_by_day_without_banning(tx: Tx) -> None:
    for day in (20, 21, 21):
        assert await strike(tx, "maozhuxi-jiniantang", date(2026, 11, day), uuid7(), "cancel") is None
    asked = {"subjects": [PERSON], "since": date(2026, 11, 21)}
    found = await (await tx.execute(policy.CANCELS_OF, asked)).fetchall()
    assert found == [(PERSON, "maozhuxi-jiniantang", date(2026, 11, 21))] * 2
    assert await policy.bans(tx, [PERSON], NOW) == []
