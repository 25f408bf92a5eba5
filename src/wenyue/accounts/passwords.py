"""Passwords and card PINs as they are stored: scrypt with a salt each (RFC 7914), then keyed; cost and key stand beside the hash.

The key ("pepper") is none of the database's: whoever has the table alone can try nothing against it, not even the short PINs.
The cost is one of those that OWASP's Password Storage Cheat Sheet calls equal (N=2^14, r=8, p=5): 16 MiB a check, so that a
process that checks a few at once keeps its memory. What was stored under an older cost or key is good until its owner signs
in the next time, and is then stored anew. One thread does it, and takes a quarter of a processor at most while others want it, so
that a rush of sign-ins takes neither the event loop nor the processors from those who book. Its priority is a little lower than
theirs: at a low one a check took ten seconds on a busy machine. Places that guess have a thread of a low one.
"""

import asyncio
import hashlib
import hmac
import os
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from wenyue.core.personal import Vault

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_LOG2_N_MAX: Final = 17
_BLOCK_MAX: Final = 16
_PARALLEL_MAX: Final = 16
SECRET_LENGTH_MAX: Final = 128
NO_SECRET: Final = "-"  # noqa: S105 - stored where nobody can sign in with a secret
_KIND: Final = "scrypt"
_BOUND: Final = (
    "scrypt-of"  # the key's part covers whose secret it is: copied to another login's row it opens nothing
)
_OLD_PARTS: Final = 4  # scrypt$N$salt$digest, without a key
_PARTS: Final = 7
_NICE: Final = 5  # beside a busy thread of priority 0, a third of what that one has
_NICE_BEHIND: Final = 10  # … a tenth
_PART: Final = 0.25  # of a processor, while others want it
_WANTED: Final = 1.5  # times as long as it computed: others wanted the processor


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt's parameters: memory is 128 * r * N bytes, work grows with p besides."""

    log2_n: int
    block: int  # r
    parallel: int  # p


SHIPPED_COST: Final = Cost(14, 8, 5)  # measured beside each other: 0.21 s, where N=2^17, p=1 took 0.56 s
COST: Cost = SHIPPED_COST  # what is used; the tests, which sign in hundreds of times, use less


@dataclass(frozen=True, slots=True)
class _Stored:
    is_bound: bool
    key_no: int  # 0: not keyed
    cost: Cost
    salt: bytes
    digest: bytes


def _give_way(nice: int) -> None:
    """This thread gives way to the one that answers (Linux keeps a niceness for each thread)."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


class _Pace(threading.local):
    """When the thread may compute again."""

    rested_at = 0.0


_PACE: Final = _Pace()
_THREAD: Final = ThreadPoolExecutor(1, "scrypt", _give_way, (_NICE,))
_THREAD_BEHIND: Final = ThreadPoolExecutor(1, "scrypt-behind", _give_way, (_NICE_BEHIND,))
_IS_BEHIND: Final = ContextVar("is_behind", default=False)


@contextmanager
def behind(*, is_behind: bool) -> Generator[None]:
    """Whether what is checked within gives way to every other check."""
    before = _IS_BEHIND.set(is_behind)
    try:
        yield
    finally:
        _IS_BEHIND.reset(before)


async def hash_secret(secret: str, vault: Vault, *, of: str = "") -> str:
    """`secret` as it is stored. Runs in a thread: the event loop does not wait for it.

    `of`: whose it is ("staff:anna"), for what must not be copied from one row to another.
    """
    salt, key_no = os.urandom(_SALT_BYTES), vault.pepper_no
    digest = vault.peppered(key_no, await _scrypt_in_thread(secret, salt, COST) + of.encode())
    cost = f"{COST.log2_n}${COST.block}${COST.parallel}"
    return f"{_BOUND if of else _KIND}${key_no}${cost}${salt.hex()}${digest.hex()}"


async def verify_secret(secret: str, stored: str, vault: Vault, *, of: str = "") -> bool:
    """Whether `secret` is the one behind `stored`; false for NO_SECRET and anything unreadable. Runs in a thread.

    `of`: whose it has to be, where it is bound to somebody.
    A wrong secret, and one that is compared with nothing, takes as long as a right one takes under the present cost.
    """
    found = _parse(stored)
    if len(secret) > SECRET_LENGTH_MAX or found is None:
        await spend_time(secret)
        return False
    digest = await _scrypt_in_thread(secret, found.salt, found.cost)
    if found.key_no:
        digest = vault.peppered(found.key_no, digest + (of.encode() if found.is_bound else b""))
    is_right = hmac.compare_digest(digest, found.digest)
    if not is_right and found.cost != COST:
        await spend_time(secret)
    return is_right


async def spend_time(secret: str) -> None:
    """As long as checking a secret takes: for a login that does not exist."""
    await _scrypt_in_thread(secret[:SECRET_LENGTH_MAX], bytes(_SALT_BYTES), COST)


def is_outdated(stored: str, vault: Vault, *, of: str = "") -> bool:
    """Whether a hash whose secret was just proved should be stored anew: an older cost, an older key or none, not bound."""
    found = _parse(stored)
    if found is None:
        return False
    return found.key_no != vault.pepper_no or found.cost != COST or found.is_bound != bool(of)


def _parse(stored: str) -> _Stored | None:
    kind, *parts = stored.split("$")
    is_bound = kind == _BOUND
    if kind not in (_KIND, _BOUND) or len(parts) + 1 not in ((_PARTS,) if is_bound else (_OLD_PARTS, _PARTS)):
        return None
    if len(parts) + 1 == _OLD_PARTS:
        parts = ["0", parts[0], "8", "1", *parts[1:]]
    try:
        key_no, log2_n, block, parallel = (int(part) for part in parts[:4])
        salt, digest = bytes.fromhex(parts[4]), bytes.fromhex(parts[5])
    except ValueError:
        return None
    is_sane = 1 <= log2_n <= _LOG2_N_MAX and 1 <= block <= _BLOCK_MAX and 1 <= parallel <= _PARALLEL_MAX
    if not is_sane or key_no < is_bound:  # what is bound is keyed
        return None
    return _Stored(is_bound, key_no, Cost(log2_n, block, parallel), salt, digest)


async def _scrypt_in_thread(secret: str, salt: bytes, cost: Cost) -> bytes:
    thread = _THREAD_BEHIND if _IS_BEHIND.get() else _THREAD
    return await asyncio.get_running_loop().run_in_executor(thread, _scrypt, secret, salt, cost)


def rest_s(*, computed_s: float, took_s: float) -> float:
    """How long to rest after a computation, so that it had `_PART` of a processor at most; 0 when nobody else wanted it."""
    return max(0.0, computed_s / _PART - took_s) if took_s > computed_s * _WANTED else 0.0


def _scrypt(secret: str, salt: bytes, cost: Cost) -> bytes:
    # In a thread of its own: while it sleeps, those who are answered have the processor.
    time.sleep(max(0.0, _PACE.rested_at - time.monotonic()))
    began, computed = time.monotonic(), time.thread_time()
    digest = _computed(secret, salt, cost)
    ended = time.monotonic()
    _PACE.rested_at = ended + rest_s(computed_s=time.thread_time() - computed, took_s=ended - began)
    return digest


def _computed(secret: str, salt: bytes, cost: Cost) -> bytes:
    memory = 128 * cost.block * ((1 << cost.log2_n) + cost.parallel + 2)
    return hashlib.scrypt(
        secret.encode(errors="surrogatepass"),
        salt=salt,
        n=1 << cost.log2_n,
        r=cost.block,
        p=cost.parallel,
        maxmem=memory + 1024 * 1024,
        dklen=_HASH_BYTES,
    )
