"""The programs a lab is made of: etcd and HAProxy from Debian, Patroni from our locked packages.

As root, Patroni and PostgreSQL run as a user of their own, which can enter neither our environment nor the
interpreter behind it when they lie in a 0700 home. Then the packages are copied once, beside PostgreSQL's programs, for
an interpreter of the same version that this user can run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.platform.embedded_server.account import Account
from wenyue.platform.embedded_server.locks import held
from wenyue.platform.embedded_server.place import SYSTEM_ROOT
from wenyue.platform.fault import SetupError

SEARCHED: Final = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
PACKAGES: Final = {"etcd": "etcd-server", "haproxy": "haproxy"}
_EXTRAS: Final = {"patroni": {"etcd3", "psycopg3"}, "psycopg": {"binary"}}
_INTERPRETERS: Final = ("/usr/bin/python3", "/usr/local/bin/python3")
_PROBE_S: Final = 20
_REQUIREMENT: Final = re.compile(r"^([A-Za-z0-9._-]+)")
_EXTRA: Final = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_PACKAGES_MAX: Final = 100
_RENEWING: Final = Path(__file__).with_name("renewing.py")


@dataclass(frozen=True)
class Programs:
    """Paths and commands, ready to run as the lab's account. Patroni sees its own packages only (`-S`), not the system's."""

    etcd: str
    haproxy: str
    patroni: tuple[str, ...]
    python_path: str  # where Patroni and what it needs lie


def missing_packages() -> list[str]:
    """Debian packages that are not installed and that a lab needs."""
    return [package for program, package in PACKAGES.items() if shutil.which(program, path=SEARCHED) is None]


def find(account: Account) -> Programs:
    """Everything a lab runs. Raises SetupError with the line that says what to install."""
    missing = missing_packages()
    if missing:
        raise SetupError(
            Message(
                "the lab needs {names} of Debian: run `apt-get install {missing}` as root",
                missing=" ".join(missing),
                names=" and ".join(missing),
            ),
        )
    etcd, haproxy = (str(shutil.which(name, path=SEARCHED)) for name in PACKAGES)
    if not account.switch:
        where = str(_patroni().locate_file(""))
        return Programs(etcd, haproxy, (sys.executable, "-S", str(_RENEWING)), where)
    interpreter = _reachable_interpreter(account)
    with held(SYSTEM_ROOT / ".copy.lock"):
        folder = _copied_packages(SYSTEM_ROOT / "patroni")
    return Programs(etcd, haproxy, (interpreter, "-S", str(folder / _RENEWING.name)), str(folder))


def _patroni() -> Distribution:
    try:
        return distribution("patroni")
    except PackageNotFoundError as error:
        raise SetupError(
            Message(
                "Patroni is not in this environment: run `scripts/bootstrap dev` (it installs the "
                "group `lab`)"
            ),
        ) from error


def _reachable_interpreter(account: Account) -> str:
    """A Python of our own version that the account can run: what is compiled for ours works with it."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [os.path.realpath(sys.executable), *_INTERPRETERS, f"/usr/bin/python{own}"]
    for candidate in candidates:
        try:
            answer = subprocess.run(
                [candidate, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                cwd="/",
                env={"PATH": SEARCHED},
                capture_output=True,
                text=True,
                timeout=_PROBE_S,
                check=False,
                user=account.uid,
                group=account.gid,
                extra_groups=[],
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.stdout.strip() == own:
            return candidate
    raise SetupError(
        Message(
            "Patroni runs as {name}, who can run no Python {own} here: install Debian's "
            "python{own}, or run the lab as an ordinary user",
            name=account.name,
            own=own,
        ),
    )


def _copied_packages(target_root: Path) -> Path:
    """Copy Patroni and what it needs below `target_root`, once per set of versions; return the folder."""
    wanted = {one.name: one for one in _closure(_patroni(), _EXTRAS["patroni"])}
    versions = "\n".join(f"{name} {one.version}" for name, one in sorted(wanted.items()))
    own = _RENEWING.read_bytes()
    stamp = hashlib.sha256(f"{sys.version_info[:2]}\n{versions}\n".encode() + own).hexdigest()[:16]
    folder = target_root / stamp
    if folder.is_dir():
        return folder
    target_root.mkdir(parents=True, exist_ok=True)
    target_root.chmod(0o755)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target_root))
    try:
        for one in wanted.values():
            _copy(one, partial)
        (partial / _RENEWING.name).write_bytes(own)
        (partial / _RENEWING.name).chmod(0o644)
        partial.chmod(0o755)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder


def _closure(first: Distribution, extras: set[str]) -> Iterator[Distribution]:
    """The distribution and every installed one that it needs, each once."""
    seen: set[str] = set()
    waiting = [(first, extras)]
    while waiting:
        one, wanted = waiting.pop()
        if one.name.lower() in seen:
            continue
        seen.add(one.name.lower())
        if len(seen) > _PACKAGES_MAX:
            raise SetupError(
                Message("Patroni needs more than {packages_max} packages", packages_max=_PACKAGES_MAX)
            )
        yield one
        for line in one.requires or []:
            extra = _EXTRA.search(line)
            name = _REQUIREMENT.match(line)
            if name is None or (extra is not None and extra.group(1) not in wanted):
                continue
            try:
                waiting.append((distribution(name.group(1)), _EXTRAS.get(name.group(1), set())))
            except PackageNotFoundError:
                continue  # for another platform or another version of Python: the lock left it out


def _copy(one: Distribution, target: Path) -> None:
    for file in one.files or []:
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        path = target / str(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(one.locate_file(file)), path)
        path.chmod(0o644)
    for folder, folders, _ in os.walk(target):
        for name in folders:
            Path(folder, name).chmod(0o755)
