"""What a column can hold (security_C1): no measured number without bounds, no counter that runs over.

A new float column, or a statement that adds to a counter, fails here until somebody has said what bounds it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "wenyue"
MIGRATIONS = sorted((SOURCE / "migrations").glob("*.sql"))
STATEMENTS = [path for path in sorted(SOURCE.rglob("*.sql")) if path.parent.name != "migrations"]
COMMENT = re.compile(r"--[^\n]*")
TABLE = re.compile(r"CREATE TABLE ([\w.]+) \((.*?)\n\)[^\n;]*;", re.DOTALL)
COLUMN = re.compile(r"^\s+(\w+)\s+(real|float\w*|double precision|smallint|integer|numeric)\b", re.MULTILINE)
ALTERED = re.compile(r"ALTER TABLE ([\w.]+)(.*?);", re.DOTALL)
RENAMED = re.compile(r"ALTER SCHEMA (\w+) RENAME TO (\w+);")
TYPE = re.compile(
    r"(?:ALTER|ADD) COLUMN (\w+) (?:TYPE )?(real|float\w*|double precision|smallint|integer|numeric)\b"
)
BOUND = re.compile(r"(\w+) BETWEEN \S+ AND [\w.-]+")
ADDS = re.compile(r"\b(\w+) = (?:\w+\.)?\1 \+ ")

# What keeps a counter below its column's end.
COUNTERS = {
    "booking.pool.sold": "CHECK (held + sold <= capacity), and CAPACITY_MAX",
    "booking.pool.held": "CHECK (held + sold <= capacity), and CAPACITY_MAX",
    "booking.moved.moves": "WENYUE_ACCOUNT_MOVES_DAY, ACCOUNT_MAX at most",
    "booking.pool.revision": "one a change by an operator: 2,147,483,647 of them",
    "cards.card.extended_days": "EXTENSION_DAYS_MAX a suspension, which the staff announces: 586,000 of them",
    "cards.extension.cards": "one a card of a type",
    "cards.entitlement.used": "CHECK (used <= granted), or one a place of a booking: QUANTITY_MAX * LINES_MAX each",
    "cards.card_type.revision": "one a change by an operator: 2,147,483,647 of them",
    "waiting_room.crowd.people": "one an account: CHUNKS_MAX * ACCOUNTS_PER_CHUNK = 163 million",
}

# Floats whose upper bound the program keeps instead of the database.
KEPT = {"accounts.tries.score": "CHECK (score >= 0), and accounts.throttle adds up to a greatest score"}


def sql(paths: list[Path]) -> Iterator[str]:
    """The text of each file without comments; schemas are called as they are called now."""
    texts = [COMMENT.sub("", path.read_text(encoding="utf-8")) for path in paths]
    names = dict(found for text in texts for found in RENAMED.findall(text))
    former = re.compile(rf"(?<![.\w])({'|'.join(names) or '-'})\.(?=\w)")
    for text in texts:
        yield former.sub(lambda found: f"{names[found[1]]}.", text)


def types() -> dict[str, str]:
    """Every number column of the schema after all migrations, with its type."""
    found: dict[str, str] = {}
    for text in sql(MIGRATIONS):
        for table, body in TABLE.findall(text):
            found.update({f"{table}.{name}": kind for name, kind in COLUMN.findall(body)})
        for table, body in ALTERED.findall(text):
            found.update({f"{table}.{name}": kind for name, kind in TYPE.findall(body)})
    return found


def bounded() -> set[str]:
    """Columns with a lower and an upper bound that the database checks."""
    found: set[str] = set()
    for text in sql(MIGRATIONS):
        for table, body in (*TABLE.findall(text), *ALTERED.findall(text)):
            found.update(f"{table}.{name}" for name in BOUND.findall(body))
    return found


def test_every_float_is_double_and_has_bounds_that_the_database_checks() -> None:
    floats = {name: kind for name, kind in types().items() if kind not in {"smallint", "integer"}}
    assert len(floats) > 8, "the search finds nothing any more"
    assert {name for name, kind in floats.items() if kind != "double precision"} == set()
    assert floats.keys() - bounded() - KEPT.keys() == set()


def counted() -> set[str]:
    """Whole-number columns of 2 or 4 bytes that a statement adds to."""
    names = {name.rpartition(".")[2] for text in sql(STATEMENTS) for name in ADDS.findall(text)}
    return {column for column in types() if column.rpartition(".")[2] in names}


def test_every_counter_that_a_statement_adds_to_says_what_bounds_it() -> None:
    assert counted() - COUNTERS.keys() == set()


def test_no_small_number_is_added_to() -> None:
    assert {name for name in counted() if types()[name] == "smallint"} == set()
