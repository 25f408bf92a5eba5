"""One row of a list of cards: what it says, and why it does not."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import pytest

from wenyue.imports.cards import Allowance, CardReader, CardRow, KnownType, State
from wenyue.imports.cells import Columns
from wenyue.imports.columns import FIELDS, Kind
from wenyue.imports.mapping import ColumnMap, ColumnRule
from wenyue.imports.reading import Options, Row
from wenyue.imports.refusals import Reason, Refusal, RowRefused

TODAY: Final = date(2026, 11, 30)
DOCUMENT: Final = "11010519491231002X"
CHILD: Final = "110101201503078116"
GOLD: Final = KnownType(
    "gold",
    {"zh-CN": "金卡", "en": "Gold card"},
    (
        Allowance({"zh-CN": "景区", "en": "Sites"}, 10),
        Allowance({"zh-CN": "乐园 (一次)", "en": "Park"}, 4),
        Allowance({"zh-CN": "班车", "en": "Bus"}, None),
    ),
    2,
)
PLAIN: Final = KnownType("plain", {"zh-CN": "单卡", "en": "Plain"}, (Allowance({"zh-CN": "景区"}, 6),), 0)
NAMES: Final = tuple(field.name for field in FIELDS[Kind.CARDS])


def read(**cells: str) -> CardRow | Refusal:
    return read_by({}, cells)


def read_by(words: Mapping[str, str], cells: Mapping[str, str]) -> CardRow | Refusal:
    """`words`: what the map says of types."""
    row = {"card_no": "A1", "type": "gold", "name": "张演示", "document": DOCUMENT, **cells}
    columns_of = {name: ColumnRule(name) for name in NAMES}
    chosen = ColumnMap(Kind.CARDS, "old", Options(), columns_of, words={"type": words})
    columns = Columns(chosen, NAMES)
    try:
        reader = CardReader([GOLD, PLAIN], TODAY)
        return reader.read(columns.of(Row(1, 2, [row.get(name, "") for name in NAMES])))
    except RowRefused as refused:
        return refused.refusal


def taken(**cells: str) -> CardRow:
    found = read(**cells)
    assert isinstance(found, CardRow), found
    return found


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("", State.ACTIVE),
        ("正常", State.ACTIVE),
        ("有效", State.ACTIVE),
        ("已激活", State.ACTIVE),
        ("挂失", State.FROZEN),
        ("冻结", State.FROZEN),
        ("注销", State.CANCELLED),
        ("过期", State.EXPIRED),
        ("未激活", State.SHIPPED),
        ("Frozen", State.FROZEN),
    ],
)
def test_words_for_states(word: str, state: State) -> None:
    assert taken(state=word).state is state


@pytest.mark.parametrize(
    ("said", "remaining"),
    [
        ("景区:6; 乐园:2", {0: 6, 1: 2}),
        ("sites：６；Park：0", {0: 6, 1: 0}),
        ("1:6;2:2", {0: 6, 1: 2}),
        ("景区:6次\n班车:不限", {0: 6}),
    ],
)
def test_what_is_left_by_name_or_number(said: str, remaining: dict[int, int]) -> None:
    assert taken(remaining=said).remaining == remaining
    assert taken(type="单卡", remaining="6").remaining == {0: 6}


@pytest.mark.parametrize(
    ("cells", "reason", "column"),
    [
        ({"card_no": "6.00020E+15"}, Reason.KEY_RUINED, "card_no"),
        ({"card_no": ""}, Reason.MISSING, "card_no"),
        ({"card_no": "会员"}, Reason.BAD_CHARACTER, "card_no"),
        ({"card_no": "A" * 33}, Reason.BAD_CHARACTER, "card_no"),
        ({"type": "银卡"}, Reason.UNKNOWN_WORD, "type"),
        ({"type": ""}, Reason.MISSING, "type"),
        ({"state": "神秘"}, Reason.UNKNOWN_WORD, "state"),
        ({"document": ""}, Reason.MISSING, "document"),
        ({"name": ""}, Reason.MISSING, "name"),
        ({"document": "1.10105E+17"}, Reason.BAD_DOCUMENT, "document"),
        ({"document": "110105194912310021"}, Reason.BAD_DOCUMENT, "document"),
        ({"document": "X1234567", "document_type": "护照"}, Reason.BAD_DOCUMENT, "document"),
        (
            {"document": "X1234567", "document_type": "护照", "country": "Narnia"},
            Reason.UNKNOWN_WORD,
            "country",
        ),
        ({"document_type": "驾照"}, Reason.UNKNOWN_WORD, "document_type"),
        ({"phone": "12"}, Reason.BAD_PHONE, "phone"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-31"}, Reason.BAD_DATE, "valid_to"),
        ({"valid_to": "2027-02-30"}, Reason.BAD_DATE, "valid_to"),
        ({"issued": "2026-12-01"}, Reason.BAD_DATE, "issued"),
        ({"remaining": "6"}, Reason.UNKNOWN_WORD, "remaining"),
        ({"remaining": "温泉:6"}, Reason.UNKNOWN_WORD, "remaining"),
        ({"remaining": "景区:11"}, Reason.TOO_LARGE, "remaining"),
        ({"remaining": "班车:3"}, Reason.TOO_LARGE, "remaining"),
        ({"remaining": "景区:-1"}, Reason.NOT_A_NUMBER, "remaining"),
        ({"companions": "李小明"}, Reason.BAD_NAME, "companions"),
        ({"companions": f"李小明 {CHILD[:-1]}0"}, Reason.BAD_DOCUMENT, "companions"),
        ({"companions": f"李小明 {CHILD}", "type": "plain"}, Reason.TOO_LARGE, "companions"),
    ],
)
def test_what_is_refused(cells: dict[str, str], reason: Reason, column: str) -> None:
    found = read(**cells)
    assert isinstance(found, Refusal)
    assert (found.reason, found.column) == (reason, column)
    for secret in (DOCUMENT, CHILD, CHILD[:-1], "李小明", "张演示"):
        assert secret not in found.value


def test_people_of_every_kind_are_read_and_the_holder_is_no_companion() -> None:
    said = f"张演示 {DOCUMENT}；李小明 {CHILD}、JOHN SMITH 护照 USA 123456789"
    found = taken(companions=said).companions
    assert found is not None
    assert [(one.name, one.document.key) for one in found] == [
        ("李小明", f"resident_id:{CHILD}"),
        ("JOHN SMITH", "passport:USA:123456789"),
    ]
    foreign = taken(document="X1234567", document_type="护照", country="GBR").holder
    assert foreign is not None
    assert foreign.document.key == "passport:GBR:X1234567"


def test_a_card_that_is_not_in_use_needs_no_holder() -> None:
    assert taken(state="未激活", name="", document="").holder is None
    assert isinstance(read(state="未激活", name="张演示", document=""), Refusal)  # half a holder is a mistake


def test_a_map_may_call_a_type_by_its_code_or_name() -> None:
    for meaning in ("gold", "金卡", "Gold card"):
        found = read_by({"年卡": meaning}, {"type": "年卡"})
        assert isinstance(found, CardRow)
        assert found.type_code == "gold"
