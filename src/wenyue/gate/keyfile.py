"""The installation's voucher signing keys, kept beside its other keys: `home/gate-keys.json`, mode 0600."""

import json
import os
import secrets
from pathlib import Path

from wenyue.gate.tokens import GateKeys


def load_gate_keys(home: Path) -> GateKeys:
    """The keys of `home`, made on first use. The next key is accepted already, so that it can take over at any time.

    Losing the file makes every voucher's QR code unreadable; booking codes and documents still admit.
    """
    path = home / GateKeys.FILE
    if not path.exists():
        _make(path)
    return GateKeys.of(json.loads(path.read_text(encoding="utf-8")))


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    retired: list[str] = []
    fresh = {"current": secrets.token_hex(32), "next": secrets.token_hex(32), "retired_public": retired}
    staged = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(fresh, file)
    try:
        os.link(staged, path)  # the first process to arrive wins; the others read its keys
    except FileExistsError:
        pass
    finally:
        staged.unlink()
