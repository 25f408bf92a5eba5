"""One row of a list of products: what it says, what is wrong with it, and that it is written as it is read."""

from typing import Final

import pytest

from wenyue.imports.cells import Columns
from wenyue.imports.columns import FIELDS, Kind
from wenyue.imports.mapping import ColumnMap, ColumnRule
from wenyue.imports.products import (
    ProductRow,
    new_product_code,
    product_cells,
    product_header,
    read_product,
)
from wenyue.imports.reading import Options, Row
from wenyue.imports.refusals import Refusal, RowRefused

NAMES: Final = tuple(field.name for field in FIELDS[Kind.PRODUCTS])


def read(**cells: str) -> ProductRow | Refusal:
    row = {"venue": "lake", "code": "day", "name": "日票", "price": "75", **cells}
    chosen = ColumnMap(Kind.PRODUCTS, "old", Options(), {name: ColumnRule(name) for name in NAMES})
    try:
        return read_product(Columns(chosen, NAMES).of(Row(1, 2, [row.get(name, "") for name in NAMES])))
    except RowRefused as refused:
        return refused.refusal


def taken(**cells: str) -> ProductRow:
    found = read(**cells)
    assert isinstance(found, ProductRow), found
    return found


@pytest.mark.parametrize(
    ("price", "minor"),
    [
        ("¥1,856.00", 185_600),
        ("186元", 18_600),
        ("７５．５", 7_550),
        ("75.50", 7_550),
        ("免费", 0),
        ("0", 0),
        ("", None),
        ("人民币 20", 2_000),
    ],
)
def test_prices_as_offices_write_them(price: str, minor: int | None) -> None:
    assert taken(price=price).price_minor == minor


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"price": "-5"}, "negative"),
        ({"price": "七十五"}, "not-a-number"),
        ({"price": "$12"}, "not-a-number"),
        ({"price": "99999999"}, "too-large"),
        ({"currency": "yuan!"}, "unknown-word"),
        ({"venue": ""}, "missing"),
        ({"name": ""}, "missing"),
        ({"name": "日\u202a\x07票"}, "bad-character"),
        ({"code": "日票"}, "bad-code"),
        ({"code": "2.02703E+14"}, "key-ruined"),
        ({"kind": "盲盒"}, "unknown-word"),
        ({"needs_visitors": "也许"}, "unknown-word"),
        ({"person_rule": "看心情"}, "unknown-word"),
    ],
)
def test_what_is_wrong_is_told(cells: dict[str, str], reason: str) -> None:
    found = read(**cells)
    assert isinstance(found, Refusal)
    assert found.reason.value == reason


def test_words_of_offices() -> None:
    row = taken(
        kind="客房", currency="人民币", needs_visitors="是", person_rule="每人每天一次", first_gate="否"
    )
    assert (row.kind, row.currency, row.needs_visitors, row.person_rule, row.is_first_gate) == (
        "night",
        "CNY",
        True,
        "venue_day",
        False,
    )
    assert taken(price="$12", currency="usd").price_minor == 1_200


def test_a_code_of_full_width_letters_is_one_of_here() -> None:
    assert taken(code="ＤＡＹ－０１").code == "day-01"


def test_a_product_without_a_code_gets_one_that_stays() -> None:
    made = new_product_code(taken(code=""))
    assert made == new_product_code(taken(code="", price="80"))
    assert made.startswith("p-")
    assert new_product_code(taken(code="", name="Day ticket (adult)")) == "day-ticket-adult"


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "row",
    [
        ProductRow(
            "lake", "day", {"zh-CN": "日票", "en": "Day ticket"}, "session", 7_550, "CNY", "default", True, "venue_day", True
        ),
        ProductRow("inn", "twin", {"zh-CN": "双床房"}, "night", 185_600, "USD", "hotel", False, "none", False),
        ProductRow("湖", "", {"zh-CN": "=1+1"}, "seat", 0, "CNY", "", None, "slot", None),
        ProductRow("湖", "", {"zh-CN": "餐"}, "table"),
    ],
)  # fmt: skip
def test_what_is_written_is_read_as_the_same(row: ProductRow, locale: str) -> None:
    header = product_header(locale)
    chosen = ColumnMap(
        Kind.PRODUCTS,
        "old",
        Options(),
        {field.name: ColumnRule(title) for field, title in zip(FIELDS[Kind.PRODUCTS], header, strict=True)},
    )
    assert read_product(Columns(chosen, header).of(Row(1, 2, product_cells(row, locale)))) == row
