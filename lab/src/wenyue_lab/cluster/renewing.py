"""Patroni, whose primary renews its key in etcd and never makes it anew. Run as a program, by the account of the database.

Patroni's primary that finds its key gone makes it again if nobody else has it, and goes on. A host that stood still for longer
than the key lives must not: meanwhile another may have led, acknowledged, and lost the key, which etcd before 3.4.31 and 3.5.13
makes happen at that very moment (its thawed leader revokes every lease; Debian 12 has 3.4.23). Then the old primary goes on from
where it stood, and what the other one acknowledged is gone. `wenyue drill run host-frozen` showed exactly this. A primary that
cannot renew stands down here, and takes part in the election like everybody, where its timeline and its position count.
"""

from typing import Any

from patroni.__main__ import main
from patroni.dcs import etcd3
from patroni.utils import Retry

_txn = etcd3.PatroniEtcd3Client.txn


def _renew_only(
    self: etcd3.PatroniEtcd3Client,
    compare: dict[str, Any],
    success: dict[str, Any],
    failure: dict[str, Any] | None = None,
    *,
    retry: Retry | None = None,
) -> dict[str, Any]:
    """Only the renewal of the leader's key says what to do when the comparison fails: look, instead of making the key."""
    instead = {"request_range": {"key": compare["key"]}} if failure else None
    return _txn(self, compare, success, instead, retry=retry)


if __name__ == "__main__":
    etcd3.PatroniEtcd3Client.txn = _renew_only
    main()
