"""The figures of one drill, from the client's history alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from wenyue_lab.chaos.history import History, Kind, Says

BUCKETS_MAX: Final = 240
_AFTER_S: Final = 2.0  # a gap may end shortly after the fault was mended


@dataclass(frozen=True, slots=True)
class Moment:
    """One piece of the timeline: answers a second by what they said, and how long answers took."""

    at: float
    yes_per_s: float
    no_per_s: float
    unanswered_per_s: float  # refused for now, doubtful, or no connection
    p50_ms: float
    worst_ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and times. An operation is one id, however often it was sent.

    Latencies are of answered requests of clients on good lines.
    """

    seconds: float
    operations: int
    requests: int
    acknowledged: int
    refused: int
    given_up: int  # every attempt was refused for now: the client would try later
    doubted: int  # operations that were unknown for a while
    settled_by_asking: int
    settled_by_sending_again: int
    doubt_max_s: float
    replays: int
    acknowledged_per_s: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    faults: int
    write_gap_p95_s: float
    write_gap_max_s: float
    timeline: tuple[Moment, ...] = field(default=(), repr=False)


def measure(history: History, faults: Sequence[tuple[float, float]], seconds: float) -> Figures:
    """Add the history up."""
    operations = history.operations
    attempts = list(history.attempts())
    answered = sorted(one.took_s for one in history.attempts(with_spoilt=False) if one.status)
    yes = [one for one in operations if one.settled is Says.YES]
    doubts = [one for one in operations if one.doubt_since is not None]
    gaps = _gaps(history, faults)
    last = max((one.answered for one in attempts), default=0.0)
    return Figures(
        seconds=round(seconds, 1),
        operations=len(operations),
        requests=len(attempts),
        acknowledged=len(yes),
        refused=sum(one.settled is Says.NO and _was_refused(one.attempts) for one in operations),
        given_up=sum(one.settled is Says.NO and not _was_refused(one.attempts) for one in operations),
        doubted=len(doubts),
        settled_by_asking=sum(one.settled_by == "asked" for one in operations),
        settled_by_sending_again=sum(one.settled_by == "resent" for one in operations),
        doubt_max_s=round(
            max((one.settled_at - (one.doubt_since or 0.0) for one in doubts if one.settled), default=0.0), 2
        ),
        replays=sum(one.is_replay for one in attempts),
        acknowledged_per_s=round(len(yes) / seconds, 1) if seconds > 0 else 0.0,
        p50_ms=_ms(answered, 0.5),
        p99_ms=_ms(answered, 0.99),
        worst_ms=_ms(answered, 1.0),
        faults=len(faults),
        write_gap_p95_s=round(percentile(gaps, 0.95), 2),
        write_gap_max_s=round(max(gaps, default=0.0), 2),
        timeline=_timeline(history, last),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the sorted values do not exceed; 0 for none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000 * len(ordered)) // 1000) - 1))]


def _was_refused(attempts: Iterable[object]) -> bool:
    return any(getattr(one, "says", None) is Says.NO for one in attempts)


def _ms(ordered: Sequence[float], share: float) -> float:
    return round(percentile(ordered, share) * 1000, 1)


def _gaps(history: History, faults: Sequence[tuple[float, float]]) -> list[float]:
    """For every fault the longest time around it in which nothing was acknowledged, sorted."""
    acks = sorted(
        one.answered
        for operation in history.operations
        if operation.kind is Kind.BOOK
        for one in operation.attempts
        if one.says is Says.YES
    )
    found: list[float] = []
    for began, ended in faults:
        pairs = zip([began, *acks], [*acks, ended], strict=True)
        touching = [
            later - max(earlier, began)
            for earlier, later in pairs
            if later > began and earlier < ended + _AFTER_S
        ]
        found.append(max(touching, default=0.0))
    return sorted(found)


def _timeline(history: History, last: float) -> tuple[Moment, ...]:
    width = max(0.25, last / BUCKETS_MAX)
    size = int(last / width) + 1
    yes, no, none = [0] * size, [0] * size, [0] * size
    took: list[list[float]] = [[] for _ in range(size)]
    for one in history.attempts():
        place = min(size - 1, int(one.answered / width))
        if one.says is Says.YES:
            yes[place] += 1
        elif one.says is Says.NO:
            no[place] += 1
        else:
            none[place] += 1
        took[place].append(one.took_s)
    return tuple(
        Moment(
            at=round(place * width, 3),
            yes_per_s=round(yes[place] / width, 1),
            no_per_s=round(no[place] / width, 1),
            unanswered_per_s=round(none[place] / width, 1),
            p50_ms=_ms(sorted(took[place]), 0.5),
            worst_ms=_ms(sorted(took[place]), 1.0),
        )
        for place in range(size)
    )
