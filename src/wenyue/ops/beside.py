"""Which processes `wenyue up` keeps beside those that serve: they look after copies, and nothing waits for them."""

from __future__ import annotations

import os
import sys

from wenyue.platform.config import Settings
from wenyue.platform.embedded_server.peer import read_link
from wenyue.platform.supervisor import ChildPlan


def helpers(settings: Settings) -> list[ChildPlan]:
    """The keeper of backups (with WENYUE_BACKUP_FOLDER), and the link to a standby (once one was allowed).

    They get the operator's own environment, the owner's login included.
    """
    environment = {**os.environ, "WENYUE_HOME": str(settings.home)}
    command = [sys.executable, "-m", "wenyue.cli"]
    found: list[ChildPlan] = []
    if settings.backup.folder:
        found.append(ChildPlan("backups", [*command, "backup", "keep"], environment))
    if not settings.database.url and read_link(settings.home) is not None:
        found.append(ChildPlan("standby-link", [*command, "standby", "link"], environment))
    return found
