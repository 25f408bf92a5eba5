"""What the monitor reads of this machine: real disks, processes, certificates, time servers, addresses and reports."""

import contextlib
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wenyue.monitoring import machine_checks

NTP_EPOCH_S = 2_208_988_800


def self_signed(folder: Path, days: int) -> tuple[Path, Path]:
    """(certificate, key) that end in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "c.pem", folder / "k.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private


def test_the_end_of_a_certificate_is_read_from_a_file_and_from_a_server(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, days=-3)  # an expired one must be seen too
    read = machine_checks.certificate(str(certificate))
    assert read.ends_at is not None
    assert read.ends_at - datetime.now(UTC) == pytest.approx(timedelta(days=-3), abs=timedelta(minutes=5))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake_hands() -> None:
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(listener.accept()[0], server_side=True) as done,
            ):
                done.recv(1)

        thread = threading.Thread(target=shake_hands)
        thread.start()
        shown = machine_checks.certificate(f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert shown.ends_at == read.ends_at
    for place in (str(tmp_path / "none.pem"), str(key), "127.0.0.1:1", "nonsense"):
        assert machine_checks.certificate(place).error


@pytest.fixture
def time_server() -> Iterator[Callable[[float], str]]:
    """A function that starts a time server whose clock is so many seconds ahead of ours."""
    links: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(ahead_s: float) -> str:
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        link.bind(("127.0.0.1", 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                asked, peer = link.recvfrom(512)
                now = struct.pack("!Q", int((time.time() + ahead_s + NTP_EPOCH_S) * 2**32))
                link.sendto(bytes([0x24, 2]) + bytes(22) + asked[40:48] + now + now, peer)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        links.append(link)
        return f"127.0.0.1:{link.getsockname()[1]}"

    yield start
    for link in links:
        link.close()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("ahead_s", [0.0, 12.5, -3600.0])
def test_our_clock_is_compared_with_a_time_server(
    time_server: Callable[[float], str], ahead_s: float
) -> None:
    assert machine_checks.ntp_ahead_s(time_server(ahead_s)) == pytest.approx(-ahead_s, abs=0.5)


def test_an_answer_to_another_question_is_none() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))

        def lie() -> None:
            _, peer = link.recvfrom(512)
            link.sendto(bytes([0x24, 2]) + bytes(46), peer)

        thread = threading.Thread(target=lie)
        thread.start()
        with pytest.raises(OSError, match="not an answer"):
            machine_checks.ntp_ahead_s(f"127.0.0.1:{link.getsockname()[1]}")
        thread.join()


def test_disks_are_told_once_and_a_missing_folder_stands_for_its_parent(tmp_path: Path) -> None:
    found = machine_checks.disks([tmp_path, tmp_path / "not" / "there"])
    assert len(found) == 1
    assert 0 < found[0].free <= found[0].size
    assert 0 < found[0].free_inodes_ratio <= 1


def test_our_processes_are_known_by_their_role() -> None:
    wait = "import sys; sys.stdin.read()"
    children = [
        subprocess.Popen([sys.executable, "-c", wait, *words], stdin=subprocess.PIPE)
        for words in (
            ("wenyue.cli", "web"),
            ("wenyue.cli", "worker"),
            ("wenyue.web.status", "--fd"),
            ("other", "web"),
        )
    ]
    try:
        found = machine_checks.machine(os.getpid(), {"web": 2})
        roles = {one.pid: one for one in found.processes}
        assert [roles[child.pid].role for child in children[:3]] == ["web", "worker", "status"]
        assert children[3].pid not in roles
        assert all(one.rss > 0 and 0 < one.open_files < one.open_files_max for one in found.processes)
        assert found.memory_size > found.memory_free > 0
        assert machine_checks.machine(None, {"web": 2}).wanted == ()
    finally:
        for child in children:
            child.communicate()


def test_an_address_is_asked(tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if self.path == "/no" else 200)
            self.end_headers()
            self.wfile.write(b'{"ready": true, "rules": ["preset x: release_days"]}')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    assert (machine_checks.web(f"{base}/").status, machine_checks.web(f"{base}/").says) == (
        200,
        "preset x: release_days",
    )
    assert machine_checks.web(f"{base}/no").status == 503
    server.shutdown()
    thread.join()
    server.server_close()
    assert machine_checks.web(f"{base}/").status is None
    assert machine_checks.web(f"file://{tmp_path}").error == "not an http address"


def test_an_address_that_speaks_something_else_is_told_and_stops_no_round() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            link, _ = server.accept()
            with link:
                link.recv(4096)
                link.sendall(b"\x15\x03\x01\x00\x02\x02\x46\n")  # a TLS alert, from a port that wants TLS

        thread = threading.Thread(target=answer)
        thread.start()
        said = machine_checks.web(f"http://127.0.0.1:{server.getsockname()[1]}/readyz")
        thread.join()
    assert (said.status, said.error) == (None, "BadStatusLine")
    assert machine_checks.web("127.0.0.1:8080/readyz").error == "not an http address"


@pytest.mark.parametrize(
    ("text", "ok", "error"),
    [
        ('{"at": "2026-11-22T03:00:00+00:00", "is_ok": true, "taken_at": "2026-11-22T02:00:00Z"}', True, ""),
        ('{"finished_at": "2026-11-22T03:00:00+00:00", "is_passed": false, "name": "disk-full"}', False, ""),
        ('{"at": 1795312800, "is_ok": true}', True, ""),
        ('{"at": "2026-11-22T03:00:00", "is_ok": true}', True, "it has no time `at`"),
        ("[]", True, "it has no time `at`"),
        ("{", True, "JSONDecodeError"),
        (json.dumps({"at": "x" * 300_000}), True, "too long"),
    ],
)
def test_reports_are_read_with_care(tmp_path: Path, text: str, ok: bool, error: str) -> None:  # noqa: FBT001 - a table's column
    path = tmp_path / "last.json"
    path.write_text(text, encoding="utf-8")
    read = machine_checks.report(path)
    assert (read.is_ok, read.error, read.at is None) == (ok, error, bool(error))
    assert machine_checks.report(tmp_path / "none.json").at is None
