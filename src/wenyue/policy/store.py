"""The policy slice's rows: presets, calendar overrides, strikes and bans."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Final, LiteralString
from uuid import UUID

from wenyue.core.clock import at_local, local_date
from wenyue.platform.database.db import Tx, fetch_dicts, queries
from wenyue.policy.model import (
    DayKind,
    HolidayCalendar,
    Override,
    Preset,
    PresetError,
    StrikeKind,
    parse_preset,
)
from wenyue.policy.rules import ban_after

_SQL: Final = queries("wenyue.policy")
CANCELS_OF: Final[LiteralString] = _SQL[
    "cancels_of"
]  # %(subjects)s::bytea[], %(since)s → subject_key, policy_code, on_date
BANS_OF: Final[LiteralString] = _SQL[
    "bans_of"
]  # %(subjects)s::bytea[], %(now)s → subject_key, policy_code, until


@dataclass(frozen=True, slots=True)
class BanInForce:
    """A ban as it stands: `reason` is the kind of the last strike, `strikes` how many stand behind it."""

    subject_key: bytes
    policy_code: str
    until: datetime
    reason: str
    strikes: int


class _Presets(dict[str, Preset]):
    def __missing__(self, code: str) -> Preset:
        return self["default"]


async def load_presets(tx: Tx) -> dict[str, Preset]:
    """Every preset by code: the shipped ones, and over them what is stored (an operator's own, or edited).

    Subscripting with an unknown code answers 'default': a product that names a preset nobody has can still be booked.
    Raises PresetError naming the preset and the field when a stored one is mistyped.
    """
    rows = await (await tx.execute(_SQL["presets"])).fetchall()
    stored = {code: parse_preset(rules, where=f"policy.preset {code!r}") for code, rules in rows}
    return _Presets(shipped_presets() | stored)


async def read_presets(tx: Tx, last_good: Mapping[str, Preset]) -> tuple[dict[str, Preset], list[str]]:
    """Like `load_presets`, but a mistyped preset stays as it is in `last_good`, else as shipped; and what is wrong.

    One that was never good and is not shipped is left out: its products follow 'default' until it is mended.
    """
    presets, problems = _Presets(shipped_presets()), list[str]()
    for code, rules in await (await tx.execute(_SQL["presets"])).fetchall():
        try:
            presets[code] = parse_preset(rules, where=f"policy.preset {code!r}")
        except PresetError as error:
            problems.append(str(error))
            if code in last_good:
                presets[code] = last_good[code]
    return presets, problems


async def save_presets(tx: Tx, *, like: Mapping[str, tuple[str, Mapping[str, object]]] | None = None) -> int:
    """Store the shipped presets that are not stored yet, for an operator to edit; returns how many are new.

    `like`: further ones by code, each the shipped one of a name with some fields changed.
    """
    documents = [
        {"code": preset.code, "rules": json.loads(raw), "source": preset.source}
        for raw, preset in _shipped_documents()
    ]
    shipped = {preset.code: json.loads(raw) for raw, preset in _shipped_documents()}
    for code, (model, changes) in (like or {}).items():
        documents.append({"code": code, "rules": shipped[model] | {"code": code} | changes, "source": model})
    cursor = await tx.execute(_SQL["save_presets"], {"presets": json.dumps(documents, ensure_ascii=False)})
    return cursor.rowcount


def shipped_presets() -> dict[str, Preset]:
    """The presets of `policy/presets/*.json` by code; an unknown code answers 'default'."""
    return _Presets({preset.code: preset for _, preset in _shipped_documents()})


async def load_calendar(tx: Tx) -> HolidayCalendar:
    """The published calendar with the override table over it."""
    rows = await fetch_dicts(tx, _SQL["overrides"])
    return HolidayCalendar({row["on_date"]: Override(row["day_kind"], row["name_zh"]) for row in rows})


async def save_override(tx: Tx, on_date: date, day_kind: DayKind, name_zh: str, source: str) -> None:
    """Enter what `on_date` is, with the notice that says so; every process sees it when it next loads the calendar."""
    await tx.execute(
        _SQL["save_override"],
        {"on_date": on_date, "day_kind": day_kind, "name_zh": name_zh, "source": source},
    )


async def bans(tx: Tx, subject_keys: list[bytes], now: datetime) -> list[tuple[bytes, str, datetime]]:
    """The bans in force: subject key, policy code, until."""
    cursor = await tx.execute(BANS_OF, {"subjects": subject_keys, "now": now})
    return [(bytes(key), code, until) for key, code, until in await cursor.fetchall()]


async def share_bans(tx: Tx, subject_keys: list[bytes], now: datetime) -> None:
    """These subjects turned out to be one person's: what is in force against one of them is against all."""
    await tx.execute(_SQL["share_bans"], {"subjects": subject_keys, "now": now})


async def bans_behind(tx: Tx, subject_keys: list[bytes], now: datetime) -> list[BanInForce]:
    """The bans in force against these subjects, for whoever decides about lifting them."""
    cursor = await tx.execute(_SQL["bans_with_strikes"], {"subjects": subject_keys, "now": now})
    return [BanInForce(bytes(row[0]), *row[1:]) for row in await cursor.fetchall()]


async def lift_bans(
    tx: Tx, subject_keys: list[bytes], policy_code: str | None, now: datetime
) -> dict[str, int]:
    """End the bans (of one preset, or all) and forgive what they were for; preset → strikes that count no more.

    A subject without a ban keeps its strikes: a bare number may be several people's. As the owner; the caller records who
    did it and why. Empty when no ban is in force.
    """
    asked = {"subjects": subject_keys, "code": policy_code, "now": now}
    ended = await (await tx.execute(_SQL["end_bans"], asked)).fetchall()
    forgiven = dict.fromkeys(sorted({code for _, code in ended}), 0)
    if ended:
        behind = {"subjects": [key for key, _ in ended], "codes": [code for _, code in ended], "now": now}
        for (code,) in await (await tx.execute(_SQL["forgive_strikes"], behind)).fetchall():
            forgiven[code] += 1
    return forgiven


async def add_strike(
    tx: Tx,
    *,
    subject_key: bytes,
    policy_code: str,
    kind: StrikeKind,
    on_date: date,
    booking_id: UUID,
    now: datetime,
    preset: Preset | None,
    timezone: str = "Asia/Shanghai",
) -> datetime | None:
    """Count a strike once, and ban when the preset says so; returns the new ban's end.

    `on_date` is the day of the visit, or, for kind 'cancel', the day of the cancelling. A ban runs from the
    next midnight at the venue (故宫: “从第3次爽约的次日起”). Without a preset it only counts: an account's cancellation.
    """
    subject: dict[str, object] = {"subject_key": subject_key, "policy_code": policy_code}
    added = await tx.execute(
        _SQL["add_strike"], subject | {"kind": kind, "on_date": on_date, "booking_id": booking_id}
    )
    if (
        await added.fetchone() is None
        or preset is None
        or preset.strikes is None
        or kind not in preset.strikes.kinds
    ):
        return None
    rows = await (await tx.execute(_SQL["strikes_of"], subject)).fetchall()
    today = local_date(now, timezone)
    length = ban_after(preset, [(row[0], row[1]) for row in rows], today)
    if length is None:
        return None
    until = at_local(today + timedelta(days=1) + length, time(0), timezone)
    await tx.execute(_SQL["ban"], subject | {"until": until, "reason": kind})
    return until


@cache
def _shipped_documents() -> list[tuple[str, Preset]]:
    folder = files("wenyue.policy").joinpath("presets")
    texts = {
        one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.name.endswith(".json")
    }
    return [(text, parse_preset(text, where=name)) for name, text in sorted(texts.items())]
