"""One row of a list of products, understood, and written again. Pure."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from wenyue.imports.cells import Cells
from wenyue.imports.columns import FIELDS, Kind, title_of
from wenyue.imports.reading.heading import fold_name
from wenyue.imports.refusals import Reason
from wenyue.imports.usual_words import PERSON_RULES, PRODUCT_KINDS, YES_NO, word_for
from wenyue.imports.venues import one_line, printable, read_code, texts_of
from wenyue.locale import DEFAULT, SOURCE, Locale, Message, Texts

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_YUAN: Final = frozenset({"人民币", "元", "¥", "￥", "rmb"})
_FREE: Final = frozenset({"免费", "免票", "free"})
_FOREIGN: Final = re.compile(r"[$€£]|USD|HKD|EUR|GBP|MOP|TWD", re.IGNORECASE)
_DIGEST_CHARS: Final = 8


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as a list says it: what is '', None or empty, it does not say.

    `venue`: a code or a name of a venue. `name` by language. `policy`: a code or a name of a preset. Money in minor units.
    """

    venue: str
    code: str = ""
    name: Texts = field(default_factory=dict[str, str])
    kind: str = ""
    price_minor: int | None = None
    currency: str = ""
    policy: str = ""
    needs_visitors: bool | None = None
    person_rule: str = ""
    is_first_gate: bool | None = None


def read_product(cells: Cells) -> ProductRow:
    """The product in a row. Raises RowRefused."""
    currency = _currency(cells)
    return ProductRow(
        venue=read_place(cells, "venue"),
        code=read_code(cells, "code"),
        name=texts_of(printable(cells, "name", needed=True), printable(cells, "name_en")),
        kind=cells.word("kind", PRODUCT_KINDS) or _kind_of_heading(cells.column("name")),
        price_minor=read_price(cells, currency),
        currency=currency,
        policy=cells.called("policy"),
        needs_visitors=_yes(cells, "needs_visitors"),
        person_rule=cells.word("person_rule", PERSON_RULES),
        is_first_gate=_yes(cells, "first_gate"),
    )


def new_product_code(row: ProductRow) -> str:
    """The code of a product that is made: the list's, else its name where that can be a code, else a digest of it."""
    if row.code:
        return row.code
    name = row.name[DEFAULT]
    text = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKC", name).casefold()).strip("-")
    if name.isascii() and text:
        return text[:64].rstrip("-")
    return f"p-{hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARS]}"


def read_place(cells: Cells, field_name: str) -> str:
    """The code or the name of a venue or a product, by the map's words what it is called here. Raises RowRefused."""
    text = unicodedata.normalize("NFC", cells.called(field_name))
    if not text:
        raise cells.refuse(Reason.MISSING, field_name, Message("a value is needed here"))
    return text


def read_price(cells: Cells, currency: str) -> int | None:
    """What a place costs, in minor units; None when nothing stands there. Raises RowRefused.

    An amount that names another money than yuan needs a currency: dollars are not taken for yuan.
    """
    raw = cells.text("price")
    if fold_name(raw) in _FREE:
        return 0
    if not currency and _FOREIGN.search(unicodedata.normalize("NFKC", raw)):
        raise cells.refuse(
            Reason.NOT_A_NUMBER,
            "price",
            Message("write the amount alone, and its currency in a column of its own, such as USD"),
        )
    return cells.money("price")


def product_header(locale: Locale) -> list[str]:
    """The names of the columns of a list that is written."""
    return [title_of(one, locale) for one in FIELDS[Kind.PRODUCTS]]


def product_cells(row: ProductRow, locale: Locale) -> list[str]:
    """The row of a product, in the order of `product_header`: `read_product` reads it as the same."""
    return [
        row.venue,
        row.code,
        one_line(row.name.get(DEFAULT) or row.name.get(SOURCE) or row.code),
        one_line(row.name.get(SOURCE, "")),
        word_for(PRODUCT_KINDS, row.kind, locale),
        price_text(row.price_minor),
        row.currency,
        row.policy,
        _yes_text(row.needs_visitors, locale),
        word_for(PERSON_RULES, row.person_rule, locale),
        _yes_text(row.is_first_gate, locale),
    ]


def price_text(minor: int | None) -> str:
    """An amount of minor units: `1856.00`."""
    return "" if minor is None else f"{Decimal(minor) / 100:.2f}"


def _currency(cells: Cells) -> str:
    text = cells.text("currency").upper()
    if fold_name(text) in _YUAN:
        return "CNY"
    if text and not _CURRENCY.fullmatch(text):
        raise cells.refuse(
            Reason.UNKNOWN_WORD, "currency", Message("the three letters of a currency, such as CNY")
        )
    return text


def _yes(cells: Cells, field_name: str) -> bool | None:
    word = cells.word(field_name, YES_NO)
    return word == "yes" if word else None


def _yes_text(value: bool | None, locale: Locale) -> str:  # noqa: FBT001 - it is what is written
    return "" if value is None else word_for(YES_NO, "yes" if value else "no", locale)


def _kind_of_heading(column: str) -> str:
    """`房型` lists rooms; '' when it says nothing of the kind of product."""
    folded = fold_name(column)
    return next((kind for word, kind in PRODUCT_KINDS.items() if word in folded and not word.isascii()), "")
