"""The drills: fault, load, and what must be true of the figures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wenyue.kernel.limits import BOOKING_DEADLINE_S
from wenyue.tools.drill.acts import (
    Fault,
    crawl,
    cut_link,
    drain_web,
    freeze_database,
    kill_database,
    kill_web,
    lose_replies,
)
from wenyue.tools.drill.figures import Figures
from wenyue.tools.drill.history import History, Says

SLACK_S: Final = 1.0
WRITE_GAP_S_MAX: Final = 10.0

Judge = Callable[[Figures, History, float], list[str]]  # the last: seconds of patience with a busy machine


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill: `act` does the fault while load runs; `judge` names what the figures must not be."""

    name: str
    title_zh: str
    says: str
    to_do: str  # what an operator does when this happens, or when the drill fails
    act: Fault
    judge: Judge
    rate_per_s: float = 200.0
    seconds: float = 60.0
    has_front: bool = False
    has_link: bool = False


def _recovers(figures: Figures, history: History, slack_s: float) -> list[str]:
    found = _answers_in_time(figures, history, slack_s)
    if figures.write_gap_max_s > WRITE_GAP_S_MAX + slack_s - SLACK_S:
        found.append(
            f"nothing was booked for {figures.write_gap_max_s:.1f} s after a fault (at most {WRITE_GAP_S_MAX:.0f} s)"
        )
    return found


def _answers_in_time(_: Figures, history: History, slack_s: float) -> list[str]:
    late = [one for one in history.attempts() if one.was_sent and one.took_s > BOOKING_DEADLINE_S + slack_s]
    if late:
        worst = max(one.took_s for one in late)
        return [
            f"{len(late)} requests had no answer within {BOOKING_DEADLINE_S + slack_s:.0f} s (worst {worst:.1f} s)"
        ]
    return []


def _nothing_accepted_is_unanswered(_: Figures, history: History, __: float) -> list[str]:
    """A replay that follows a lost reply shows that the first request was carried out without an answer."""
    dropped = [
        one.id
        for one in history.operations
        if one.doubt_since is not None and any(a.is_replay and a.says is Says.YES for a in one.attempts)
    ]
    return [f"{len(dropped)} accepted requests were carried out but not answered"] if dropped else []


def _everything_is_answered(figures: Figures, history: History, slack_s: float) -> list[str]:
    found = _answers_in_time(figures, history, slack_s)
    lost = sum(one.says is Says.UNKNOWN or not one.was_sent for one in history.attempts())
    if lost:
        found.append(f"{lost} requests of ordinary clients were not answered")
    return found


def _nothing_more(_: Figures, __: History, ___: float) -> list[str]:
    return []


DRILLS: Final = {
    drill.name: drill
    for drill in (
        Drill(
            "database-killed",
            "数据库被强制结束",
            "kill -9 PostgreSQL (postmaster and children) under load; the supervisor starts it again.",
            "Nothing: the supervisor restarts the server, which replays its log. When the write gap grows, look at "
            "max_wal_size and at the disk; when a booking is missing, stop sales and compare the history with the record.",
            kill_database,
            _recovers,
            seconds=120.0,
        ),
        Drill(
            "reply-lost",
            "应答丢失",
            "Replies are lost after the request went through; some requests are sent five times before one is let through.",
            "Nothing: the same id gives the same booking. A client that mints a new id for every try must be mended.",
            lose_replies,
            _nothing_more,
            has_front=True,
        ),
        Drill(
            "database-link-cut",
            "数据库连接中断",
            "Connections between web and PostgreSQL are reset at random points, during COMMIT too.",
            "Look at the network between the hosts. Doubts settle by themselves; if one stays, ask for its id.",
            cut_link,
            _recovers,
            has_link=True,
        ),
        Drill(
            "worker-killed",
            "网页进程被强制结束",
            "kill -9 a web process in the middle of a batch; the supervisor starts it again.",
            "Nothing: the others serve meanwhile. If it dies again and again, the supervisor's output has its last lines.",
            kill_web,
            _recovers,
        ),
        Drill(
            "drain",
            "平滑退出",
            "SIGTERM to a web process under load: every accepted request is answered.",
            "This is how a process is taken out for maintenance. While something stays unanswered, do not roll out.",
            drain_web,
            _nothing_accepted_is_unanswered,
        ),
        Drill(
            "slow-clients",
            "慢速客户端",
            "Connections whose headers or bodies arrive byte by byte; everybody else is served as usual.",
            "Put a proxy with header and body timeouts in front; raise the limit of open files.",
            crawl,
            _everything_is_answered,
        ),
        Drill(
            "frozen-database",
            "数据库冻结",
            "SIGSTOP PostgreSQL for 5 s, then SIGCONT: every request has yes, no or unknown by its deadline and a second.",
            "Find what froze the host (storage, memory, hypervisor). Deadlines hold; unknowns settle after the thaw.",
            freeze_database,
            _answers_in_time,
        ),
    )
}
