"""Checks of this machine: its Python, the home, the disk, the port, data that nobody needs any more."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wenyue.locale.terminal import gettext
from wenyue.ops.doctor.report import Finding, Mark
from wenyue.platform.config import Settings
from wenyue.platform.embedded_server import base_folder
from wenyue.platform.embedded_server.place import FREE_BYTES_MIN, SYSTEM_ROOT
from wenyue.platform.fault import SetupError
from wenyue.platform.misspelt import misspelt
from wenyue.platform.supervisor import answers_ready, listening_socket

ORPHANS_MAX: Final = 20


def check_python(_settings: Settings) -> Iterator[Finding]:
    """This Python, and whether it knows the time zone of China."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(Mark.GOOD, "python", version)
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        yield Finding(
            Mark.FAULT,
            gettext("time zones"),
            gettext("the time zone Asia/Shanghai is missing"),
            gettext("run `make up` again (package tzdata)"),
        )


def check_variables(_settings: Settings) -> Iterator[Finding]:
    """Variables that were meant for us and that nobody reads: a misspelt setting is silently the default."""
    for name, meant in list(misspelt().items())[:ORPHANS_MAX]:
        yield Finding(
            Mark.WARNING,
            gettext("settings"),
            gettext("{name} is set, but there is no such setting", name=name),
            gettext("write {meant}, or unset it", meant=meant) if meant else gettext("unset it"),
        )


def check_home(settings: Settings) -> Iterator[Finding]:
    """The installation's home, or where it will be."""
    home = settings.home
    parent = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(parent, os.W_OK):
        yield Finding(
            Mark.FAULT,
            gettext("home"),
            gettext("{path} isn't writable", path=parent),
            gettext("make it writable or set WENYUE_HOME"),
        )
    elif not home.exists():
        yield Finding(
            Mark.NOTE,
            gettext("home"),
            gettext("{path} does not exist yet", path=home),
            gettext("`make up` creates it"),
        )
    else:
        yield Finding(Mark.GOOD, gettext("home"), str(home))


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Files with secrets are for their owner only."""
    for name in ("keys.json", "database.json"):
        path = settings.home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = gettext(
                "{path} has mode {mode}", path=path, mode=f"{stat.S_IMODE(path.stat().st_mode):04o}"
            )
            yield Finding(Mark.FAULT, gettext("secrets"), mode, f"chmod 600 {path}")
    if (settings.home / "keys.json").exists():
        text = gettext("{path} seals personal data", path=settings.home / "keys.json")
        yield Finding(Mark.GOOD, gettext("keys"), text, gettext("back it up apart from the database"))


def check_space(settings: Settings) -> Iterator[Finding]:
    """Room on the disk of the data."""
    folder = base_folder(settings.home)
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    text = gettext("{n} GB free at {path}", n=f"{free / 1e9:.1f}", path=existing)
    if free < FREE_BYTES_MIN:
        yield Finding(
            Mark.FAULT, gettext("disk"), text, gettext("free at least {n} MB", n=FREE_BYTES_MIN >> 20)
        )
    else:
        yield Finding(Mark.GOOD, gettext("disk"), text)


def check_port(settings: Settings) -> Iterator[Finding]:
    """The web's port is free, or answers as ours."""
    web = settings.web
    try:
        listening_socket(web.host, web.port).close()
    except SetupError as fault:
        if answers_ready("127.0.0.1" if web.host == "0.0.0.0" else web.host, web.port):  # noqa: S104 - compared with
            yield Finding(
                Mark.GOOD,
                gettext("port"),
                gettext("{address} responds and is ready", address=f"{web.host}:{web.port}"),
            )
        else:
            yield Finding(Mark.FAULT, gettext("port"), str(fault))
    else:
        yield Finding(
            Mark.GOOD, gettext("port"), gettext("{address} is free", address=f"{web.host}:{web.port}")
        )


def check_orphans(_settings: Settings) -> Iterator[Finding]:
    """As root, data below /var/lib/wenyue whose home was removed takes space that nobody will miss."""
    if os.geteuid() != 0 or not SYSTEM_ROOT.is_dir():
        return
    for note in sorted(SYSTEM_ROOT.glob("*/home"))[:ORPHANS_MAX]:
        home = Path(note.read_text(encoding="utf-8").strip())
        if not (home / "database.json").exists():
            remedy = gettext("rm -r {path} if you no longer need it", path=note.parent)
            yield Finding(
                Mark.NOTE,
                gettext("old data"),
                gettext("{path} belongs to {home}, which is gone", path=note.parent, home=home),
                remedy,
            )


# In the order of the report.
MACHINE: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (
    check_python,
    check_variables,
    check_home,
    check_secrets,
    check_space,
    check_port,
    check_orphans,
)
