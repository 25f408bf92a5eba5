"""From a booking as people see it to the text of its QR code. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from wenyue.booking import BookingView
from wenyue.gate.tokens import VENUES_MAX, GateKeys, TokenClaims, voucher_token
from wenyue.policy import Preset


def voucher_text(view: BookingView, keys: GateKeys, presets: Mapping[str, Preset], now: datetime) -> str:
    """The signed token for the live lines, valid from the first entry to the last with the presets' grace.

    A booking of more venues than a token names shows its identifier instead, which a gate looks up.
    """
    lines = [line for line in view.lines if line.is_live]
    venues = tuple(dict.fromkeys(line.venue_id for line in lines))
    if not 0 < len(venues) <= VENUES_MAX:
        return str(view.id)
    opens: list[datetime] = []
    closes: list[datetime] = []
    for line in lines:
        preset = presets.get(line.policy_code)
        opens.append(line.starts_at - timedelta(seconds=preset.entry_early_s if preset else 0))
        closes.append(line.ends_at + timedelta(seconds=preset.entry_late_s if preset else 0))
    claims = TokenClaims(
        booking_id=view.id,
        venue_ids=venues,
        first_day=min(line.on_date for line in lines),
        last_day=max(line.on_date for line in lines),
        not_before=min(opens),
        expires=max(closes),
        issued=now,
    )
    return voucher_token(claims, keys)
