"""A certificate authority of this installation's own, for HTTPS on a local network where no public one can help.

`home/tls` (0700) holds `ca.pem`, which devices are told to trust, `ca.key`, and `server.pem`, the server's key and
certificate; all files are 0600. The authority can vouch for TLS servers only (its own extended key usage), and of these for this
machine and private networks only (RFC 5280 name constraints): who steals its key signs no program or mail and can pretend to
be no site of the public internet.
"""

import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Address = IPv4Address | IPv6Address

AUTHORITY_TTL: Final = timedelta(days=3650)
AUTHORITY_LEFT_MIN: Final = timedelta(days=120)
SERVER_TTL: Final = timedelta(days=90)
SERVER_LEFT_MIN: Final = timedelta(days=30)
_SKEW: Final = timedelta(hours=1)  # a device's clock may be late
_NAMES_MAX: Final = 20
_HOSTNAME: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_PRIVATE: Final = tuple(
    ipaddress.ip_network(net)
    for net in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


@dataclass(frozen=True, slots=True)
class Names:
    """What this machine is reached by; `addresses` begins with the one that others most likely use."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is now. `fingerprint`: SHA-256 of the authority, as devices show it."""

    fingerprint: str
    expires_at: datetime  # of the server's certificate
    is_new_authority: bool
    is_renewed: bool


def local_names() -> Names:
    """The names and addresses of this machine at this moment."""
    host = socket.gethostname().lower()
    wanted = ("localhost", host, f"{host.partition('.')[0]}.local")
    hosts = tuple(dict.fromkeys(one for one in wanted if _HOSTNAME.fullmatch(one)))
    found: dict[Address, None] = {}
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asked:
                asked.connect((far, 9))  # sends nothing: the system only says from which address it would
                found[ipaddress.ip_address(asked.getsockname()[0])] = None
        except OSError:
            continue
    for text in _interface_addresses():
        found[ipaddress.ip_address(text)] = None
    loopback: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
    outer = [one for one in found if not one.is_loopback and not one.is_link_local]
    return Names(hosts, (*outer[:_NAMES_MAX], *loopback))


class Certificates:
    """The files under `folder`. Only one process may call `ensure`; any may read `server`."""

    def __init__(self, folder: Path) -> None:
        self.authority = folder / "ca.pem"
        self.server = folder / "server.pem"
        self._key = folder / "ca.key"
        self._folder = folder

    def ensure(self, names: Names, now: datetime) -> Standing:
        """Make or renew what is missing, runs out or does not name this machine as it is now. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._load_authority()
        is_new = found is None or not _can_vouch(found[0], names, now)
        certificate, key = self._make_authority(names, now) if found is None or is_new else found
        server = None if is_new else self._load_server()
        is_renewed = server is None or not _is_good(server, certificate, names, now)
        if server is None or is_renewed:
            server = self._make_server(certificate, key, names, now)
        digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        return Standing(digest, server.not_valid_after_utc, is_new, is_renewed)

    def _load_authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
        try:
            certificate = x509.load_pem_x509_certificate(self.authority.read_bytes())
            key = serialization.load_pem_private_key(self._key.read_bytes(), None)
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            return None
        return certificate, key

    def _load_server(self) -> x509.Certificate | None:
        try:
            return x509.load_pem_x509_certificate(self.server.read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _make_authority(
        self, names: Names, now: datetime
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        called = _called(f"Wenyue {names.hosts[-1][:40]} {secrets.token_hex(3)}")
        own = [ipaddress.ip_network(one) for one in names.addresses if not _is_private(one)]
        permitted: list[x509.GeneralName] = [x509.DNSName(one) for one in (*names.hosts, "local")]
        permitted += [x509.IPAddress(net) for net in (*_PRIVATE, *own)]
        certificate = (
            _begun(called, called, key.public_key(), now, AUTHORITY_TTL)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(is_authority=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(self._key, _private(key))
        _write(self.authority, certificate.public_bytes(serialization.Encoding.PEM))
        return certificate, key

    def _make_server(
        self,
        authority: x509.Certificate,
        authority_key: ec.EllipticCurvePrivateKey,
        names: Names,
        now: datetime,
    ) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _begun(_called(names.hosts[-1]), authority.subject, key.public_key(), now, SERVER_TTL)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(is_authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, hashes.SHA256())
        )
        whole = certificate.public_bytes(serialization.Encoding.PEM) + _private(key)
        _write(self.server, whole)
        return certificate


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + lasts)
    )


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: Names) -> list[x509.GeneralName]:
    return [
        *(x509.DNSName(one) for one in names.hosts),
        *(x509.IPAddress(one) for one in names.addresses),
    ]


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _is_private(address: Address) -> bool:
    return any(address in net for net in _PRIVATE)


def _can_vouch(authority: x509.Certificate, names: Names, now: datetime) -> bool:
    """Whether devices that trust it will trust it for long enough, under every name."""
    if not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc - AUTHORITY_LEFT_MIN:
        return False
    allowed = (
        authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    )
    hosts = [one.value for one in allowed if isinstance(one, x509.DNSName)]
    nets = [one.value for one in allowed if isinstance(one, x509.IPAddress)]
    return all(any(host == one or host.endswith(f".{one}") for one in hosts) for host in names.hosts) and all(
        any(address in net for net in nets if not isinstance(net, IPv4Address | IPv6Address))
        for address in names.addresses
    )


def _is_good(server: x509.Certificate, authority: x509.Certificate, names: Names, now: datetime) -> bool:
    if server.issuer != authority.subject:
        return False
    if not server.not_valid_before_utc <= now <= server.not_valid_after_utc - SERVER_LEFT_MIN:
        return False
    said = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(_alternatives(names)) <= set(said)


def _interface_addresses() -> Sequence[str]:
    """Every IPv4 address of an interface, and what the machine's own name stands for."""
    found: list[str] = []
    try:
        import fcntl  # noqa: PLC0415 - not on every system

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            for _, name in socket.if_nameindex():
                try:
                    raw = fcntl.ioctl(asked.fileno(), 0x8915, name.encode()[:15].ljust(256, b"\0"))
                except OSError:
                    continue  # it has none
                found.append(socket.inet_ntoa(raw[20:24]))
    except (ImportError, OSError):
        pass
    try:
        known = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        known = []
    return [*found, *(str(one[4][0]) for one in known if "%" not in str(one[4][0]))]


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and for its owner only."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
