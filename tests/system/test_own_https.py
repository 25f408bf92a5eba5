"""HTTPS with a certificate of our own: clients who trust it are served, whoever else holds connections."""

import asyncio
import ipaddress
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from playwright.sync_api import Error

from tests.support.browser import chromium
from wenyue.ops.ports import free_port
from wenyue.platform.certificates import Certificates, Names, local_names
from wenyue.platform.embedded_server import erase
from wenyue.platform.http import tls_door
from wenyue.platform.http.web_server import TlsSocket, WebServer
from wenyue.platform.http.wire import BoundedHttp

NET_S = 20.0
NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
HERE = Names(
    ("localhost", "gate-pc"), (ipaddress.ip_address("192.168.1.5"), ipaddress.ip_address("127.0.0.1"))
)


@pytest.fixture(scope="module", params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: web processes run on uvloop where there is one."""
    return "asyncio", {"use_uvloop": request.param}


async def hello(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Says by which scheme it was asked."""
    body = scope["scheme"].encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(certificates: Certificates) -> AsyncGenerator[tuple[int, int]]:
    """The ports of HTTP and HTTPS."""
    with socket.create_server(("127.0.0.1", 0)) as plain, socket.create_server(("127.0.0.1", 0)) as tls:
        config = uvicorn.Config(hello, http=BoundedHttp, lifespan="off", log_config=None)
        server = WebServer(config, TlsSocket(tls, certificates.server), look_every_s=0.05)
        running = asyncio.create_task(server.serve([plain]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield plain.getsockname()[1], tls.getsockname()[1]
        server.should_exit = True
        await running


async def ask(port: int, trust: ssl.SSLContext | None, name: str = "localhost") -> tuple[str, int]:
    """(the scheme that the application saw, the certificate's serial number)."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=trust, server_hostname=name if trust else None
    )
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    held = writer.get_extra_info("ssl_object")
    serial = x509.load_der_x509_certificate(held.getpeercert(binary_form=True)).serial_number if trust else 0
    writer.close()
    return answer.rpartition(b"\r\n\r\n")[2].decode(), serial


@pytest.mark.anyio
async def test_who_trusts_the_authority_is_served_before_and_after_a_renewal(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    now = datetime.now(UTC)
    certificates.ensure(HERE, now)
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT  # Python's own default from 3.13 on
    async with served(certificates) as (plain, tls):
        assert await ask(plain, None) == ("http", 0)
        scheme, serial = await ask(tls, trust)
        assert scheme == "https"
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(tls, ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(tls, trust, "another-machine")
        certificates.ensure(Names(HERE.hosts, (ipaddress.ip_address("10.9.9.9"), *HERE.addresses)), now)
        while (renewed := await ask(tls, trust))[1] == serial:
            await asyncio.sleep(0.05)
        assert renewed[0] == "https"


async def is_over(reader: asyncio.StreamReader) -> bool:
    """Whether the other side ends the connection."""
    try:
        return await asyncio.wait_for(reader.read(), NET_S) == b""
    except ConnectionResetError:
        return True


@pytest.mark.anyio
async def test_security_H1_connections_without_a_handshake_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_door, "TLS_OF_ADDRESS_MAX", 3)
    certificates = Certificates(tmp_path)
    certificates.ensure(HERE, datetime.now(UTC))
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    async with served(certificates) as (_, tls):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", tls, ssl=trust, server_hostname="localhost"
        )
        silent = [await asyncio.open_connection("127.0.0.1", tls) for _ in range(4)]
        assert [await is_over(one) for one, _ in silent[:2]] == [True, True]  # the oldest without a handshake
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), NET_S)).endswith(
            b"https"
        )  # whoever had finished is served
        assert (await ask(tls, trust))[0] == "https"
        for _, one in [*silent, (reader, writer)]:
            one.close()


def connected(port: int, trust: ssl.SSLContext) -> ssl.SSLSocket:
    """A client whose handshake is over."""
    return trust.wrap_socket(
        socket.create_connection(("127.0.0.1", port), NET_S), server_hostname="localhost"
    )


@pytest.mark.anyio
async def test_security_H1_whoever_holds_most_gives_way_to_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_door, "TLS_CONNECTIONS_MAX", 4)
    certificates = Certificates(tmp_path)
    certificates.ensure(HERE, datetime.now(UTC))
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    async with served(certificates) as (_, tls):
        held = [await asyncio.to_thread(connected, tls, trust) for _ in range(4)]
        other = await asyncio.open_connection(
            "127.0.0.1", tls, ssl=trust, server_hostname="localhost", local_addr=("127.0.0.2", 0)
        )
        assert await asyncio.to_thread(held[0].recv, 1) == b""
        other[1].write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await asyncio.wait_for(other[0].read(), NET_S)).endswith(b"https")
        for one in held:
            one.close()


@pytest.mark.anyio
async def test_a_request_that_comes_with_the_last_of_the_handshake_is_answered(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    certificates.ensure(HERE, datetime.now(UTC))
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    async with served(certificates) as (_, tls):
        reader, writer = await asyncio.open_connection("127.0.0.1", tls)
        come, gone = ssl.MemoryBIO(), ssl.MemoryBIO()
        inside = trust.wrap_bio(come, gone, server_hostname="localhost")
        while True:
            try:
                inside.do_handshake()
                break
            except ssl.SSLWantReadError:
                writer.write(gone.read())
                come.write(await reader.read(65_536))
        inside.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        writer.write(gone.read())  # the last of the handshake and the request in one piece
        said = b""
        while not said.endswith(b"https"):
            try:
                said += inside.read()
            except ssl.SSLWantReadError:
                come.write(await asyncio.wait_for(reader.read(65_536), NET_S))
        writer.close()


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_what_is_not_modern_tls_is_turned_away_and_others_are_served(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    certificates.ensure(HERE, datetime.now(UTC))
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    async with served(certificates) as (_, tls):
        plain, writer = await asyncio.open_connection("127.0.0.1", tls)
        writer.write(b"GET /gate/signin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            said = await asyncio.wait_for(plain.read(), NET_S)
        except ConnectionResetError:
            said = b""
        assert b"HTTP" not in said  # nothing is served in the clear
        writer.close()
        old = ssl.create_default_context(cafile=str(certificates.authority))
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await ask(tls, old)
        assert (await ask(tls, trust))[0] == "https"


@pytest.mark.slow
@pytest.mark.browser
def test_ux_G2_an_installation_serves_https_and_a_browser_finds_it_secure(tmp_path: Path) -> None:
    home, port, https_port = tmp_path / "home", free_port(), free_port()
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    }
    environment = clean | {
        "WENYUE_HOME": str(home),
        "WENYUE_PORT": str(port),
        "WENYUE_HTTPS": "1",
        "WENYUE_HTTPS_PORT": str(https_port),
        "WENYUE_DEMO": "0",
        "WENYUE_MONITOR": "0",
        "WENYUE_STATUS": "0",
        "WENYUE_WEB_WORKERS": "1",
        "WENYUE_END_WITH_PARENT": "1",
    }
    command = [sys.executable, "-m", "wenyue.cli", "up"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        said: list[str] = []
        for line in running.stdout:
            said.append(line)
            if "SHA-256" in line:
                break
        try:
            certificates = Certificates(home / "tls")
            authority = x509.load_pem_x509_certificate(certificates.authority.read_bytes())
            assert authority.fingerprint(hashes.SHA256()).hex(":").upper() in said[-1]
            outer = local_names().addresses[0]
            assert any(f"https://{outer}:{https_port}" in line for line in said)
            look_as_client_and_browser(certificates, https_port)
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)
            erase(home)


def look_as_client_and_browser(certificates: Certificates, https_port: int) -> None:
    """A client that trusts our authority, then a browser."""
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    url = f"https://localhost:{https_port}/gate/signin"
    with urllib.request.urlopen(url, context=trust, timeout=30) as answer:
        assert answer.status == 200
        assert "; secure" in str(answer.headers["Set-Cookie"]).lower()
        assert answer.headers["Strict-Transport-Security"] is None
    url_of_authority = f"https://localhost:{https_port}/gate/ca.crt"
    with urllib.request.urlopen(url_of_authority, context=trust, timeout=30) as fetched:
        assert fetched.read() == certificates.authority.read_bytes()
    with chromium() as browser:
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            browser.new_page().goto(url)
        page = browser.new_context(
            locale="zh-CN", ignore_https_errors=True
        ).new_page()  # as who goes on past the warning
        page.goto(url)
        assert page.evaluate("isSecureContext && typeof navigator.mediaDevices.getUserMedia") == "function"
