"""Certificates of our own: whom they vouch for, when they are renewed, who may read the files."""

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from wenyue.platform.certificates import SERVER_TTL, Certificates, Names
from wenyue.platform.config import load

NET_S = 20.0
NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
HERE = Names(
    ("localhost", "gate-pc"), (ipaddress.ip_address("192.168.1.5"), ipaddress.ip_address("127.0.0.1"))
)


def test_the_files_are_for_their_owner_only_and_stay(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "tls")
    first = certificates.ensure(HERE, NOW)
    assert (first.is_new_authority, first.is_renewed) == (True, True)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "tls").iterdir()}
    assert modes == {"ca.pem": 0o600, "ca.key": 0o600, "server.pem": 0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    again = certificates.ensure(HERE, NOW + timedelta(days=1))
    assert (again.is_new_authority, again.is_renewed, again.fingerprint) == (False, False, first.fingerprint)


def test_the_certificate_is_renewed_in_time_and_for_new_addresses(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    first = certificates.ensure(HERE, NOW)
    moved = Names(HERE.hosts, (ipaddress.ip_address("10.1.2.3"), *HERE.addresses))
    second = certificates.ensure(moved, NOW)
    later = certificates.ensure(moved, NOW + SERVER_TTL - timedelta(days=29))
    assert [one.is_renewed for one in (second, later)] == [True, True]
    assert {one.fingerprint for one in (first, second, later)} == {first.fingerprint}
    assert later.expires_at == NOW + 2 * SERVER_TTL - timedelta(days=29)


def test_the_authority_vouches_for_this_machine_and_private_networks_only(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    first = certificates.ensure(HERE, NOW)
    authority = x509.load_pem_x509_certificate(certificates.authority.read_bytes())
    allowed = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert allowed.critical
    names = [one.value for one in allowed.value.permitted_subtrees or [] if isinstance(one, x509.DNSName)]
    assert names == ["localhost", "gate-pc", "local"]
    nets = [
        str(one.value) for one in allowed.value.permitted_subtrees or [] if isinstance(one, x509.IPAddress)
    ]
    assert "0.0.0.0/0" not in nets
    assert "192.168.0.0/16" in nets
    renamed = certificates.ensure(Names(("localhost", "other"), HERE.addresses), NOW)
    assert renamed.is_new_authority
    assert renamed.fingerprint != first.fingerprint
    old = certificates.ensure(Names(("localhost", "other"), HERE.addresses), NOW + timedelta(days=3600))
    assert old.is_new_authority


def test_modern_clients_take_the_certificate_and_for_nothing_else(tmp_path: Path) -> None:
    """What Chromium, Apple and Android ask for: SAN, serverAuth, 398 days at most, checked by a strict verifier."""
    certificates = Certificates(tmp_path)
    certificates.ensure(HERE, NOW)
    authority = x509.load_pem_x509_certificate(certificates.authority.read_bytes())
    server = x509.load_pem_x509_certificate(certificates.server.read_bytes())
    verifiers = PolicyBuilder().store(Store([authority])).time(NOW)
    for name in (x509.DNSName("localhost"), *(x509.IPAddress(one) for one in HERE.addresses)):
        assert verifiers.build_server_verifier(name).verify(server, []) == [server, authority]
    with pytest.raises(VerificationError):
        verifiers.build_server_verifier(x509.DNSName("example.cn")).verify(server, [])
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=398)
    for one in (authority, server):  # whoever steals the authority's key signs no program and no mail
        usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    identity = server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert identity == authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_a_torn_file_is_made_anew(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    certificates.ensure(HERE, NOW)
    certificates.server.write_text("torn")
    assert certificates.ensure(HERE, NOW).is_renewed
    certificates.authority.write_text("torn")
    assert certificates.ensure(HERE, NOW).is_new_authority


def test_secure_cookies_follow() -> None:
    assert load({}).web.is_secure is False
    assert load({"WENYUE_HTTPS": "1"}).web.is_secure is True
    assert load({"WENYUE_HTTPS": "1", "WENYUE_SECURE_COOKIES": "0"}).web.is_secure is False
    assert load({"WENYUE_HTTPS": "1", "WENYUE_PORT": "8160"}).web.https_port == 8603
