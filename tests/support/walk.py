"""The walk of a request through the layers, as it is taken: who calls whom while something runs."""

import sys
import tomllib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_OURS: Final = str(ROOT / "src" / "wenyue") + "/"
_ENGINE: Final = "booking"  # its lanes are tasks of their own


def layer_ranks() -> dict[str, int]:
    """Each package's layer, from the contract of layers: 0 is the top."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["id"] == "layers")
    return {name.strip(" ()"): rank for rank, layer in enumerate(layers) for name in layer.split("|")}


class Walk:
    """What was called between the start of a function and its end, in its own task and in the engine's."""

    def __init__(self, start: CodeType) -> None:
        self._start = start
        self._ranks = layer_ranks()
        self.calls: list[tuple[str, str]] = []  # (caller, callee), as `module:function`

    @property
    def layers(self) -> list[str]:
        """The layers in the order in which they were first reached."""
        return list(dict.fromkeys(_layer(callee) for _, callee in self.calls))

    @property
    def returns(self) -> list[tuple[str, str]]:
        """Calls of a layer that stands above its caller."""
        return [
            (caller, callee)
            for caller, callee in dict.fromkeys(self.calls)
            if self._ranks[_layer(callee)] < self._ranks[_layer(caller)]
        ]

    def listen(self, frame: FrameType, event: str, _: object) -> None:
        """For `sys.setprofile`."""
        if event != "call" or not frame.f_code.co_filename.startswith(_OURS):
            return
        caller, root, is_within = None, frame, False
        above = frame.f_back
        while above is not None:
            if above.f_code.co_filename.startswith(_OURS):
                caller, root = caller or above, above
                is_within = is_within or above.f_code is self._start
            above = above.f_back
        is_engine = _layer(_place(root)) == _ENGINE
        if caller is not None and (is_within or is_engine):
            self.calls.append((_place(caller), _place(frame)))


def _place(frame: FrameType) -> str:
    path = frame.f_code.co_filename.removeprefix(_OURS).removesuffix(".py").replace("/", ".")
    return f"{path}:{frame.f_code.co_qualname if sys.version_info >= (3, 11) else frame.f_code.co_name}"


def _layer(place: str) -> str:
    return place.partition(":")[0].partition(".")[0]


@contextmanager
def walking(start: Callable[..., object]) -> Generator[Walk]:
    """Watch what is called within `start` while the block runs."""
    walk = Walk(start.__code__)
    before = sys.getprofile()
    sys.setprofile(walk.listen)
    try:
        yield walk
    finally:
        sys.setprofile(before)
