"""Backups that are restored every day: full, incremental and log, back to any instant, into a new home."""

from wenyue.tools.backup.command import app
from wenyue.tools.backup.folder import Folder, existing, for_writing
from wenyue.tools.backup.restoring import plan, restore
from wenyue.tools.backup.selftesting import newest
from wenyue.tools.backup.source import opened
from wenyue.tools.backup.taking import Wish, take

__all__ = ["Folder", "Wish", "app", "existing", "for_writing", "newest", "opened", "plan", "restore", "take"]
