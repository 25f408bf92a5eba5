"""The installation's voucher signing keys, kept beside its other keys: `home/gate-keys.json`, mode 0600."""

import secrets
from pathlib import Path

from wenyue.gate.tokens import GateKeys
from wenyue.platform.keys import make, read_content


def load_gate_keys(home: Path) -> GateKeys:
    """The keys of `home`, made on first use. The next key is accepted already, so that it can take over at any time.

    Losing the file makes every voucher's QR code unreadable; booking codes and documents still admit.
    """
    path = home / GateKeys.FILE
    if not path.exists():
        retired: list[str] = []
        fresh = {"current": secrets.token_hex(32), "next": secrets.token_hex(32), "retired_public": retired}
        make(path, fresh)
    return GateKeys.of(read_content(path))
