"""Rows with one key, or keys that could be one: each is told the other's line."""

from wenyue.imports.keys import loose_key
from wenyue.imports.twins import Numbers, Twin, Twins


def twins_of(*keys: str) -> list[Twin | None]:
    twins = Twins()
    for line, key in enumerate(keys, start=2):
        twins.add(line, key, loose_key(key))
    found = [twins.of(line) for line in range(2, len(keys) + 2)]
    twins.close()
    return found


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


def test_the_numbers_of_a_file_are_known() -> None:
    numbers = Numbers()
    for n in range(2_000):
        numbers.add(f"A{n}")
    assert all(numbers.has(f"A{n}") for n in range(2_000))
    assert not any(numbers.has(f"B{n}") for n in range(2_000))
