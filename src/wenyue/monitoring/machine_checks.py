"""Facts about this machine and what stands in the home: disks, memory, processes, certificates, clocks, reports, addresses.

Everything here blocks (files, sockets) and is bounded by a deadline of its own: callers run it in a thread.
"""

import json
import os
import socket
import ssl
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, cast

from wenyue.monitoring.model import Certificate, Disk, Machine, OldFact, Process, ReportFacts, WebFacts

WEB_DEADLINE_S: Final = 4.0
NTP_DEADLINE_S: Final = 2.0
TLS_DEADLINE_S: Final = 4.0
REPORT_BYTES_MAX: Final = 256 * 1024
ANSWER_BYTES_MAX: Final = 16 * 1024
PROCESSES_MAX: Final = 200
FIGURES_BYTES_MAX: Final = 4 * 1024 * 1024
SILENT_S: Final = 20.0  # a process writes its figures every five seconds at least
ROLES: Final = ("web", "worker", "monitor", "status")
_NTP_EPOCH_S: Final = 2_208_988_800  # 1900 to 1970
_NTP_PORT: Final = 123
_NTP_PACKET: Final = struct.Struct("!B39x8s")


def disks(paths: Sequence[Path]) -> list[Disk]:
    """The file systems under `paths`, each once; a path that does not exist stands for its nearest parent."""
    found: dict[int, Disk] = {}
    for path in paths:
        place = next((one for one in (path, *path.parents) if one.exists()), Path("/"))
        figures = os.statvfs(place)
        inodes = figures.f_favail / figures.f_files if figures.f_files else 1.0
        size, free = figures.f_blocks * figures.f_frsize, figures.f_bavail * figures.f_frsize
        found.setdefault(place.stat().st_dev, Disk(str(place), free, size, inodes))
    return list(found.values())


def machine(parent: int | None, wanted: Mapping[str, int]) -> Machine:
    """Memory, and the processes of this installation: the children of `parent` (None: unknown, so none are wanted)."""
    memory = {"MemTotal": 0, "MemAvailable": 0}
    for line in _text(Path("/proc/meminfo")).splitlines():
        name, _, rest = line.partition(":")
        if name in memory:
            memory[name] = int(rest.split()[0]) * 1024
    processes = [] if parent is None else _children(parent)
    return Machine(
        memory["MemAvailable"],
        memory["MemTotal"],
        tuple(processes),
        tuple(wanted.items()) if parent is not None else (),
    )


def _children(parent: int) -> list[Process]:
    found: list[Process] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or len(found) >= PROCESSES_MAX:
            continue
        fields = _text(entry / "stat").rpartition(")")[2].split()
        if len(fields) < 2 or fields[0] in {"Z", "X"} or int(fields[1]) != parent:
            continue
        role = _role(_text(entry / "cmdline").split("\0"))
        if role:
            found.append(_process(entry, role))
    return found


def _role(command: Sequence[str]) -> str:
    """Which of our roles a command line stands for; '' for everything else."""
    if "wenyue.web.status" in command:
        return "status"
    for at, word in enumerate(command[:-1]):
        if word.endswith(("wenyue.cli", "/wenyue")) and command[at + 1] in ROLES:
            return command[at + 1]
    return ""


def _process(entry: Path, role: str) -> Process:
    rss, files_max = 0, 0
    for line in _text(entry / "status").splitlines():
        if line.startswith("VmRSS:"):
            rss = int(line.split()[1]) * 1024
    for line in _text(entry / "limits").splitlines():
        if line.startswith("Max open files"):
            soft = line.split()[3]
            files_max = int(soft) if soft.isdecimal() else 0
    try:
        files = len(os.listdir(entry / "fd"))  # noqa: PTH208 - names suffice, and the list is short
    except OSError:
        files = 0
    return Process(int(entry.name), role, rss, files, files_max)


def old_facts(folder: Path, now: float) -> list[OldFact]:
    """What the living processes of this machine say is old (their figures, `telemetry.Exchange`), and those that say nothing.

    While the database does not answer a process, most of what it knows is old, and that is told as such: left out.
    """
    found: list[OldFact] = []
    try:
        paths = sorted(folder.glob("*.json"))[:PROCESSES_MAX]
    except OSError:
        return found
    for path in paths:
        try:
            told = json.loads(path.read_bytes()[:FIGURES_BYTES_MAX])
            process, age_s, gauges = str(told["process"]), now - float(told["at"]), told["gauges"]
            ages, old = gauges.get("facts_age_seconds", {}), gauges.get("facts_old", {})
            names = [name for name, is_old in old.items() if is_old]
            is_away = bool(gauges.get("database_away", {}).get("", 0))
            here = [OldFact(process, str(name), float(ages.get(name, 0))) for name in names]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # it ended just now, or is being replaced
        if age_s > SILENT_S:
            lives = Path("/proc", process.rpartition("-")[2]).exists()
            found += [OldFact(process, "figures", age_s)] if lives else []
        elif not is_away:
            found += here
    return found


def web(url: str) -> WebFacts:
    """What `url` answers, and how soon. Never raises."""
    if not url.startswith(("http://", "https://")):
        return WebFacts(url, None, 0.0, "not an http address")
    began = time.perf_counter()
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "wenyue-monitor", "Connection": "close"})  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=WEB_DEADLINE_S) as response:  # noqa: S310 - http or https, from settings
            body, status = response.read(ANSWER_BYTES_MAX), int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return WebFacts(url, error.code, _ms(began))
    except (OSError, ValueError, HTTPException) as error:  # whatever speaks there need not speak HTTP
        reason = getattr(error, "reason", error)
        return WebFacts(url, None, _ms(began), type(reason).__name__)
    return WebFacts(url, status, _ms(began), says=_rule_problems(body))


def _rule_problems(body: bytes) -> str:
    """What `readyz` says about mistyped rules."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    rules = cast(dict[str, Any], answer).get("rules") if isinstance(answer, dict) else None
    return "; ".join(str(one) for one in cast(list[Any], rules)[:3]) if isinstance(rules, list) else ""


def certificate(place: str) -> Certificate:
    """When a certificate ends: of a PEM file, or of what answers at `host:port`. Never raises."""
    from cryptography import x509  # noqa: PLC0415 - only where certificates are watched

    try:
        if "/" in place:
            loaded = x509.load_pem_x509_certificate(Path(place).read_bytes())
        else:
            host, _, port = place.rpartition(":")
            loaded = x509.load_der_x509_certificate(_presented(host, int(port)))
    except (OSError, ValueError) as error:
        return Certificate(place, None, type(error).__name__)
    return Certificate(place, loaded.not_valid_after_utc)


def _presented(host: str, port: int) -> bytes:
    """The certificate that a server shows, whether or not we would trust it: an expired one must be seen too."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=TLS_DEADLINE_S) as raw,
        context.wrap_socket(raw, server_hostname=host) as wrapped,
    ):
        shown = wrapped.getpeercert(binary_form=True)
    if shown is None:
        raise OSError("no certificate was shown")
    return shown


def ntp_ahead_s(server: str) -> float:
    """How far our clock is ahead of an SNTP server's (RFC 4330), `host` or `host:port`. Raises OSError."""
    host, _, port = server.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(NTP_DEADLINE_S)
        sent_at = time.time()
        link.sendto(
            _NTP_PACKET.pack(0x23, struct.pack("!Q", _stamp(sent_at))), (host, int(port or _NTP_PORT))
        )
        answer, _ = link.recvfrom(512)
        came_at = time.time()
    if len(answer) < 48 or answer[0] & 7 != 4 or answer[24:32] != struct.pack("!Q", _stamp(sent_at)):
        raise OSError("not an answer to our question")
    if answer[1] == 0:
        raise OSError("the server refused")
    received, sent = (_seconds(answer[at : at + 8]) for at in (32, 40))
    return -((received - sent_at) + (sent - came_at)) / 2


def _stamp(at: float) -> int:
    return int((at + _NTP_EPOCH_S) * 2**32)


def _seconds(stamp: bytes) -> float:
    return int.from_bytes(stamp, "big") / 2**32 - _NTP_EPOCH_S


def report(path: Path) -> ReportFacts:
    """A report that another command left: {at | finished_at, is_ok | is_passed, problem?, name?, taken_at?}. Never raises."""
    try:
        if path.stat().st_size > REPORT_BYTES_MAX:
            return ReportFacts(None, error="too long")
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ReportFacts(None)
    except (OSError, ValueError) as error:
        return ReportFacts(None, error=type(error).__name__)
    known = cast(dict[str, Any], read) if isinstance(read, dict) else {}
    at = _instant(known.get("at") or known.get("finished_at"))
    if at is None and known.get("at", "") is None:  # a schedule, of which nothing was run yet
        return ReportFacts(None, problem=str(known.get("problem") or "")[:200])
    if at is None:
        return ReportFacts(None, error="it has no time `at`")
    is_ok = known.get("is_ok", known.get("is_passed"))
    return ReportFacts(
        at,
        is_ok=bool(is_ok),
        problem=str(known.get("problem") or known.get("name") or "")[:200],
        taken_at=_instant(known.get("taken_at")),
    )


def _instant(raw: object) -> datetime | None:
    """An ISO time with its zone, or seconds since 1970."""
    try:
        if isinstance(raw, int | float):
            return datetime.fromtimestamp(raw, UTC)
        found = datetime.fromisoformat(str(raw)) if raw else None
    except (ValueError, OverflowError, OSError):
        return None
    return None if found is None or found.tzinfo is None else found.astimezone(UTC)


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
