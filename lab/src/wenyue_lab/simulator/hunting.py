"""Runs the simulator against planted bugs: each must be caught, and by what is told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from wenyue_lab.simulator.planted import PLANTS
from wenyue_lab.simulator.planting import Plant
from wenyue_lab.simulator.run import Result, Urls, simulate

_MISFITS: Final = ("AttributeError", "NameError", "TypeError")
STEPS_MAX: Final = 4_000  # a bug that has not shown by then has survived


@dataclass(frozen=True, slots=True)
class Catch:
    """One planted bug and the run that met it; `is_bare`: without the constraints that would have helped."""

    plant: Plant
    result: Result
    is_bare: bool


def chosen(names: str) -> list[Plant]:
    """The plants of a comma-separated list, or all of them. Raises LookupError with the names that there are."""
    if names == "all":
        return list(PLANTS)
    known = {plant.name: plant for plant in PLANTS}
    wanted = [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise LookupError(f"no planted bug is called {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[name] for name in wanted]


def hunt(
    plants: Iterable[Plant],
    make_database: Callable[[], Urls],
    seed: int,
    steps_max: int = STEPS_MAX,
    progress: Callable[[str], None] = lambda _name: None,
) -> list[Catch]:
    """One run for each bug; where a constraint of the database stopped it, a second one without that constraint."""
    catches: list[Catch] = []
    for plant in plants:
        progress(plant.name)
        result = _run(plant, make_database(), seed, steps_max, ())
        catches.append(Catch(plant, result, is_bare=False))
        if plant.without and "constraint" in result.caught_by:
            bare = _run(plant, make_database(), seed, steps_max, plant.without)
            catches.append(Catch(plant, bare, is_bare=True))
    return catches


def _run(plant: Plant, urls: Urls, seed: int, steps_max: int, without: tuple[str, ...]) -> Result:
    """Raises LookupError when the patch itself does not fit the code any more: that is no bug which was caught."""
    with plant.patch():
        result = simulate(urls, seed, steps_max, without=without)
    if any(f"fault {kind}" in result.caught_by for kind in _MISFITS):
        says = "; ".join(trouble.says for trouble in result.troubles)[:300]
        raise LookupError(f"the planted bug {plant.name!r} does not fit the code any more ({says}): mend it")
    return result
