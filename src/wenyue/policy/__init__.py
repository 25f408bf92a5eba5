"""Reservation policy: presets (release, party, cancellation, penalties), the holiday calendar, strikes and bans."""

from wenyue.policy.holidays import HOLIDAY_NAMES
from wenyue.policy.model import (
    DayKind,
    HolidayCalendar,
    Preset,
    PresetError,
    PresetSlot,
    StrikeKind,
    parse_preset,
)
from wenyue.policy.rules import (
    CancelTerms,
    PartyProblem,
    ban_after,
    cancel_limit_reached,
    cancel_terms,
    check_party,
    release_at,
    sales_end_at,
)
from wenyue.policy.store import (
    BANS_OF,
    add_strike,
    bans,
    cancels,
    load_calendar,
    load_presets,
    read_presets,
    save_override,
    save_presets,
    shipped_presets,
)

__all__ = [
    "BANS_OF",
    "HOLIDAY_NAMES",
    "CancelTerms",
    "DayKind",
    "HolidayCalendar",
    "PartyProblem",
    "Preset",
    "PresetError",
    "PresetSlot",
    "StrikeKind",
    "add_strike",
    "ban_after",
    "bans",
    "cancel_limit_reached",
    "cancel_terms",
    "cancels",
    "check_party",
    "load_calendar",
    "load_presets",
    "parse_preset",
    "read_presets",
    "release_at",
    "sales_end_at",
    "save_override",
    "save_presets",
    "shipped_presets",
]
