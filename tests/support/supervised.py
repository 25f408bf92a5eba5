"""A small installation under the supervisor, run as a process of its own: ``supervised.py FOLDER CHILD...``.

Each CHILD is a Python source whose process writes its number to ``FOLDER/NAME.pid`` and does what it does.
WATCH=blocks: what is watched beside them never ends by itself. WATCH=fails: it fails three times, then goes well.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import ChildPlan, Supervisor

PREAMBLE = """
import os, signal, sys, time
from pathlib import Path
from wenyue.platform.parent_death_signal import end_with_parent
end_with_parent()
folder, name = Path(sys.argv[1]), sys.argv[2]
with (folder / f"{name}.pids").open("a") as file:
    print(os.getpid(), file=file)
"""


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def watching(folder: Path) -> Callable[[Callable[[], bool]], None] | None:
    """What WATCH asks for; every call leaves a line in ``FOLDER/watched``."""
    kind = os.environ.get("WATCH")
    calls = folder / "watched"

    def watch(is_wanted: Callable[[], bool]) -> None:
        with calls.open("a") as file:
            file.write("called\n")
        while kind == "blocks" and is_wanted():
            time.sleep(0.05)
        if kind == "fails" and len(calls.read_text().splitlines()) <= 3:
            raise SetupError(Message("no luck"))

    return watch if kind else None


def main(folder: Path, sources: list[str]) -> int:
    """Supervise one child per source until a signal."""
    plans = [
        ChildPlan(
            f"child-{n}", [sys.executable, "-c", PREAMBLE + source, str(folder), f"child-{n}"], os.environ
        )
        for n, source in enumerate(sources)
    ]
    supervisor = Supervisor(
        plans, say=say, watch=watching(folder), drain_s=float(os.environ.get("DRAIN_S", "15"))
    )
    try:
        supervisor.run_processes(
            lambda: all((folder / f"{one.name}.up").exists() for one in plans), lambda: say("ready")
        )
    except SetupError as fault:
        say(str(fault))
        return 1
    say("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
