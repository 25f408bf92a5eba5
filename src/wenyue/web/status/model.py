"""The status page's nouns: components, what a probe saw, incidents, days."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from wenyue.locale import Texts


class State(Enum):
    """How a component is, for travellers. UNKNOWN: nobody could look."""

    OK = "ok"
    SLOW = "slow"
    DOWN = "down"
    UNKNOWN = "unknown"


class Automatic(Enum):
    """What the probes say of an incident by themselves, in every language: its title, its first note and its last."""

    DOWN = "down"
    SLOW = "slow"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Component:
    """Something that travellers use; `needs_monitor`: only the monitor can see how it is. `wording` has its words."""

    name: str
    needs_monitor: bool = False


COMPONENTS = (
    Component("booking"),
    Component("entry"),
    Component("messages", needs_monitor=True),
    Component("partners", needs_monitor=True),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one probe of one address saw; `status` None: no answer."""

    status: int | None
    took_ms: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A component's present state; `bad` and `good` count probes in a row."""

    state: State
    since: datetime
    bad: int = 0
    good: int = 0
    worst: State = State.OK  # of the bad probes in a row
    took_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What was told about an incident at one time. `state`: investigating, identified, watching or resolved."""

    at: datetime
    state: str
    text: Texts | Automatic


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that travellers noticed; written by operators or, with `is_automatic`, by the probes."""

    id: str
    component: str
    opened_at: datetime
    closed_at: datetime | None
    is_automatic: bool
    title: Texts | Automatic
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """Seconds of one component on one day."""

    day: date
    ok_s: float = 0.0
    slow_s: float = 0.0
    down_s: float = 0.0

    @property
    def seen_s(self) -> float:
        """Seconds in which somebody looked."""
        return self.ok_s + self.slow_s + self.down_s

    @property
    def uptime(self) -> float | None:
        """Share of the seconds looked at in which it could be used; slow counts as usable."""
        return None if not self.seen_s else (self.ok_s + self.slow_s) / self.seen_s
