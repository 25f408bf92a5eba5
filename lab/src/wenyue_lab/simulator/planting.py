"""How a bug is planted at a seam of the engine, for one run: another function, or another text of a statement, until it ends."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from wenyue_lab.simulator.seams import store

Wrap = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug: its name, what it does, and the patch. `without`: constraints that would turn it into an error by themselves."""

    name: str
    says: str
    patch: Callable[[], AbstractContextManager[None]]
    without: tuple[str, ...] = ()


@contextmanager
def replaced(target: object, name: str, wrap: Wrap) -> Generator[None]:
    """While the block runs, `target.name` is what `wrap` makes of it."""
    present = target.__dict__[name]
    setattr(target, name, wrap(present))
    try:
        yield
    finally:
        setattr(target, name, present)


def wrapping(target: object, name: str, wrap: Wrap) -> Callable[[], AbstractContextManager[None]]:
    """A patch: `replaced`, to be begun later."""
    return lambda: replaced(target, name, wrap)


def rewriting(name: str, old: str, new: str) -> Callable[[], AbstractContextManager[None]]:
    """A patch: another text for a named statement of the booking slice. Raises LookupError when `old` is not in it any more."""

    @contextmanager
    def patch() -> Generator[None]:
        texts: dict[str, str] = store.SQL.__dict__["_by_name"]
        present = texts[name]
        if old not in present:
            raise LookupError(f"statement {name} has no {old!r} any more: mend the planted bug")
        texts[name] = present.replace(old, new)
        try:
            yield
        finally:
            texts[name] = present

    return patch
