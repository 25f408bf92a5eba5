"""One process's part of the detection: it counts signs in memory, hands them on every few seconds, and knows who is blocked.

Counting costs a look-up in a dictionary and waits for nothing. What is kept names nobody: subjects are keyed digests.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from time import monotonic
from typing import Final

from wenyue.abuse import store
from wenyue.abuse.model import DIGEST_LENGTH, MANY, SHIPPED, STOPS, Act, Block, Finding, Pattern, PatternRule
from wenyue.core.limits import ABUSE_SIGNS_PER_FLUSH_MAX, ABUSE_SUBJECTS_MAX
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Database

_MINUTES_KEPT: Final = 60
_IPV6_PREFIX: Final = 64  # what one subscriber has


class Detector:
    """`note` signs, `flush` them now and then, ask `block_of` before what a block stops. One event loop only."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._signs: Counter[tuple[Pattern, str]] = Counter()
        self.rules: Mapping[Pattern, PatternRule] = SHIPPED
        self.counts: dict[Pattern, int] = dict.fromkeys(Pattern, 0)  # since the process began, for figures
        self.blocks: Mapping[str, Block] = {}
        self._minutes: dict[int, Counter[Pattern]] = {}

    def subject(self, kind: str, who: str | int | bytes) -> str:
        """Kind and keyed digest of somebody: an account's id, a person's key, a voucher, an address.

        An IPv6 address counts by its /64; one that is not of the public internet is of the kind 'local'.
        """
        content: str | int | bytes = who
        if kind == "address" and isinstance(who, str):
            kind, content = _network(who)
        raw = content if isinstance(content, bytes) else str(content).encode(errors="replace")
        digest = self._vault.fingerprint(b"abuse:" + kind.encode() + b":" + raw)
        return f"{kind}:{digest.hex()[:DIGEST_LENGTH]}"

    def note(self, pattern: Pattern, kind: str, who: str | int | bytes, count: int = 1) -> None:
        """One more sign of somebody. Beyond ABUSE_SUBJECTS_MAX subjects in a few seconds they are counted together."""
        self.counts[pattern] += count
        minute = int(monotonic()) // 60
        if minute not in self._minutes:
            self._minutes = {at: held for at, held in self._minutes.items() if at > minute - _MINUTES_KEPT}
            self._minutes[minute] = Counter()
        self._minutes[minute][pattern] += count
        key = pattern, self.subject(kind, who)
        if key not in self._signs and len(self._signs) >= ABUSE_SUBJECTS_MAX:
            key = pattern, MANY
        self._signs[key] += count

    @property
    def waiting(self) -> int:
        """How many subjects wait to be handed on."""
        return len(self._signs)

    def lately(self) -> dict[Pattern, int]:
        """How many signs there were within the last hour."""
        oldest = int(monotonic()) // 60 - _MINUTES_KEPT
        held = [counts for at, counts in self._minutes.items() if at > oldest]
        return {pattern: sum(counts[pattern] for counts in held) for pattern in Pattern}

    def block_of(self, act: Act, kind: str, who: str | int | bytes, now: datetime) -> Block | None:
        """The block that stops this, if there is one. Costs nothing while nobody is blocked."""
        if not self.blocks or act not in STOPS[kind]:
            return None
        block = self.blocks.get(self.subject(kind, who))
        return block if block is not None and block.until > now else None

    async def flush(self, db: Database, now: datetime) -> list[Finding]:
        """Hand on what was counted, the most frequent first; returns who passed a limit by it. Raises DatabaseDown.

        Without signs nothing is asked. What cannot be handed on is counted again the next time.
        """
        if not self._signs:
            return []
        signs, self._signs = self._signs, Counter()
        part = dict(signs.most_common(ABUSE_SIGNS_PER_FLUSH_MAX))
        try:
            async with db.transaction() as tx:
                found = await store.add_signs(tx, part, self.rules, now)
        except BaseException:
            self._signs.update(part)
            raise
        rest = Counter[tuple[Pattern, str]]()
        for (pattern, subject), count in signs.items():
            if (pattern, subject) not in part:
                rest[pattern, MANY] += count
        self._signs.update(rest)
        return found


def _network(address: str) -> tuple[str, str]:
    """The kind of an address and what stands for it: an IPv6 address by its /64.

    One that is not of the public internet is 'local', which nothing blocks by rule: it may be a proxy that was not declared,
    behind which everybody stands.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "local", address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    kind = "address" if parsed.is_global else "local"
    if isinstance(parsed, IPv6Address):
        return kind, f"{int(parsed) >> (128 - _IPV6_PREFIX):x}::/64"
    return kind, str(parsed)
