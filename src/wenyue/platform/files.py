"""How many files and connections a process may hold."""

import resource
from typing import Final

OPEN_FILES_WANTED: Final = 65_536


def allow_many_files() -> int:
    """Raise this process's limit of open files as far as the hard limit allows, at most to 65,536; return the limit.

    A login shell gives 1,024, which a thousand idle connections use up.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_WANTED)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
