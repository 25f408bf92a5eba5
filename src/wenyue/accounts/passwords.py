"""Passwords and card PINs as they are stored: scrypt with a salt each (RFC 7914), the cost written beside the hash.

The cost (8 MiB, 17 ms a try where it was measured) is what one login may spend; the lockout, not the cost, protects a
short PIN against guessing at the door, and the cost protects a stolen table. Two threads do it, so that a rush of
logins takes neither the event loop nor the memory of a worker.
"""

import asyncio
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

_LOG2_N: Final = 13
_BLOCK: Final = 8
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_MEMORY_BYTES_MAX: Final = 64 * 1024 * 1024
_LOG2_N_MAX: Final = 15
SECRET_LENGTH_MAX: Final = 128
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="scrypt")
NO_SECRET: Final = "-"  # noqa: S105 - stored where nobody can sign in with a secret


async def hash_secret(secret: str) -> str:
    """`secret` as it is stored. Runs in a thread: the event loop does not wait for it."""
    salt = os.urandom(_SALT_BYTES)
    digest = await _scrypt_in_thread(secret, salt, _LOG2_N)
    return f"scrypt${_LOG2_N}${salt.hex()}${digest.hex()}"


async def verify_secret(secret: str, stored: str) -> bool:
    """Whether `secret` is the one behind `stored`; false for NO_SECRET and anything unreadable. Runs in a thread."""
    parts = stored.split("$")
    if len(secret) > SECRET_LENGTH_MAX or len(parts) != 4 or parts[0] != "scrypt":
        return False
    try:
        log2_n, salt, digest = int(parts[1]), bytes.fromhex(parts[2]), bytes.fromhex(parts[3])
    except ValueError:
        return False
    if not 1 <= log2_n <= _LOG2_N_MAX:
        return False
    return hmac.compare_digest(await _scrypt_in_thread(secret, salt, log2_n), digest)


async def _scrypt_in_thread(secret: str, salt: bytes, log2_n: int) -> bytes:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _scrypt, secret, salt, log2_n)


def _scrypt(secret: str, salt: bytes, log2_n: int) -> bytes:
    return hashlib.scrypt(
        secret.encode(errors="surrogatepass"),
        salt=salt,
        n=1 << log2_n,
        r=_BLOCK,
        p=1,
        maxmem=_MEMORY_BYTES_MAX,
        dklen=_HASH_BYTES,
    )
