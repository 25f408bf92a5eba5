"""Two checkouts side by side, each with a database and web processes of its own, asked for turns in turn."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, Final, cast

from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue_lab.benchmark.dataset import DAYS
from wenyue_lab.benchmark.pairs import rules, side

TRIES_MAX: Final = 4  # of one pair
_END_DEADLINE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How much one comparison does."""

    pairs: int
    turns: int = 3  # of each side in each pair
    bookings: int = 3_000  # in each turn
    noop_s: float = 0.2  # before and after them
    cards: int = 80_000
    connections: int = 256
    workers: int = 2


@dataclass(slots=True)
class Comparison:
    """What a run leaves."""

    pairs: list[rules.Pair] = field(default_factory=list[rules.Pair])
    notes: list[str] = field(default_factory=list[str])


def compare(old: Path, new: Path, home: Path, scale: Scale, tell: Callable[[str], None]) -> Comparison:
    """Run `scale.pairs` pairs; `tell` gets a line for each. Everything that was started is ended and erased.

    Raises SetupError when a checkout has no environment, or a side does not work.
    """
    comparison = Comparison()
    with ExitStack() as stack:
        sides: dict[str, _Side] = {}
        for name, checkout in (("old", old), ("new", new)):
            tell(
                f"{name}: a database, {scale.cards:,} card holders and {scale.workers} web processes of {checkout}"
            )
            sides[name] = stack.enter_context(_side(name, checkout, home / f"pairs-{name}", scale))
        tell("warming up")
        for one in sides.values():
            one.turn(scale)
        for number in range(1, scale.pairs + 1):
            comparison.pairs.append(_pair(sides, number, scale, tell))
            tell(line_of(number, scale.pairs, comparison.pairs))
        comparison.notes.extend(note for one in sides.values() for note in one.notes)
    return comparison


def _pair(sides: Mapping[str, "_Side"], number: int, scale: Scale, tell: Callable[[str], None]) -> rules.Pair:
    """Pair number `number`; one in which the machine was too busy to confirm is taken again, TRIES_MAX times at most."""
    pair = None
    for _ in range(TRIES_MAX):
        taken: dict[str, list[rules.Turn]] = {"old": [], "new": []}
        for name in rules.order(number, scale.turns):
            taken[name].append(sides[name].turn(scale))
        pair = rules.Pair(reduce(add, taken["old"]), reduce(add, taken["new"]))
        if pair.is_whole:
            break
        tell(
            f"pair {number:>2} is not counted: {pair.old.others} and {pair.new.others} requests were refused"
        )
    assert pair is not None  # noqa: S101 - it was tried
    return pair


def line_of(number: int, of: int, pairs: list[rules.Pair]) -> str:
    """What the last pair gave, and all pairs so far."""
    last, so_far = pairs[-1], rules.estimate([pair.ratio for pair in pairs])
    return (
        f"pair {number:>2} of {of}: old {last.old_units:5.2f}, new {last.new_units:5.2f} no-ops a booking "
        f"({last.old.booking_us:.0f} and {last.new.booking_us:.0f} µs), ratio {last.ratio:.3f}; so far {so_far.median:.3f}"
    )


def report(verdict: rules.Verdict) -> list[str]:
    """The comparison in a few lines."""
    head = f"processor time per hot booking, in no-ops of the same pair, median of {verdict.pairs} pairs: "
    lines = [f"{head}old {verdict.old_units:.2f}, new {verdict.new_units:.2f}"]
    named = (
        ("new ÷ old", verdict.ratio),
        ("no-op alone", verdict.noop_ratio),
    )
    lines += [
        f"{name}: {one.median:.3f} ({one.low:.3f} to {one.high:.3f}, {one.confidence:.1%} confidence)"
        for name, one in named
    ]
    if not verdict.is_whole:
        lines.append(
            "more than 1 % of a turn's requests were not confirmed: these figures cannot be compared"
        )
    return lines


def require_people(scale: Scale) -> None:
    """Raise SetupError when there are not enough card holders: one books once a date.

    The first turn warms up; a third of the pairs may be taken again.
    """
    wanted = 1 + (scale.pairs + scale.pairs // 3 + TRIES_MAX) * scale.turns
    if scale.cards // scale.bookings * DAYS < wanted:
        turns_a_date = -(-wanted // DAYS)
        raise SetupError(
            Message(
                "{wanted} turns of {bookings} bookings need more than {cards} card holders: set "
                "--cards {turns_a_date}",
                wanted=wanted,
                bookings=scale.bookings,
                cards=scale.cards,
                turns_a_date=turns_a_date * scale.bookings,
            ),
        )


class _Side:
    """One checkout's process; its answers are read line by line."""

    def __init__(self, name: str, process: subprocess.Popen[str], log: Path) -> None:
        self._name, self._process, self._log = name, process, log
        self.notes: list[str] = []

    def await_ready(self) -> None:
        """Return when it serves. Raises SetupError with the end of its log."""
        while "is_ready" not in self._hear():
            pass

    def turn(self, scale: Scale) -> rules.Turn:
        """One turn. Raises SetupError when the side ended, or confirmed no booking at all."""
        assert self._process.stdin is not None  # noqa: S101 - it was started with pipes
        try:
            self._process.stdin.write(json.dumps({"bookings": scale.bookings, "noop_s": scale.noop_s}) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._fault() from error
        answer = self._hear()
        sample = str(answer.pop("sample"))
        turn = rules.Turn(**answer)
        if sample and not self.notes:
            self.notes.append(f"{self._name}: an answer that was no confirmation: {sample}")
        if not turn.confirmed or not turn.noops:
            raise SetupError(
                Message(
                    "the {name} side confirmed {confirmed} bookings and answered {noops} no-ops: {sample}",
                    name=self._name,
                    confirmed=turn.confirmed,
                    noops=turn.noops,
                    sample=sample,
                ),
            )
        return turn

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - as above
        line = self._process.stdout.readline()
        if not line:
            raise self._fault()
        return cast("dict[str, Any]", json.loads(line))

    def _fault(self) -> SetupError:
        tail = self._log.read_text(encoding="utf-8", errors="replace")[-1500:]
        return SetupError(
            Message(
                "the {name} side ended; {log} ends with:\n{tail}", name=self._name, log=self._log, tail=tail
            )
        )


@contextmanager
def _side(name: str, checkout: Path, home: Path, scale: Scale) -> Generator[_Side]:
    python = python_of(checkout)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = home.with_name(f"{home.name}.log")
    setup = {
        "home": str(home),
        "workers": scale.workers,
        "cards": scale.cards,
        "connections": scale.connections,
    }
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            # -P: neither this file's folder nor the current one comes before the checkout's own packages.
            [str(python), "-P", str(Path(side.__file__)), json.dumps(setup)],
            cwd=checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,  # Ctrl-C reaches the command alone, which ends both sides in order
        )
    try:
        one = _Side(name, process, log)
        one.await_ready()
        yield one
    finally:
        assert process.stdin is not None  # noqa: S101 - as above
        with suppress(OSError):  # it has ended by itself
            process.stdin.close()
        try:
            process.wait(_END_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()


def python_of(checkout: Path) -> Path:
    """The Python of a checkout's own environment. Raises SetupError when there is none."""
    if checkout == own_checkout():
        return Path(sys.executable)
    python = checkout / ".venv" / "bin" / "python"
    if not python.exists():
        raise SetupError(
            Message("{checkout} has no .venv: run `scripts/bootstrap dev` there first", checkout=checkout)
        )
    return python


def own_checkout() -> Path:
    """The checkout that this file belongs to (or the environment's folder, when installed from a wheel)."""
    return Path(__file__).resolve().parents[5]
