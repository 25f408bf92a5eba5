"""Which processes `wenyue up` keeps beside those that serve: they look after copies, and nothing waits for them."""

from __future__ import annotations

import os
import sys

from wenyue.infra.config import Settings
from wenyue.infra.supervisor import ChildPlan


def helpers(settings: Settings) -> list[ChildPlan]:
    """With WENYUE_BACKUP_FOLDER: the keeper of backups. It gets the operator's own environment, owner's login included."""
    if not settings.backup.folder:
        return []
    environment = {**os.environ, "WENYUE_HOME": str(settings.home)}
    return [ChildPlan("backups", [sys.executable, "-m", "wenyue.cli", "backup", "keep"], environment)]
