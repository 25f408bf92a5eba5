"""Parameters of the set-wise statements, as text: adapting Python lists costs more than the statements do."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import msgspec

_encode: Final = msgspec.json.Encoder().encode


def array(values: Iterable[object]) -> str:
    """A PostgreSQL array literal of numbers or UUIDs."""
    return "{" + ",".join(map(str, values)) + "}"


def rows_json(rows: Sequence[object]) -> str:
    """The `rows` parameter of the set-wise statements."""
    return _encode(rows).decode()


def keys_literal(keys: Iterable[bytes]) -> str:
    """A PostgreSQL array literal of byte strings."""
    return hex_literal(key.hex() for key in keys)


def hex_literal(keys: Iterable[str]) -> str:
    """The same of byte strings in hexadecimal, such as `Login.key`."""
    return "{" + ",".join('"\\\\x' + key + '"' for key in keys) + "}"


def places_json(places: Iterable[tuple[str, date, int]]) -> str:
    """The `wanted` parameter of the statements that look for taken places: hexadecimal key, day, scope."""
    return rows_json([{"k": key, "d": day, "s": scope} for key, day, scope in sorted(places)])
