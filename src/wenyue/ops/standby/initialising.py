"""Makes a standby's home from an invitation: the way to the primary, the keys, a copy of the data that goes on following."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
import psycopg

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.keys import find
from wenyue.ops.backup.keys import put as put_keys
from wenyue.ops.backup.programs import ProgramFault, ending_with_parent, run_program
from wenyue.ops.backup.taking import Reporter
from wenyue.ops.standby.state import OUT_PORT, ROLE, SLOT, Invitation, put
from wenyue.platform.embedded_server import base_folder, erase, hold_home
from wenyue.platform.embedded_server.owning import hand_over, write_plain
from wenyue.platform.embedded_server.place import Place, settle
from wenyue.platform.fault import SetupError

REACH_DEADLINE_S: Final = 30.0
_POLL_S: Final = 0.1


def initialise(invitation: Invitation, home: Path, keys: Path | None, report: Reporter) -> None:
    """Copy the primary into `home`, which must be new or empty. A failure leaves nothing. Raises SetupError."""
    home = home.expanduser().absolute()
    was_there = home.exists()
    _require_new(home)
    files = find(invitation.key_prints, keys, home) if keys is not None else {}
    if invitation.key_prints and not files:
        raise SetupError(
            Message(
                "the keys are missing, and without them names stay unreadable after a "
                "takeover. Save them on the primary with `wenyue backup --keys-to DIR`, "
                "bring that file here separately from the invitation, and pass it with --keys"
            ),
        )
    try:
        with hold_home(home, "standby init"):
            place = settle(home, report.print_line)
            put_keys(files, home)
            own = (invitation.own_certificate, invitation.own_key)
            put(home, invitation.link, own, invitation.peer_certificate)
            with linked(place):
                url = replication_url(place, invitation.link.password)
                _reach(url, invitation)
                _copy(place, url, report)
    except BaseException:
        erase(home)
        if home.exists():
            shutil.rmtree(home)
        if was_there:
            home.mkdir(mode=0o700)
        raise


@contextmanager
def linked(place: Place) -> Generator[None]:
    """The way to the primary, as a process of its own, for the length of the block."""
    command = [*ending_with_parent(), sys.executable, "-m", "wenyue.cli", "standby", "link", str(place.home)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            path = place.socket / f".s.PGSQL.{OUT_PORT}"
            deadline = time.monotonic() + REACH_DEADLINE_S
            while not path.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    said = process.stderr.read().decode(errors="replace") if process.stderr else ""
                    raise SetupError(
                        Message(
                            "couldn't open the link: {said}",
                            said=said.strip()[-300:] or "no reason given",
                        ),
                    )
                time.sleep(_POLL_S)
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def replication_url(place: Place, password: str) -> str:
    """How the standby's own programs reach the primary: through the socket of the link."""
    host = quote(str(place.socket), safe="")
    return f"postgresql://{ROLE}:{password}@/?host={host}&port={OUT_PORT}&application_name={ROLE}"


def _reach(url: str, invitation: Invitation) -> None:
    """Prove the way, and take away what an earlier standby left behind at the primary."""
    link = invitation.link
    try:
        with psycopg.connect(url + "&replication=true", autocommit=True, connect_timeout=15) as connection:
            answer = connection.pgconn.exec_(f"DROP_REPLICATION_SLOT {SLOT}".encode())
            said = answer.error_message.decode(errors="replace")
    except psycopg.OperationalError as error:
        raise SetupError(
            Message(
                "can't reach the primary at {peer_host}:{peer_port} ({reason}): check that "
                "`wenyue up` was restarted there after `standby allow`, that the port is "
                "open for this address, and that this is the latest invitation",
                peer_host=link.peer_host,
                peer_port=link.peer_port,
                reason=" ".join(str(error).split())[-200:],
            ),
        ) from error
    if "active" in said:
        raise SetupError(
            Message(
                "another standby already follows this primary, and only one is supported: stop that one first"
            )
        )


def _copy(place: Place, url: str, report: Reporter) -> None:
    partial = place.base / "data.partial"
    if partial.exists():
        shutil.rmtree(partial)
    arguments = [
        "--pgdata",
        str(partial),
        "--wal-method=stream",
        "--checkpoint=fast",
        "--progress",
        "--no-password",
    ]
    arguments += ["--create-slot", "--slot", SLOT, "--label=wenyue-standby"]
    step = gettext("copying the primary")
    try:
        run_program(
            place.programs,
            "pg_basebackup",
            arguments,
            url=url,
            on_bytes=lambda done, total: report.bytes(step, done, total),
        )
    except ProgramFault as fault:
        raise SetupError(Message("the copy failed: {says}", says=fault.says)) from fault
    for name in ("postgresql.auto.conf", "postmaster.pid", "postmaster.opts"):
        (partial / name).unlink(missing_ok=True)
    write_plain(partial / "postgresql.conf", "include 'wenyue.conf'\n")
    for name in ("postgresql.auto.conf", "pg_ident.conf", "standby.signal"):
        if not (partial / name).exists():
            write_plain(partial / name, "")
    hand_over(partial, place.account)
    partial.rename(place.data)


def _require_new(home: Path) -> None:
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise SetupError(
            Message("{home} isn't empty: a standby needs a new folder; choose another --into", home=home),
        )
    if base_folder(home).exists() and base_folder(home).parent != home:
        raise SetupError(
            Message(
                "{base_folder} still has data of an earlier installation at {home}: choose another --into",
                base_folder=base_folder(home),
                home=home,
            ),
        )


def with_let_in(
    invitation: Invitation, listen: str | None, port: int | None, let_in: str | None
) -> Invitation:
    """The invitation with what is particular to this machine."""
    link = invitation.link
    return msgspec.structs.replace(
        invitation,
        link=replace(
            link, listen=listen or link.listen, port=port or link.port, let_in=let_in or link.let_in
        ),
    )
