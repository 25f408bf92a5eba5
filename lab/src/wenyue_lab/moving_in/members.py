"""Lists of the old office: its venues and its card members, as workbooks. Uses nothing of `wenyue`."""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from wenyue_lab.moving_in.model import Card, File, MadeVenue, Scale, Truth
from wenyue_lab.moving_in.paper import Book, workbook
from wenyue_lab.moving_in.people import Made, People, mistyped

_VENUE_HEADER: Final = (
    "代码", "名称", "类型", "省份", "城市", "等级", "纬度", "经度", "开放时间", "闭馆日", "联系人",
)  # fmt: skip
_HEADER: Final = (
    "卡号", "卡种", "姓名", "证件类型", "证件号码", "国籍", "手机号", "办卡日期", "生效日期", "到期日期", "状态",
    "同行人", "剩余次数",
)  # fmt: skip
_TYPES: Final = {"畅游年卡": "city-annual", "家庭年卡": "city-family"}
_STATES: Final = {
    "正常": "active", "挂失": "frozen", "未激活": "shipped", "已注销": "cancelled", "已过期": "expired",
}  # fmt: skip
_WEIGHTS: Final = (86, 4, 5, 3, 2)
_COMPANIONS_MAX: Final = 3
Row = tuple[str | int | float | date | None, ...]
ANNUAL: Final = 30  # entries of the annual card; family: 20 entries and 2 nights


def card_types() -> dict[str, object]:
    """The files of the operator's own card types: name → content."""
    visits = {"name_zh": "景区入园", "name_en": "Attraction visits", "scope": {"kinds": ["attraction"]}}
    nights = {"name_zh": "酒店住宿", "name_en": "Hotel nights", "granted": 2, "scope": {"kinds": ["hotel"]}}
    rules = {"medium": "physical", "activation": {}, "validity": {"starts": "activation", "months": 12}}
    annual = {**rules, "person_type": "single", "entitlements": [{**visits, "granted": ANNUAL}]}
    family = {
        **rules, "person_type": "family", "admits": "named", "companions_max": _COMPANIONS_MAX,
        "party_max": _COMPANIONS_MAX + 1,
        "entitlements": [{**visits, "granted": 20}, nights],
    }  # fmt: skip
    kinds = {
        "city-annual": ("畅游年卡", "City annual card", annual),
        "city-family": ("家庭年卡", "Family card", family),
    }
    return {
        f"{code}.json": {"code": code, "name_zh": zh, "name_en": en, "source": "made up", "rules": of}
        for code, (zh, en, of) in kinds.items()
    }


def write_venues(folder: Path, truth: Truth, scale: Scale) -> None:
    """venues.xlsx, with two rows of each kind that must be refused."""
    file = File("venues.xlsx", "venues")
    with workbook(folder / file.name, _VENUE_HEADER, "文旅集团下属景区、酒店名录") as book:
        for one in truth.venues:
            book.row(_venue_row(one))
        for n in range(scale.planted):
            first = truth.venues[0]
            bad = replace(first, code=f"bad-{n}", name=f"无此地{n}", province="瀛洲")
            file.refused[book.row(_venue_row(bad))] = "unknown-word"
            bad = replace(first, code=f"far-{n}", name=f"经纬颠倒{n}", position=(120.1, 30.2))
            file.refused[book.row(_venue_row(bad))] = "too-large"
        file.rows = book.rows
        book.note("注：本表由规划部维护，等级以文旅部公告为准。")
    file.verdicts = {"new": len(truth.venues), "refused": len(file.refused)}
    truth.files.append(file)


def _venue_row(one: MadeVenue) -> Row:
    kind = "景区" if one.kind == "attraction" else "酒店"
    hours = "8:00-18:00" if one.kind == "attraction" else ""
    return (
        one.code, one.name, kind, f"{one.province}省", one.city, one.level, *one.position, hours, one.closed, "办公室",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A row of the list, and what is true of it."""

    card: Card
    row: Row


def make_members(
    chance: Random, people: People, scale: Scale, today: date, first: int = 6000202600000000
) -> list[Member]:
    """Those that are in order. Every hundredth person has a second card."""
    members: list[Member] = []
    before = people.anybody()
    for n in range(scale.cards):
        person = before if n % 100 == 99 else people.anybody()
        before = person
        members.append(_member(chance, people, f"{first + n * 7}", person, today))
    return members


def _member(chance: Random, people: People, no: str, person: Made, today: date) -> Member:
    kind, state = chance.choice(list(_TYPES)), chance.choices(list(_STATES), _WEIGHTS)[0]
    issued = today - timedelta(
        days=chance.randrange(400, 700) if state == "已过期" else chance.randrange(1, 300)
    )
    last = issued + timedelta(days=364)
    type_code, companions = _TYPES[kind], list[Made]()
    left = {0: chance.randrange(ANNUAL + 1)}
    words = str(left[0])
    if type_code == "city-family":
        companions = [people.anybody() for _ in range(chance.randrange(_COMPANIONS_MAX + 1))]
        left = {0: chance.randrange(21), 1: chance.randrange(3)}
        words = f"景区入园:{left[0]}; 酒店住宿:{left[1]}"
    if state == "未激活":
        card = Card(no, type_code, _STATES[state])
        return Member(card, (no, kind, "", "", "", "", "", issued, None, None, state, "", ""))
    card = Card(
        no,
        type_code,
        _STATES[state],
        person.name,
        person.number,
        person.phone,
        last.isoformat(),
        len(companions),
        left,
    )
    row = (
        no, kind, person.name, person.kind, person.number, person.country, _phone(chance, person.phone), issued,
        issued, last, state, "；".join(_said(one) for one in companions), words,
    )  # fmt: skip
    return Member(card, row)


def _phone(chance: Random, phone: str) -> str | int:
    """Offices keep phones as texts, as numbers, and with the country's code."""
    return chance.choice((phone, phone, int(phone), f"+86 {phone}"))


def _said(one: Made) -> str:
    return " ".join(filter(None, (one.name, one.kind, "USA" if one.country else "", one.number)))


def write_members(
    folder: Path, name: str, truth: Truth, members: list[Member], planted: list[tuple[str, Row]]
) -> File:
    """A workbook of these, those that must be refused among them."""
    file = File(name, "cards")
    with workbook(folder / name, _HEADER, "旅游年卡会员台账（内部资料）") as book:
        every = max(1, len(members) // (len(planted) + 1))
        waiting = list(planted)
        for n, one in enumerate(members):
            book.row(one.row)
            truth.cards[one.card.no] = one.card
            if n % every == every - 1 and waiting:
                _plant(book, file, *waiting.pop(0))
        for one in waiting:
            _plant(book, file, *one)
        file.rows = book.rows
        book.note("合计", f"{book.rows} 张")
    truth.files.append(file)
    return file


def _plant(book: Book, file: File, reason: str, row: Row) -> None:
    file.refused[book.row(row)] = reason


def planted_members(people: People, members: list[Member], scale: Scale) -> list[tuple[str, Row]]:
    """Rows that must be refused, with the reason: the same number of each kind."""
    model = next(
        one.row for one in members if one.card.type_code == "city-family" and one.card.state == "active"
    )
    found: list[tuple[str, Row]] = []
    for n in range(scale.planted):
        person = people.resident()
        base = [
            f"{7000202600000000 + n * 70}",
            *model[1:2],
            person.name,
            "身份证",
            person.number,
            "",
            person.phone,
            *model[7:],
        ]
        for at, (reason, changed) in enumerate(_faults(people, members[n].card.no, person)):
            row = list(base)
            row[0] = f"{7000202600000000 + n * 70 + at}"
            for place, value in changed.items():
                row[place] = value
            found.append((reason, tuple(row)))
    return found


def _faults(people: People, taken: str, person: Made) -> list[tuple[str, dict[int, str]]]:
    """(reason, cell → value) of each kind."""
    return [
        ("key-ruined", {0: "6.00020E+15"}),
        ("key-twice", {0: taken}),
        ("bad-document", {4: mistyped(person.number)}),
        ("bad-document", {4: "1.10105E+17"}),
        ("missing", {2: "", 3: "", 4: ""}),
        ("unknown-word", {1: "月卡"}),
        ("unknown-word", {10: "待审核"}),
        ("bad-name", {2: "测试01"}),
        ("bad-phone", {6: "1380013800"}),
        ("bad-date", {9: "2026-02-30"}),
        ("too-large", {12: "景区入园:21"}),
        ("too-large", {11: "；".join(_said(people.resident()) for _ in range(_COMPANIONS_MAX + 1))}),
    ]


def write_types(folder: Path) -> list[str]:
    """The card types' files; their names."""
    for name, content in card_types().items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
    return list(card_types())
