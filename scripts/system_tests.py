#!/usr/bin/env python3
"""The files of tests/system that one run takes, a line each: scripts/system_tests.py [K/N | commit].

`K/N`: the K-th of N parts, about equally long by tests/system/seconds.toml. `commit`: a part that the commit's number chooses,
so that consecutive commits go through all of them. Nothing: all files. `--measured FILE`: write seconds.toml from a JUnit
report of a run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "system"
SECONDS = FOLDER / "seconds.toml"
UNKNOWN_S = 30.0  # a file that nobody measured yet
PARTS = 4  # a few landings see everything


def parts(seconds: dict[str, float], count: int) -> list[list[str]]:
    """The files in `count` parts: longest first, each into the part that is shortest so far; the same for the same figures."""
    made: list[list[str]] = [[] for _ in range(count)]
    full = [0.0] * count
    for name in sorted(seconds, key=lambda one: (-seconds[one], one)):
        shortest = full.index(min(full))
        made[shortest].append(name)
        full[shortest] += seconds[name]
    return [sorted(one) for one in made]


def measured() -> dict[str, float]:
    """Seconds of every file of tests/system, as they were measured."""
    known = tomllib.loads(SECONDS.read_text(encoding="utf-8")) if SECONDS.exists() else {}
    return {path.name: float(known.get(path.name, UNKNOWN_S)) for path in FOLDER.glob("test_*.py")}


def number_of_commit() -> int:
    """How many commits led here; where that is not known, a number that the commit's name gives."""
    if _git("rev-parse", "--is-shallow-repository") == "false":
        return int(_git("rev-list", "--count", "--first-parent", "HEAD"))
    return int(_git("rev-parse", "HEAD")[:8], 16)


def chosen(what: str) -> list[str]:
    """The names of the files that `what` asks for."""
    if not what:
        return sorted(measured())
    if what == "commit":
        part, count = number_of_commit() % PARTS + 1, PARTS
    else:
        part, count = (int(one) for one in what.split("/"))
    if not 1 <= part <= count:
        raise SystemExit(f"error: {what}: say K/N with K from 1 to N, or commit")
    sys.stderr.write(f"tests/system: part {part} of {count}\n")
    return parts(measured(), count)[part - 1]


def write_measured(report: Path) -> None:
    """Write seconds.toml from a JUnit report."""
    spent: defaultdict[str, float] = defaultdict(float)
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 # our own report
        folder, _, name = case.get("classname", "").rpartition(".")
        if folder == "tests.system":
            spent[f"{name}.py"] += float(case.get("time", 0.0))
    kept = {name: round(spent.get(name, known), 1) for name, known in measured().items()}
    lines = [f'"{name}" = {seconds}\n' for name, seconds in sorted(kept.items())]
    head = "# Seconds that each file took, to divide them: scripts/system_tests.py --measured REPORT writes this.\n"
    SECONDS.write_text(head + "".join(lines), encoding="utf-8")


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def main() -> None:
    """As typed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", default="", help="K/N or commit")
    parser.add_argument("--measured", type=Path, help="a JUnit report")
    typed = parser.parse_args()
    if typed.measured:
        write_measured(typed.measured)
        return
    for name in chosen(typed.what):
        print(f"tests/system/{name}")


if __name__ == "__main__":
    main()
