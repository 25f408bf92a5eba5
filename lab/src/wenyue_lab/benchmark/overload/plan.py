"""How long a run is and how it is set up, and what it leaves."""

from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path

from wenyue_lab.benchmark.noise import Noise
from wenyue_lab.benchmark.overload.tally import Bin, Tally


@dataclass(frozen=True, slots=True)
class Scale:
    """How long, how many, and who computes where. Times in seconds."""

    is_quick: bool = False
    workers: int = 2
    warm_s: float = 2.0
    step_s: float = 5.0  # of the ramp; the first `step_skipped_s` of each do not count
    step_skipped_s: float = 1.0
    hold_s: float = 15.0  # around the top: the peak is what is held for that long
    step_tail_s: float = (
        1.0  # nor the last of each: what was queued then is served when nothing comes any more
    )
    steps_max: int = 16
    proof_s: float = 2.0
    lead_s: float = 3.0  # at 0.8 times the peak, before the storm
    storm_s: float = 60.0
    calm_s: float = 35.0
    flash_lead_s: float = 5.0
    flash_after_s: float = 10.0
    drain_s: float = 5.0  # what has no answer that long after the last request was due gets none
    cards: int = 400_000
    flash_cards: int = 100_000
    connections: int = 10_000
    load_processes: int = 2
    database_share: float = (
        0.15  # of one core: at ten times the peak web processes use two thirds of theirs; 0: unbounded
    )
    unbounded_storm_s: float = 20.0  # 0: the unbounded configuration is not measured
    first_per_s: float = 1_000.0
    proxy: Path | None = None  # a file for HAProxy, which then stands between the load and the web processes
    is_proxy_apart: bool = (
        False  # on the load's core, as on a machine of its own; else on that of the web processes
    )


def quick(scale: Scale) -> Scale:
    """Under a minute, of which the storm takes six seconds; for trying, not for publishing."""
    return replace(
        scale,
        is_quick=True,
        warm_s=1.0,
        step_s=1.5,
        step_skipped_s=0.5,
        hold_s=4.0,
        step_tail_s=0.5,
        proof_s=1.0,
        lead_s=1.0,
        storm_s=6.0,
        calm_s=6.0,
        flash_lead_s=1.0,
        flash_after_s=4.0,
        cards=60_000,
        flash_cards=50_000,
        unbounded_storm_s=0.0,
        first_per_s=2_500.0,
    )


@dataclass(slots=True)
class Phase:
    """One stretch of the run, on the run's own clock, as it was meant."""

    name: str
    begin_s: float
    end_s: float
    offered_per_s: float


@dataclass(slots=True)
class Shots:
    """One firing with the instant of its start on the run's clock, and processor seconds used meanwhile."""

    at_s: float
    seconds: float
    tally: Tally
    cpu_s: dict[str, float]


@dataclass(slots=True)
class Report:
    """Everything that was measured."""

    figures: dict[str, float | None] = field(default_factory=dict[str, float | None])
    details: dict[str, object] = field(default_factory=dict[str, object])
    phases: list[Phase] = field(default_factory=list[Phase])
    shots: list[Shots] = field(default_factory=list[Shots])
    machine: dict[str, object] = field(default_factory=dict[str, object])
    configuration: dict[str, object] = field(default_factory=dict[str, object])
    invalid: list[str] = field(default_factory=list[str])  # reasons; empty: the figures mean what they say
    notes: list[str] = field(default_factory=list[str])
    noise: Noise = field(default_factory=lambda: Noise(0.0, 0.0))
    seconds: float = 0.0


def described(bin_: Bin, seconds: float) -> dict[str, object]:
    """A span of requests as the report shows it."""
    return {
        "offered_per_s": round(bin_.offered / seconds),
        "goodput_per_s": round(bin_.good / seconds),
        "late": bin_.late,
        "denied": bin_.denied,
        "shed": bin_.shed,
        "doubtful": bin_.doubtful,
        "failed": bin_.failed,
        "unanswered": bin_.unanswered,
        "admitted_p50_ms": rounded(bin_.admitted.quantile_ms(0.5)),
        "admitted_p99_ms": rounded(bin_.admitted.quantile_ms(0.99)),
        "refused_p50_ms": rounded(bin_.refused.quantile_ms(0.5)),
        "refused_p99_ms": rounded(bin_.refused.quantile_ms(0.99)),
    }


def rounded(value: float | None) -> float | None:
    """Three digits are enough; None when nothing was counted, or it never happened."""
    if value is None or not isfinite(value):
        return None
    return round(value, 3) if abs(value) < 1000 else round(value)
