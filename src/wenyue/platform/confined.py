"""A child process with limits of its own, for files that nobody vouches for: when it dies of one, only it does.

The parent asks by JSON on the child's standard input. The child writes what it makes of it to standard output and, last, what it
has to say of it as JSON to standard error.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

from wenyue.core.confinement import Bounds

_SAID_BYTES_MAX: Final = 64 * 1024


def ask_confined(
    module: str, question: Mapping[str, object], made: IO[bytes], bounds: Bounds
) -> dict[str, Any] | None:
    """What `python -m module` says of the question; what it writes goes to `made`. None: it died, or took too long."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps(question).encode(),
            stdout=made,
            stderr=subprocess.PIPE,
            timeout=bounds.processor_s * 2.0,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
    except subprocess.TimeoutExpired:
        return None
    try:
        said: dict[str, Any] = json.loads(done.stderr[-_SAID_BYTES_MAX:])
    except ValueError:
        return None  # it died: of its limits, or of the file
    return said


def answer_confined(bounds: Bounds, work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The child's whole life. What `work` raises is said as {"problem": its name}; `memory` when that did not suffice."""
    resource.setrlimit(resource.RLIMIT_AS, (bounds.memory, bounds.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (bounds.processor_s, bounds.processor_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    try:
        said = work(asked)
    except MemoryError:
        said = {"problem": "memory"}
    except Exception as error:  # noqa: BLE001 - whatever a library says of a damaged file goes to the parent
        said = {"problem": type(error).__name__}
    sys.stdout.flush()
    json.dump(said, sys.stderr)
