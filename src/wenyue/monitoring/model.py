"""The monitor's nouns: facts that checks are judged from, findings, alerts and what is told about them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from wenyue.locale import Message, Texts


class Severity(Enum):
    """How bad: a note is shown and never sent; a warning wants somebody today; critical wants somebody now."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return ("note", "warning", "critical").index(self.value)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is not as it should be. `detail` tells two of the same check apart; figures say how much, never who."""

    check: str
    severity: Severity
    text: Message
    detail: str = ""

    @property
    def subject(self) -> str:
        """What alerts are told apart by: `disk:/srv`."""
        return f"{self.check}:{self.detail}" if self.detail else self.check


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of one round. `problem`: why it could not be made ('' when it was); `says`: its figures in short."""

    name: str
    findings: tuple[Finding, ...] = ()
    says: str = ""
    problem: str = ""
    took_ms: float = 0.0
    is_shared: bool = False  # about what all nodes share: one monitor makes it for all


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that fires, or that did. `rounds` counts consecutive rounds before it fired, `told` how often it was sent."""

    id: str
    subject: str
    check: str
    severity: Severity
    texts: Texts  # kept as they were said: an alert outlives the program that found it
    since: datetime
    rounds: int = 1
    fired_at: datetime | None = None
    told_at: datetime | None = None
    told: int = 0
    good_rounds: int = 0
    is_shared: bool = False


class Event(Enum):
    """Why something is told."""

    FIRED = "fired"
    WORSE = "worse"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell operators; `is_escalated`: to those behind them as well."""

    event: Event
    alert: Alert
    at: datetime
    is_escalated: bool = False


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The database as one look found it; `error` is set when it could not be reached."""

    error: str = ""
    took_ms: float = 0.0
    is_in_recovery: bool = False
    is_read_only: bool = False
    connections: int = 0
    connections_max: int = 0
    transaction_age: int = 0
    oldest_open_s: float = 0.0
    clock_ahead_s: float = 0.0  # ours against the database's
    write_problem: str = ""  # the monitor's own commit: refused, late, or not confirmed by the standby
    pushed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Standby:
    """One standby; `state` is None when the role may not see it."""

    name: str
    state: str | None
    sync: str | None
    behind_bytes: int | None
    behind_s: float | None


@dataclass(frozen=True, slots=True)
class ReplicationFacts:
    """Who follows, and what is promised."""

    sync_names: str  # synchronous_standby_names; '' means that a commit waits for nobody
    standbys: tuple[Standby, ...]
    lost_slots: tuple[str, ...]
    wanted: int  # standbys that the operator expects
    idle_slots: tuple[str, ...] = ()  # of backups: they keep log, and nothing was fetched for days


@dataclass(frozen=True, slots=True)
class UndoFacts:
    """Admissions taken back at gates within a day."""

    places_again: int  # places whose admission was taken back more than once
    keeper_most: int  # by one keeper
    refused: int  # tries beyond a keeper's share, without somebody who confirmed


@dataclass(frozen=True, slots=True)
class StaffAct:
    """What an administrator did with a member of staff. `by`: a login, or as the record names a command."""

    what: str  # staff.hired, staff.reset, staff.duties_set, staff.retired
    staff_id: int
    login: str
    by: str


@dataclass(frozen=True, slots=True)
class StaffActs:
    """Those of an hour, the newest first, a few of them; `count`: of all."""

    newest: tuple[StaffAct, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """What operators changed alone, or are about to."""

    unreviewed: int  # took effect by one person, and nobody else looked in time
    waiting: int  # proposals that wait for a second person or for their time
    alone: tuple[str, ...]  # take effect by themselves: the act and in how many minutes; a few


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """Work that waits: ages in seconds, 0 when nothing waits."""

    stuck_holds: int
    jobs_waiting: int
    jobs_age_s: float
    jobs_failed: int
    jobs_abandoned: int
    unsettled: int
    unsettled_age_s: float


@dataclass(frozen=True, slots=True)
class EventFacts:
    """How far one subscriber has come in the log of events; ages in seconds, 0 when there is nothing."""

    name: str
    waiting: int  # at most 10,000 are counted
    oldest_s: float
    retried: int = 0
    parked: int = 0  # subjects
    failures: int = 0  # in a row, of everything that it tried
    error: str = ""
    lost: int = 0  # dropped before it came to them
    lost_age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life of a partner or a worker."""

    partner: str
    age_s: float
    every_s: int
    says: str = ""


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """The audit record: how far it is sealed and verified."""

    unsealed_age_s: float
    broken_link: int | None
    verified_upto: int
    links: int
    differing: int = 0  # anchors outside the database whose link is gone or another
    anchors: int = 0


@dataclass(frozen=True, slots=True)
class Disk:
    """One file system."""

    path: str
    free: int
    size: int
    free_inodes_ratio: float


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this installation on this machine."""

    pid: int
    role: str
    rss: int
    open_files: int
    open_files_max: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory of the machine, and our processes on it; `wanted`: how many of which role there should be."""

    memory_free: int
    memory_size: int
    processes: tuple[Process, ...]
    wanted: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class WebFacts:
    """One address that must answer; `status` None: no answer, `error` says why."""

    url: str
    status: int | None
    took_ms: float
    error: str = ""
    says: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate or key that ends; `error` when it could not be read."""

    place: str
    ends_at: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """Our clock against others; `stepped_s`: how far it jumped since the last round against a clock that cannot."""

    stepped_s: float
    ntp_ahead_s: float | None
    ntp_error: str
    nodes: tuple[tuple[str, float], ...]  # (node, how far ahead of the database)


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report that another command left in the home: a backup's self-test, a drill's verdict. None: there is none."""

    at: datetime | None
    is_ok: bool = True
    problem: str = ""
    taken_at: datetime | None = None  # of the backup that was tried
    error: str = ""


@dataclass(frozen=True, slots=True)
class OldFact:
    """Something that a process goes by though it was not renewed in time: rules, rooms, a task, its own figures."""

    process: str  # web-4711
    name: str
    age_s: float

    @property
    def role(self) -> str:
        """web, worker."""
        return self.process.partition("-")[0]


@dataclass(frozen=True, slots=True)
class PassFacts:
    """A pass over everything, in steps: what was wrong in this round's steps, and when everything was last looked at."""

    broken: tuple[str, ...]  # in words; bounded
    broken_count: int
    rows: int
    finished_at: datetime | None
    began_at: datetime
    took_ms: float


@dataclass(frozen=True, slots=True)
class AbuseFacts:
    """One suspicious pattern: by how many subjects it was seen lately, and how many of them are blocked."""

    pattern: str
    subjects: int
    blocked: int


@dataclass(frozen=True, slots=True)
class RetentionFacts:
    """How far behind the erasing of one kind is: days beyond its period; 0 within hours of a changed period."""

    kind: str
    behind_days: int
