"""How secrets are stored: keyed, dear to guess, and stored anew when the cost rises."""

import pytest

from tests.support.cards import VAULT, activated
from tests.support.guessing import owner, urls
from wenyue import accounts, cards
from wenyue.accounts import hash_secret, is_outdated, passwords
from wenyue.core.personal import KeyRing, Vault
from wenyue.platform.database.db import Database

pytestmark = pytest.mark.anyio
__all__ = ["owner", "urls"]


async def test_security_M3_secrets_are_keyed_dear_and_stored_anew(owner: Database) -> None:
    cost = passwords.SHIPPED_COST
    # OWASP Password Storage Cheat Sheet: N=2^17 p=1, or as dear with less memory: 2^16 p=2, 2^15 p=3, 2^14 p=5, 2^13 p=10.
    assert (cost.log2_n, cost.block, cost.parallel) in {(17, 8, 1), (16, 8, 2), (15, 8, 3), (14, 8, 5)}
    old = "scrypt$13$" + "00" * 16 + "$" + _old_hash("12345678")
    assert await accounts.verify_secret("12345678", old, VAULT)
    assert is_outdated(old, VAULT)
    fresh = await hash_secret("12345678", VAULT)
    assert not is_outdated(fresh, VAULT)
    other = accounts_vault(b"j")
    assert not await accounts.verify_secret("12345678", fresh, other)  # the table without the key
    async with owner.transaction() as tx:
        await cards.save_types(tx)
        answer, card = await activated(tx)
        await tx.execute("UPDATE cards.card SET pin_hash = %s", [old])
        assert await cards.sign_in(tx, VAULT, card.card_no, "87654321") != answer.holder_id
        [(kept,)] = await (await tx.execute("SELECT pin_hash FROM cards.card")).fetchall()
        assert kept == old
        assert await cards.sign_in(tx, VAULT, card.card_no, "12345678") == answer.holder_id
        [(stored,)] = await (await tx.execute("SELECT pin_hash FROM cards.card")).fetchall()
    assert not is_outdated(stored, VAULT)
    assert await accounts.verify_secret("12345678", stored, VAULT)


def accounts_vault(index: bytes) -> Vault:
    return Vault(KeyRing({1: b"k" * 32}, 1, index * 32))


def _old_hash(secret: str) -> str:
    import hashlib

    made = hashlib.scrypt(secret.encode(), salt=bytes(16), n=1 << 13, r=8, p=1, maxmem=1 << 26, dklen=32)
    return made.hex()
