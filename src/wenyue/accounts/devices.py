"""Known devices: a browser or an app that signed in to a login before brings a token which says so, signed by us.

It signs nobody in: it only keeps the guesses of others from locking the owner out. It names the login by a keyed hash.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from wenyue.core.limits import DEVICE_LENGTH_MAX, DEVICE_TTL_S
from wenyue.core.personal import Vault

DEVICES_KEPT: Final = 4  # logins that one device is known at; the oldest goes
_NONCE_BYTES: Final = 9


def device_token(vault: Vault, kind: str, name: str, now: datetime) -> str:
    """A token for the device that just proved the secret of this login."""
    issued, nonce = int(now.timestamp()), secrets.token_hex(_NONCE_BYTES)
    return f"{issued}.{nonce}.{_mac(vault, kind, name, issued, nonce)}"


def with_device(held: str, token: str) -> str:
    """What the device keeps: the new token in front of those it had."""
    old = [one for one in held[:DEVICE_LENGTH_MAX].split("~") if one and one != token]
    return "~".join([token, *old][:DEVICES_KEPT])


def known_token(
    vault: Vault, held: str, kind: str, name: str, *, since: datetime | None, now: datetime
) -> str:
    """The first of the tokens that the device holds which is for this login and not from before `since`; '' without one.

    Whoever counts by it counts the token, whatever else the device sends beside it.
    """
    first = max(now - timedelta(seconds=DEVICE_TTL_S), since or now - timedelta(seconds=DEVICE_TTL_S))
    for token in held[:DEVICE_LENGTH_MAX].split("~")[:DEVICES_KEPT]:
        issued, _, rest = token.partition(".")
        nonce, _, mac = rest.partition(".")
        if not (issued.isascii() and issued.isdigit() and len(issued) <= 12 and mac.isascii()):
            continue
        wanted = _mac(vault, kind, name, int(issued), nonce)
        if hmac.compare_digest(mac, wanted) and first.timestamp() - 1 <= int(issued) <= now.timestamp() + 1:
            return token
    return ""


def _mac(vault: Vault, kind: str, name: str, issued: int, nonce: str) -> str:
    login = name.strip().lower()
    return vault.fingerprint(f"device|{kind}|{login}|{issued}|{nonce}".encode(errors="replace")).hex()
