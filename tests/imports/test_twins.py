"""Rows with one key, or keys that could be one: each is told the other's line."""

from wenyue.imports.keys import loose_key
from wenyue.imports.twins import Twin, Twins


def twins_of(*keys: str) -> list[Twin | None]:
    twins = Twins()
    for line, key in enumerate(keys, start=2):
        twins.add(line, key, loose_key(key))
    return [twins.of(line, key, loose_key(key)) for line, key in enumerate(keys, start=2)]


def test_the_first_of_equal_keys_is_taken() -> None:
    assert twins_of("A1", "B1", "A1", "A1") == [
        None,
        None,
        Twin(is_same=True, line=2),
        Twin(is_same=True, line=2),
    ]


def test_of_keys_that_could_be_one_none_is_taken() -> None:
    one, two = Twin(is_same=False, line=3), Twin(is_same=False, line=2)
    assert twins_of("0012", "12", "13") == [one, two, None]
    assert twins_of("A-1", "A1", "A-1") == [one, two, one]
