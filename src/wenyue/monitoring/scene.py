"""What a monitor looks at, and what it remembers from round to round."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from wenyue.audit import Link
from wenyue.platform.blocking_calls import BlockingCalls
from wenyue.platform.database.db import Tx


@dataclass(frozen=True, slots=True)
class Scene:
    """What a monitor looks at."""

    node: str
    connect: Callable[[], Awaitable[Tx]]
    clock: Callable[[], datetime]
    disks: tuple[Path, ...]
    urls: tuple[str, ...]
    certificates: tuple[str, ...] = ()
    ntp: str = ""
    standbys: int = 0
    parent: int | None = None  # the supervisor, when there is one
    wanted: tuple[tuple[str, int], ...] = ()
    figures: Path | None = None  # where the processes of this machine leave theirs
    selftest: Path | None = None
    drill: Path | None = None
    home: Path | None = None  # where the record's keys and anchors are
    is_demo: bool = False  # the demo was asked for
    backup_wanted_from: datetime | None = None  # an installation that lives so long must have one


@dataclass(slots=True)
class Memory:
    """What a monitor remembers from round to round."""

    link: Link = field(default_factory=Link)
    chain_began: float = 0.0
    seen_at: tuple[datetime, float] | None = None
    has_turn: bool = False
    blocking_calls: BlockingCalls = field(default_factory=BlockingCalls)
