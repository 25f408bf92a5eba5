"""Variables that were meant for us and that nobody reads: a misspelt setting is silently the default."""

import difflib
import os
from collections.abc import Iterator, Mapping
from typing import Final

from wenyue.platform.config import load

PREFIX: Final = "WENYUE_"
# Variables of ours that are read before the settings are or outside of them, and what the files in deploy/ pass on.
READ_ELSEWHERE: Final = frozenset(
    {
        "WENYUE_LANG",
        "WENYUE_PSEUDO",
        "WENYUE_END_WITH_PARENT",
        "WENYUE_TRACEBACK",
        "WENYUE_TEST_SESSION",
        "WENYUE_DRILL_CLOCK",
        "WENYUE_BACKUPS",
        "WENYUE_SECRETS",
        "WENYUE_VERSION",
    }
)


def misspelt(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of `env` that begin like ours and that nobody reads, each with the setting it looks like ('': like none)."""
    env = os.environ if env is None else env
    unknown = sorted(name for name in env if name.startswith(PREFIX))
    if not unknown:
        return {}
    asked = _Recording({})
    load(asked)
    known = asked.names | READ_ELSEWHERE
    return {
        name: next(iter(difflib.get_close_matches(name, known, 1, cutoff=0.85)), "")
        for name in unknown
        if name not in known
    }


class _Recording(Mapping[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.names: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> str:
        self.names |= {name}
        return self._env[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._env)

    def __len__(self) -> int:
        return len(self._env)
