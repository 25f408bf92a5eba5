"""An installed wheel has everything that a checkout has: migrations, statements, templates, style sheets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from wenyue.cli import LAB_COMMANDS
from wenyue.platform.database.migrate import read_migrations
from wenyue_lab.commands import COMMANDS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "wenyue"
LAB = ROOT / "lab" / "src" / "wenyue_lab"
DEADLINE_S = 60


def find_uv() -> str | None:
    """The uv that scripts/bootstrap uses: the project's own, or the machine's."""
    own = ROOT / ".tools" / "bin" / "uv"
    return str(own) if own.exists() else shutil.which("uv")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's wheel, unpacked as an installation would be."""
    return unpack(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked_lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laboratory's wheel, likewise."""
    return unpack(ROOT / "lab", tmp_path_factory.mktemp("lab"))


def unpack(project: Path, folder: Path) -> Path:
    uv = find_uv()
    if uv is None:
        pytest.skip("uv is missing: run scripts/bootstrap dev")
    command = [uv, "build", "--wheel", "--quiet", "--offline", "--out-dir", str(folder), str(project)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def names(root: Path) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_the_package_and_nothing_of_the_laboratory(unpacked: Path) -> None:
    assert names(SOURCE) - names(unpacked / "wenyue") == set()
    assert [path.name for path in unpacked.iterdir() if not path.name.startswith("wenyue-")] == ["wenyue"]


def test_the_wheel_of_the_laboratory_holds_its_files_and_its_commands(unpacked_lab: Path) -> None:
    assert names(LAB) - names(unpacked_lab / "wenyue_lab") == set()
    (info,) = unpacked_lab.glob("*.dist-info")
    points = (info / "entry_points.txt").read_text(encoding="utf-8")
    assert "[wenyue.commands]" in points
    assert set(COMMANDS) == LAB_COMMANDS


def test_an_installed_wheel_finds_its_migrations(unpacked: Path, tmp_path: Path) -> None:
    program = (
        "from wenyue.platform.database import migrate; print(migrate.__file__); "
        "print(*(f'{one.version} {one.sha256}' for one in migrate.read_migrations()), sep='\\n')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    where, *found = result.stdout.splitlines()
    assert Path(where).is_relative_to(unpacked)
    assert found == [f"{one.version} {one.sha256}" for one in read_migrations()]
