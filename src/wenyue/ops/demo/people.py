"""The demo's staff logins and cards, with numbers and secrets that everybody knows: never for an installation that lives."""

from typing import Final

from wenyue import accounts, cards
from wenyue.core.clock import utc_now
from wenyue.core.duties import FormerRole, duties_of_role
from wenyue.core.personal import Vault
from wenyue.locale.terminal import gettext
from wenyue.platform.database.db import Tx

STAFF_PASSWORD: Final = "demo-2026"  # noqa: S105 - printed on the console at every start
STAFF: Final[tuple[tuple[str, FormerRole, str], ...]] = (
    ("gate", "gate", "演示检票员"),
    ("operator", "operator", "演示运营员"),
)
# Card type, number (the last digit checks the others), PIN: printed, shipped, waiting to be activated.
CARDS: Final = (
    ("demo", "6000202600000019", "20260001"),
    ("demo", "6000202600000027", "20260002"),
    ("jjj-annual", "6000202600000035", "20260003"),
    ("hainan-annual", "6000202600000043", "20260004"),
    ("luoyang-annual", "6000202600000051", "20260005"),
    ("kunshan-electronic", "6000202600000060", "20260006"),
    ("yichang-annual", "6000202600000078", "20260007"),
)
# The worked example of GB 11643-1999 itself: valid, and nobody's.
RESIDENT_ID: Final = "11010519491231002X"
HOLDER_NAME: Final = "张演示"
PHONE: Final = "13800138000"
_ACTOR: Final = "system:demo"


async def add_people(tx: Tx, vault: Vault) -> None:
    """Staff who can sign in, and cards that can be activated."""
    now = utc_now()
    for login, role, display_name in STAFF:
        await accounts.save_staff(
            tx,
            vault,
            login=login,
            password=STAFF_PASSWORD,
            duties=duties_of_role(role),
            now=now,
            actor=_ACTOR,
            display_name=display_name,
            is_demo=True,
        )
    for type_code, card_no, pin in CARDS:
        await cards.issue(tx, vault, type_code=type_code, now=now, actor=_ACTOR, card_no=card_no, pin=pin)


def banner() -> str:
    """What to activate and to sign in with, for the console; a few lines."""
    _, card_no, pin = CARDS[0]
    spaced = " ".join(card_no[start : start + 4] for start in range(0, len(card_no), 4))
    logins = ", ".join(login for login, _, _ in STAFF)
    return "\n".join(
        [
            gettext("demo card: {card_no}  PIN: {pin}", card_no=spaced, pin=pin),
            gettext(
                "  activate with: {name}  {document}  {phone}",
                name=HOLDER_NAME,
                document=RESIDENT_ID,
                phone=PHONE,
            ),
            gettext("demo staff: {logins}  password: {password}", logins=logins, password=STAFF_PASSWORD),
            gettext("  gate: /gate   live page: operator"),
        ]
    )
