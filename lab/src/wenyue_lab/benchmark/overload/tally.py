"""What came of the requests: a bin for every tenth of a second in which they were due, and pure arithmetic on them.

A request belongs to the instant when it was *due*. Goodput is what was booked and answered within a second of that.
"""

from dataclasses import dataclass, field
from typing import Final

from wenyue_lab.benchmark.histogram import Histogram, bucket_of
from wenyue_lab.benchmark.overload.load_generator import DOUBTFUL, UNANSWERED, Record

BIN_S: Final = 0.1
IN_TIME_S: Final = 1.0
SHED: Final = (503, 429)
TIMED_OUT: Final = 504


@dataclass(slots=True)
class Bin:
    """The requests that were due in one span of time; every one is counted in exactly one of good … unanswered."""

    good: int = 0  # booked, answered within IN_TIME_S
    late: int = 0  # booked, answered later
    denied: int = 0  # refused for a reason of the booking's: sold out, already booked …
    shed: int = 0  # refused because the system is busy
    doubtful: int = 0  # not decided in time, or unknown
    failed: int = 0  # anything else
    unanswered: int = 0  # no answer until the end, or never sent
    admitted: Histogram = field(default_factory=Histogram)  # latencies of good and late ones
    refused: Histogram = field(default_factory=Histogram)  # of those that were shed or left in doubt

    @property
    def offered(self) -> int:
        """How many were due."""
        return self.good + self.late + self.denied + self.shed + self.doubtful + self.failed + self.unanswered

    @property
    def booked(self) -> int:
        """Acknowledged bookings, in time or not."""
        return self.good + self.late

    def note(self, code: int, latency_s: float) -> None:
        """Count one request."""
        if code in {200, 201}:
            if latency_s <= IN_TIME_S:
                self.good += 1
            else:
                self.late += 1
            _add(self.admitted, latency_s)
        elif code in SHED:
            self.shed += 1
            _add(self.refused, latency_s)
        elif code == UNANSWERED:
            self.unanswered += 1
        elif code in {DOUBTFUL, TIMED_OUT}:
            self.doubtful += 1
            _add(self.refused, latency_s)
        elif 400 <= code < 500:
            self.denied += 1
        else:
            self.failed += 1

    def merge(self, other: "Bin") -> None:
        """Add the other's requests to these."""
        for name in ("good", "late", "denied", "shed", "doubtful", "failed", "unanswered"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.admitted.merge(other.admitted)
        self.refused.merge(other.refused)


@dataclass(slots=True)
class Tally:
    """One run of all load processes. `bins[stream][n]`: requests due in the n-th tenth of a second after the start."""

    bins: dict[int, dict[int, Bin]] = field(default_factory=dict[int, dict[int, Bin]])
    last_good_s: dict[int, float] = field(
        default_factory=dict[int, float]
    )  # when a stream's last booking was answered
    last_answer_s: dict[int, float] = field(default_factory=dict[int, float])
    lags: dict[int, Histogram] = field(default_factory=dict[int, Histogram])  # by second when due
    statuses: dict[int, int] = field(default_factory=dict[int, int])
    samples: dict[int, str] = field(default_factory=dict[int, str])
    numbers: list[int] = field(default_factory=list[int])
    never_sent: int = 0
    resent: int = 0
    reopened: int = 0
    refused_connections: int = 0
    queued_max: int = 0
    cpu_s: float = 0.0

    def merge(self, other: "Tally") -> None:
        """Add another process's run."""
        for stream, bins in other.bins.items():
            mine = self.bins.setdefault(stream, {})
            for number, one in bins.items():
                mine.setdefault(number, Bin()).merge(one)
        for ours, theirs in (
            (self.last_good_s, other.last_good_s),
            (self.last_answer_s, other.last_answer_s),
        ):
            for stream, at in theirs.items():
                ours[stream] = max(at, ours.get(stream, 0.0))
        for second, lags in other.lags.items():
            self.lags.setdefault(second, Histogram()).merge(lags)
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count
        self.samples = {**other.samples, **self.samples}
        self.numbers = [
            max(pair) for pair in zip(self.numbers or [0] * len(other.numbers), other.numbers, strict=True)
        ]
        for name in ("never_sent", "resent", "reopened", "refused_connections", "queued_max", "cpu_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def span(self, begin_s: float, end_s: float, stream: int | None = None) -> Bin:
        """The requests due in [begin, end) seconds after the start, of one stream or of all."""
        total = Bin()
        for number, bins in self.bins.items():
            if stream is None or number == stream:
                for place in range(round(begin_s / BIN_S), round(end_s / BIN_S)):
                    if place in bins:
                        total.merge(bins[place])
        return total

    def lag(self, begin_s: float = 0.0, end_s: float = float("inf")) -> Histogram:
        """How late the load processes themselves took requests up, of those due in that span of whole seconds."""
        total = Histogram()
        for second, lags in self.lags.items():
            if begin_s <= second < end_s:
                total.merge(lags)
        return total


def tally_of(record: Record) -> Tally:
    """One process's run, added up."""
    tally = Tally(
        numbers=record.numbers,
        samples=record.samples,
        never_sent=record.never_sent,
        resent=record.resent,
        reopened=record.reopened,
        refused_connections=record.refused_connections,
        queued_max=record.queued_max,
        cpu_s=record.cpu_s,
    )
    rows = zip(record.dues, record.latencies, record.codes, record.streams, strict=True)
    for due, latency, code, stream in rows:
        bins = tally.bins.setdefault(stream, {})
        place = int(due / BIN_S)
        if place not in bins:
            bins[place] = Bin()
        bins[place].note(code, latency)
        tally.statuses[code] = tally.statuses.get(code, 0) + 1
        if code in {200, 201}:
            tally.last_good_s[stream] = max(tally.last_good_s.get(stream, 0.0), due + latency)
        if code != UNANSWERED:
            tally.last_answer_s[stream] = max(tally.last_answer_s.get(stream, 0.0), due + latency)
    for due, lag in zip(record.taken_dues, record.lags, strict=True):
        _add(tally.lags.setdefault(int(due), Histogram()), lag)
    return tally


def _add(histogram: Histogram, latency_s: float) -> None:
    bucket = bucket_of(int(latency_s * 1e6))
    histogram.counts[bucket] = histogram.counts.get(bucket, 0) + 1
