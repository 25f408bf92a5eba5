"""What both sides of a pair share: names, files, how they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wenyue.locale import Message
from wenyue.ops.backup.folder import write
from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server.cluster import FOLLOWER
from wenyue.platform.embedded_server.peer import FOLDER, Link
from wenyue.platform.fault import SetupError

SQL: Final = queries("wenyue.ops.standby", "standby.sql")
ROLE: Final = FOLLOWER
SLOT: Final = "wenyue_standby"
OUT_PORT: Final = 5433  # part of the name of the socket that leads to the primary; no TCP port is opened
PORT: Final = 5544  # what the two machines speak on
FORMAT: Final = 1
_LIFE: Final = timedelta(days=3650)
_FILE_BYTES_MAX: Final = 1 << 20


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What the second machine needs. Who has it can copy the database; names stay unreadable without the keys."""

    format: int
    warning: str
    link: Link  # the standby's
    own_certificate: str
    own_key: str
    peer_certificate: str
    key_prints: dict[str, str]

    def __repr__(self) -> str:
        return f"Invitation({self.link!r})"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`HOME/standby/status.json` of a standby, written every few seconds by `wenyue standby run`."""

    at: datetime
    is_following: bool
    says: str
    stored_behind_bytes: int  # not yet here
    replayed_behind_bytes: int  # here, or not, but not yet visible
    behind_s: float | None
    heard_s_ago: float | None


def certificate(name: str) -> tuple[str, str]:
    """A certificate of its own and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def put(home: Path, link: Link, own: tuple[str, str], peer: str) -> None:
    """Write one side's files, 0600. `own`: certificate and key, `peer`: the other's certificate."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, text in (("own.pem", own[0]), ("own.key", own[1]), ("peer.pem", peer)):
        partial = folder / f".{name}.partial"
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_text(text, encoding="utf-8")
        partial.rename(folder / name)
    write(folder / "link.json", link)


def read_invitation(path: Path) -> Invitation:
    """The invitation in a file. Raises SetupError."""
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise SetupError(Message("{path} isn't an invitation", path=path))
        found = msgspec.json.decode(path.read_bytes(), type=Invitation)
    except OSError as error:
        raise SetupError(
            Message("cannot read {path} ({strerror})", path=path, strerror=error.strerror)
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SetupError(
            Message("{path} isn't an invitation from `wenyue standby allow`", path=path)
        ) from error
    if found.format != FORMAT:
        raise SetupError(Message("{path} was written by a newer wenyue: use that version", path=path))
    return found
