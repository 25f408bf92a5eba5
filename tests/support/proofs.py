"""A proof to be a holder, arranged as `cards.recovery` writes it down."""

from datetime import datetime

from wenyue.accounts import who
from wenyue.accounts.logins import login_key
from wenyue.cards import recovery
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx


async def prove(tx: Tx, token: str, at: datetime) -> None:
    """This login began by document and phone, when the holder's cards that are frozen now were."""
    request_id, key = uuid7(), login_key(token)
    login = await who(tx, token, at)
    assert login is not None
    await tx.execute(
        "INSERT INTO cards.recovery (id, holder_id, phone_key, how, started_at, proven_at)"
        " VALUES (%s, %s, '', 'code', %s, %s)",
        [request_id, login.traveller_id, at, at],
    )
    await recovery.bind(tx, request_id, key)
