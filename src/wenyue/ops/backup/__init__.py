"""Backups that are restored every day: full, incremental and log, back to any instant, into a new home."""

from wenyue.ops.backup.command import app
from wenyue.ops.backup.folder import Folder, existing, for_writing
from wenyue.ops.backup.restoring import plan, restore
from wenyue.ops.backup.selftesting import newest
from wenyue.ops.backup.source import opened
from wenyue.ops.backup.taking import Wish, take

__all__ = ["Folder", "Wish", "app", "existing", "for_writing", "newest", "opened", "plan", "restore", "take"]
