"""The simulator itself: it holds, it repeats, and it notices. `make sim PLANTED=all` plants every bug; here a few quick ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.database import DbUrls
from wenyue.platform.fault import SetupError
from wenyue_lab.simulator import app
from wenyue_lab.simulator.hunting import chosen, hunt
from wenyue_lab.simulator.planted import PLANTS
from wenyue_lab.simulator.planting import Plant, wrapping
from wenyue_lab.simulator.run import Urls, simulate
from wenyue_lab.simulator.seams import store

STEPS = 260  # more than one epoch


@pytest.fixture
def make_urls(make_database: Callable[[], DbUrls]) -> Callable[[], Urls]:
    def make() -> Urls:
        made = make_database()
        return Urls(made.app_url, made.owner_url)

    return make


@pytest.fixture
def urls(make_urls: Callable[[], Urls]) -> Urls:
    return make_urls()


def test_a_seed_holds_and_replays_exactly(urls: Urls) -> None:
    first, again = simulate(urls, 4, STEPS), simulate(urls, 4, STEPS)
    assert (first.is_clean, first.steps, first.troubles) == (True, STEPS, ())
    assert again.digest == first.digest
    assert again.outcomes == first.outcomes
    assert simulate(urls, 5, 20).digest != simulate(urls, 4, 20).digest


def test_security_C1_quiet_then_a_release_holds_and_averages_that_never_end_are_caught(
    make_urls: Callable[[], Urls], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wenyue_lab.simulator.stepping.WEIGHTS", {"quiet": 1})

    held = simulate(make_urls(), 1, 8)
    assert (held.is_clean, held.events) == (True, {"quiet": 8})
    catch, *_ = hunt(chosen("averages never end"), make_urls, seed=1, steps_max=8)
    assert catch.result.caught_by == "room"
    assert "underflow" in catch.result.troubles[0].says


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("double release", "constraint"),
        ("move leaks", "I2"),
        ("old person key", "I4"),
        ("answered before commit", "I1"),
        ("hold counted as sold", "I2"),
        ("other body accepted", "answer"),
    ],
)
def test_a_planted_bug_is_caught(name: str, by: str, make_urls: Callable[[], Urls]) -> None:
    catch, *_ = hunt(chosen(name), make_urls, seed=1, steps_max=1000)
    assert by in catch.result.caught_by
    assert catch.result.last
    assert [one for one in catch.result.troubles if "%" in one.says] == []  # it says which, and how many


def test_without_its_constraint_overselling_is_caught_by_the_invariant(
    make_urls: Callable[[], Urls],
) -> None:
    helped, bare = hunt(chosen("off-by-one capacity"), make_urls, seed=1, steps_max=1000)
    assert helped.result.caught_by == "constraint pool_never_oversold"
    assert "I2" in bare.result.caught_by


@pytest.mark.slow
def test_every_planted_bug_runs(make_urls: Callable[[], Urls]) -> None:
    """A patch that calls what is gone fails at once, which is no catch: it is said to be mended."""
    assert len({plant.name for plant in PLANTS}) == len(PLANTS)
    assert len(hunt(PLANTS, make_urls, seed=1, steps_max=8)) >= len(PLANTS)
    gone = Plant(
        "gone", "calls what is not there", wrapping(store, "_ask_pools", lambda _: _calls_what_is_gone)
    )
    with pytest.raises(LookupError, match="'gone' does not fit the code any more"):
        hunt([gone], make_urls, seed=1, steps_max=8)


async def _calls_what_is_gone(_tx: Any, wants: Any, *_args: Any, **_more: Any) -> None:
    wants.as_it_was_called_once()


def test_an_unknown_bug_is_named() -> None:
    with pytest.raises(LookupError, match="double release"):
        chosen("triple release")
    result = CliRunner().invoke(app, ["--planted", "triple release"])
    assert isinstance(result.exception, SetupError)


def test_the_command_fails_when_something_is_caught_and_passes_when_a_planted_bug_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path))
    (plant,) = chosen("hold counted as sold")
    with plant.patch():
        failed = CliRunner().invoke(app, ["--seed", "7", "--steps", "60"])
    assert failed.exit_code == 1
    assert "make sim SEED=7 STEPS=" in failed.output
    passed = CliRunner().invoke(app, ["--seed", "7", "--steps", "60", "--planted", plant.name])
    assert passed.exit_code == 0, passed.output
    assert "NOT CAUGHT" not in passed.output
    assert not (tmp_path / "sim").exists()


def test_a_surviving_bug_is_told(make_database: Callable[[], DbUrls]) -> None:
    made = make_database()
    (catch,) = hunt(chosen("memory too old"), lambda: Urls(made.app_url, made.owner_url), seed=1, steps_max=1)
    assert catch.result.is_clean
