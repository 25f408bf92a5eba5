"""Typed access to a TOML tree by dotted key; collects every mistake with its line instead of stopping at the first."""

import difflib
import re
from collections.abc import Callable
from datetime import time
from typing import Final, cast

_TABLE: Final = re.compile(r"^\s*\[([^\[\]]+)\]")
_KEY: Final = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=""")

_NAMES: Final = frozenset({"code", "name_zh", "name_en"})
NAMED_TABLES: Final = {
    "products": _NAMES | {"capacity", "starts", "ends", "price", "policy", "venue", "kind"},
    "venues": _NAMES
    | {"kind", "timezone", "currency", "check_in", "check_out", "opens", "closes", "minutes"},
    "sessions": frozenset({"starts", "ends"}),
}


class TomlReader:
    """Typed access to the tree by dotted key; remembers what was asked for and what was wrong."""

    def __init__(self, tree: dict[str, object], lines: dict[str, int]) -> None:
        self._tree, self._lines = tree, lines
        self._asked: set[str] = set()
        self.problems: list[str] = []

    def problem(self, key: str, text: str) -> None:
        """Note a mistake."""
        line = self._line(key)
        self.problems.append(f"line {line}, {key}: {text}" if line else f"{key}: {text}")

    def _line(self, key: str) -> int:
        while key:
            if key in self._lines:
                return self._lines[key]
            key = key.rpartition(".")[0]
        return 0

    def peek(self, key: str) -> object:
        """The value at `key`, or None."""
        found: object = self._tree
        for part in self._parts(key):
            found = _child(found, part)
        return found

    def _parts(self, key: str) -> list[str]:
        # Names below these tables come from the old system and may contain dots; what stands in the last three are tables.
        head, _, rest = key.partition(".")
        if head == "status" and rest:
            return [head, rest]
        if head in NAMED_TABLES and rest:
            name, _, field = rest.rpartition(".")
            if name and field in NAMED_TABLES[head]:
                return [head, name, field]
            return [head, rest]
        return key.split(".")

    def take(self, key: str) -> object:
        """The value at `key`, or None; marks the key as known."""
        self._asked.add(key)
        return self.peek(key)

    def names(self, key: str) -> list[str]:
        """The keys of the table at `key`."""
        found = self.peek(key)
        self._asked.add(key)
        return list(cast(dict[str, object], found)) if isinstance(found, dict) else []

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not blank; required without a default."""
        found = self.take(key)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or not found.strip():
            self.problem(
                key, "missing: write a text in quotes" if found is None else "must be a text in quotes"
            )
            return default or "?"
        return found

    def optional(self, key: str) -> str | None:
        """A text, or None when the key is absent."""
        return None if self.take(key) is None else self.text(key)

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A text or a list of texts."""
        found = self.take(key)
        if found is None and default is not None:
            return default
        listed: list[object] = cast(list[object], found) if isinstance(found, list) else [found]
        if not (listed or default == ()) or not all(isinstance(one, str) for one in listed):
            self.problem(key, 'must be a text or a list of texts, such as ["a", "b"]')
            return default or ("?",)
        return tuple(cast(list[str], listed))

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number from `low` to `high`."""
        found = self.take(key)
        if found is None:
            return default
        if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
            self.problem(key, f"must be a whole number from {low} to {high}, without quotes")
            return default
        return found

    def choice(self, key: str, words: tuple[str, ...], default: str) -> str:
        """One of `words`."""
        found = self.take(key)
        if found is None:
            return default
        if found not in words:
            self.problem(key, f"{found!r} is none of: {', '.join(repr(word) for word in words)}")
            return default
        return cast(str, found)

    def matching(self, key: str, pattern: re.Pattern[str], meaning: str, default: str | None = None) -> str:
        """A text of the given form."""
        found = self.text(key, default)
        if found != "?" and not pattern.match(found):
            self.problem(key, f"{found!r} must be {meaning}")
        return found

    def wall_time(self, key: str, default: time) -> time:
        """A time of day."""
        found = self.take(key)
        if found is None:
            return default
        if isinstance(found, time):
            return found.replace(second=0, microsecond=0)
        try:
            return time.fromisoformat(cast(str, found)[:5])
        except (TypeError, ValueError):
            self.problem(key, 'must be a time such as "14:00"')
            return default

    def refuse_unknown(self) -> None:
        """A key that nobody asked for is a slip of the pen: say which key was probably meant."""
        _walk(self._tree, "", self._refuse_key)

    def _refuse_key(self, key: str) -> bool:
        """Whether to go into the table at `key`."""
        if key in self._asked and key.partition(".")[0] not in NAMED_TABLES and key != "status":
            return False
        if key in self._asked or any(asked.startswith(f"{key}.") for asked in self._asked):
            return True
        near = difflib.get_close_matches(key, self._asked, n=1, cutoff=0.7)
        self.problem(key, "unknown key" + (f": did you mean {near[0]}?" if near else ": remove it"))
        return False


def _child(node: object, name: str) -> object:
    return cast("dict[str, object]", node).get(name) if isinstance(node, dict) else None


def _walk(tree: dict[str, object], prefix: str, visit: Callable[[str], bool]) -> None:
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if visit(key) and isinstance(value, dict):
            _walk(cast(dict[str, object], value), f"{key}.", visit)


def lines_of(text: str) -> dict[str, int]:
    """Dotted key → line number, good enough for messages (inline tables count as their own key's line)."""
    found: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _TABLE.match(line):
            prefix = ".".join(part.strip().strip("\"'") for part in table[1].split(".", 1))
            found.setdefault(prefix, number)
        elif key := _KEY.match(line):
            name = key[1].strip("\"'")
            found.setdefault(f"{prefix}.{name}" if prefix else name, number)
    return found
