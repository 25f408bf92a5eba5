"""A small installation under the supervisor, run as a process of its own: ``supervised.py FOLDER CHILD...``.

Each CHILD is a Python source whose process writes its number to ``FOLDER/NAME.pid`` and does what it does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wenyue.infra.fault import SetupError
from wenyue.infra.supervisor import ChildPlan, Supervisor

PREAMBLE = """
import os, signal, sys, time
from pathlib import Path
from wenyue.infra.leash import end_with_parent
end_with_parent()
folder, name = Path(sys.argv[1]), sys.argv[2]
with (folder / f"{name}.pids").open("a") as file:
    print(os.getpid(), file=file)
"""


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(folder: Path, sources: list[str]) -> int:
    """Supervise one child per source until a signal."""
    plans = [
        ChildPlan(
            f"child-{n}", [sys.executable, "-c", PREAMBLE + source, str(folder), f"child-{n}"], os.environ
        )
        for n, source in enumerate(sources)
    ]
    supervisor = Supervisor(plans, say=say, drain_s=float(os.environ.get("DRAIN_S", "15")))
    try:
        supervisor.run(
            lambda: all((folder / f"{one.name}.up").exists() for one in plans), lambda: say("ready")
        )
    except SetupError as fault:
        say(fault.en)
        return 1
    say("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
