"""The demo's staff logins and cards, with numbers and secrets that everybody knows: never for an installation that lives."""

from typing import Final

from wenyue import accounts
from wenyue.infra.config import Settings
from wenyue.infra.db import Tx
from wenyue.kernel.clock import utc_now

ACTOR: Final = "system:demo"
GATE_LOGIN: Final = "gate"
OPERATOR_LOGIN: Final = "operator"
STAFF_PASSWORD: Final = "demo-2026"  # noqa: S105 - printed on the console at every start
# The worked example of GB 11643-1999 itself: valid, and nobody's.
RESIDENT_ID: Final = "11010519491231002X"
HOLDER_NAME: Final = "张演示"
PHONE: Final = "13800138000"


async def add_people(tx: Tx, settings: Settings) -> None:
    """Staff who can sign in, and cards that can be activated. `settings` is for what needs the installation's keys."""
    del settings
    now = utc_now()
    await accounts.save_staff(
        tx,
        login=GATE_LOGIN,
        password=STAFF_PASSWORD,
        role="gate",
        now=now,
        actor=ACTOR,
        display_name="演示检票员",
    )
    await accounts.save_staff(
        tx,
        login=OPERATOR_LOGIN,
        password=STAFF_PASSWORD,
        role="operator",
        now=now,
        actor=ACTOR,
        display_name="演示运营员",
    )


def banner() -> str:
    """What to sign in with, for the console; a few lines."""
    return "\n".join(
        [
            f"demo gate · 检票: {GATE_LOGIN} / {STAFF_PASSWORD}   demo operator · 运营: {OPERATOR_LOGIN} / {STAFF_PASSWORD}",
        ]
    )
