"""The files of deploy/ as the programs that read them see them: HAProxy, Patroni, systemd, psql, sh."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.database import TestServer
from wenyue.platform.embedded_server import ensure_started, erase, stop

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SEARCHED = "/usr/sbin:/usr/bin:/sbin:/bin"
DEADLINE_S = 60


def program(name: str, package: str) -> str:
    """Where the program is, or skip with what installs it."""
    found = shutil.which(name, path=SEARCHED)
    if found is None:
        pytest.skip(f"{name} is missing: apt-get install {package}")
    return found


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A chain and its key in one file, as HAProxy wants them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")]), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    path = tmp_path / "tls.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem) + private)
    return path


def test_haproxy_takes_its_configuration(certificate: Path) -> None:
    environment = {
        "BIND_HTTP": "127.0.0.1:18080",
        "BIND_HTTPS": "127.0.0.1:18443",
        "BIND_INSIDE": "127.0.0.1:18081",
        "BIND_FIGURES": "127.0.0.1:18404",
        "TLS_PEM": str(certificate),
        "WEB_1": "127.0.0.1:8000",
        "WEB_2": "web2.invalid:8000",  # a machine whose name is not known yet keeps nobody from starting
        "STATUS": "127.0.0.1:8001",
    }
    checked = run(
        program("haproxy", "haproxy"), "-c", "-f", str(DEPLOY / "haproxy" / "haproxy.cfg"), **environment
    )
    assert checked.returncode == 0, checked.stderr
    assert "[ALERT]" not in checked.stderr
    warnings = [line for line in checked.stderr.splitlines() if "[WARNING]" in line]
    assert [line for line in warnings if "could not resolve address 'web2.invalid'" not in line] == []


@contextmanager
def listening() -> Generator[int]:
    """Something that stands for an etcd: Patroni looks whether its hosts can be reached."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield int(listener.getsockname()[1])


def test_patroni_takes_its_configuration(tmp_path: Path, database_server: TestServer) -> None:
    made = run("sh", str(DEPLOY / "make-secrets"), str(tmp_path / "secrets"), "db1,db2,db3")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "patroni"
    folder.mkdir()
    shutil.copy(DEPLOY / "patroni" / "patroni.yml", folder)
    shutil.copy(tmp_path / "secrets" / "patroni-secrets.yml", folder / "secrets.yml")
    address = socket.gethostname()
    with listening() as port:
        checked = run(
            str(Path(sys.executable).parent / "patroni"),
            "--validate-config",
            "--ignore-listen-port",
            str(folder),
            PATRONI_NAME="db1",
            PATRONI_RESTAPI_CONNECT_ADDRESS=f"{address}:8008",
            PATRONI_POSTGRESQL_CONNECT_ADDRESS=f"{address}:5432",
            PATRONI_ETCD3_HOSTS=f"'127.0.0.1:{port}','127.0.0.1:{port}'",
            PATRONI_POSTGRESQL_BIN_DIR=str(database_server.programs / "bin"),
            PATRONI_POSTGRESQL_DATA_DIR=str(tmp_path / "data"),
        )
    assert (checked.returncode, checked.stdout.strip()) == (0, ""), checked.stdout + checked.stderr


SYSTEM_TARGETS = ("sysinit", "basic", "shutdown", "network-online", "time-sync", "multi-user", "timers")
PROGRAMS = (
    "opt/wenyue/bin/wenyue",
    "opt/patroni/bin/patroni",
    "opt/patroni/bin/python",
    "usr/local/bin/etcd",
    "usr/sbin/haproxy",
    "bin/kill",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file system with the units, something that stands for their programs, and the system's targets."""
    for name in PROGRAMS:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n", encoding="ascii")
        path.chmod(0o755)
    system, own = tmp_path / "usr/lib/systemd/system", tmp_path / "etc/systemd/system"
    system.mkdir(parents=True)
    own.mkdir(parents=True)
    for name in SYSTEM_TARGETS:
        (system / f"{name}.target").write_text(f"[Unit]\nDescription={name}\n", encoding="ascii")
    for path in (DEPLOY / "systemd").iterdir():
        if path.suffix in {".service", ".timer", ".target"}:
            shutil.copy(path, own)
    return tmp_path


def verified(root: Path, *names: str) -> str:
    return run(
        program("systemd-analyze", "systemd"), "verify", "--man=no", f"--root={root}", *names
    ).stderr.strip()


def test_systemd_takes_every_unit(root: Path) -> None:
    names = [path.name.replace("@.", "@8000.") for path in (root / "etc/systemd/system").iterdir()]
    assert len(names) > 10
    assert verified(root, *names) == ""
    broken = root / "etc/systemd/system/wenyue-worker.service"
    broken.write_text(
        broken.read_text(encoding="utf-8").replace("ProtectSystem=", "ProtectSytem="), encoding="utf-8"
    )
    assert "Unknown key" in verified(root, "wenyue-worker.service")


def test_secrets_are_random_private_and_never_overwritten(tmp_path: Path) -> None:
    script, folder = str(DEPLOY / "make-secrets"), tmp_path / "secrets"
    first = run("sh", script, str(folder), "db1,db2,db3")
    assert (first.returncode, first.stdout) == (0, "")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {path.name: path.read_text(encoding="ascii") for path in folder.iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    url = conninfo_to_dict(files["database-url"].strip())
    assert (url["host"], url["target_session_attrs"]) == ("db1,db2,db3", "read-write")
    assert url["password"] == files["web-password"].strip() != files["owner-password"].strip()
    assert len(str(url["password"])) == 48
    second = run("sh", script, str(folder), "db1")
    assert second.returncode == 1
    assert "nothing was changed" in second.stderr
    assert {path.name: path.read_text(encoding="ascii") for path in folder.iterdir()} == files
    assert run("sh", script, str(folder)).returncode == 2


def test_the_first_primary_gets_roles_and_a_database(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    assert run("sh", str(DEPLOY / "make-secrets"), str(secrets), "localhost").returncode == 0
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        server = ensure_started(Path(folder, "home"), overrides={"fsync": "off", "shared_buffers": "32MB"})
        try:
            with psycopg.connect(server.superuser_url, autocommit=True) as connection:
                for statement in (
                    b"DROP DATABASE wenyue",
                    b"DROP ROLE wenyue_owner",
                    b"DROP ROLE wenyue_app",
                ):
                    connection.execute(statement)
            done = run(
                "sh",
                str(DEPLOY / "patroni" / "make-database"),
                server.superuser_url,
                PATH=f"{server.programs / 'bin'}:{SEARCHED}",
                WENYUE_SECRETS=str(secrets),
            )
            assert (done.returncode, done.stderr) == (0, "")
            for role, name in (("wenyue_owner", "owner-password"), ("wenyue", "web-password")):
                password = (secrets / name).read_text(encoding="ascii").strip()
                own = make_conninfo(server.superuser_url, dbname="wenyue", user=role, password=password)
                with psycopg.connect(own, autocommit=True) as connection:
                    row = connection.execute(
                        "SELECT rolreplication FROM pg_roles WHERE rolname = current_user"
                    ).fetchone()
                    assert row == (role == "wenyue_owner",)
                    if role == "wenyue":
                        connection.execute("SET ROLE wenyue_app")
        finally:
            stop(server)
            erase(Path(folder, "home"))
