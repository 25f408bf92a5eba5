"""What can be booked is found by what stands on the document; of a number that several persons have, the gate asks which."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import GateFixtures
from tests.support.gate_scans import NOW, at_the_gate, present
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue.gate import Reason
from wenyue.web.wording.gate_sentences import say_choice_document, say_scan

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


def document(number: str, nationality: str, kind: DocumentKind = DocumentKind.PASSPORT) -> Document:
    read = parse_document(
        kind, number, today=NOW.date(), nationality=nationality, expires_on=NOW.date().replace(year=2030)
    )
    assert isinstance(read, Document), read
    return read


@pytest.mark.parametrize(
    ("number", "nationality", "shown"),
    [
        ("MA1234567", "CHN", ["MA1234567", "MA1234567 CHN", "]C1ma1234567\t"]),
        ("K12345678", "CHN", ["K12345678", "K12345678/CN"]),
        ("E12345678", "CHN", ["E12345678", "E12345678 CHN"]),
        ("E12345678", "USA", ["E12345678", "E12345678 USA", "USA E12345678"]),
        ("C01X00T47", "DEU", ["C01X00T47", "c01x00t47 deu", "C01X00T47 DE"]),
        ("12345678", "KOR", ["12345678", "12345678 KOR"]),
        ("123456789012", "FRA", ["123456789012"]),
    ],
)
async def test_rules_R2_a_passport_is_found_by_its_number(
    fixtures: GateFixtures, number: str, nationality: str, shown: list[str]
) -> None:
    await fixtures.book(documents=(document(number, nationality),))
    first, *others = shown
    assert (await present(fixtures, first)).reason is Reason.ADMIT
    for text in others:
        assert (await present(fixtures, text)).reason is Reason.ALREADY_USED, text


async def test_rules_R2_of_a_shared_number_the_gate_asks_which(fixtures: GateFixtures) -> None:
    american, briton = document("123456789", "USA"), document("123456789", "GBR")
    of_american = await fixtures.book(documents=(american,))
    assert (await present(fixtures, "123456789")).reason is Reason.ADMIT
    of_briton = await fixtures.book(await fixtures.slot(product="shuttle"), documents=(briton,))
    asked = await present(fixtures, "123456789")
    assert (asked.reason, [one.nationality for one in asked.choices]) == (Reason.CHOOSE_VISITOR, ["GBR"])
    assert say_scan(asked, "en").why.startswith("Several visitors")
    assert say_choice_document(asked.choices[0], "zh-CN").startswith("护照 GBR ")
    assert say_choice_document(asked.choices[0], "en").startswith("Passport GBR ")
    again = await present(fixtures, "123456789", visitor_no=0, line_no=0)  # numbers alone do not say whose
    assert again.reason is Reason.CHOOSE_VISITOR
    chosen: dict[str, Any] = {"visitor_no": asked.choices[0].visitor_no, "line_no": asked.choices[0].line_no}
    let_in = await present(fixtures, str(asked.choices[0].booking_id), **chosen)
    assert (let_in.reason, let_in.booking_id) == (Reason.ADMIT, of_briton)
    used = await present(fixtures, "123456789 USA")
    assert (used.reason, used.booking_id) == (Reason.ALREADY_USED, of_american)


async def test_rules_R2_a_permit_and_a_passport_of_one_number(fixtures: GateFixtures) -> None:
    permit = document("MA1234567", "PRT", DocumentKind.HM_PERMIT)
    await fixtures.book(documents=(permit,))
    await fixtures.book(documents=(document("MA1234567", "CHN"),))
    asked = await present(fixtures, "MA1234567")
    assert {(one.kind, one.nationality) for one in asked.choices} == {("hm_permit", ""), ("passport", "CHN")}


async def test_rules_R2_nobody_has_booked_with_it(fixtures: GateFixtures) -> None:
    for text, reason in (
        ("MA1234567", Reason.NO_BOOKING),
        ("E12345678 USA", Reason.NO_BOOKING),
        ("123456789", Reason.UNKNOWN_CODE),
        ("110105491231002", Reason.DOCUMENT_INVALID),
    ):
        assert (await present(fixtures, text)).reason is reason, text


@pytest.mark.parametrize("between", ["", "\r\n", "\t", " "])
async def test_ux_G3_machine_readable_lines_of_a_passport(fixtures: GateFixtures, between: str) -> None:
    german = document("C01X00T47", "DEU")
    await fixtures.book(documents=(german,))
    lines = (
        "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<",
        "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4",
    )
    assert (await present(fixtures, f"]d2{between.join(lines)}\r\n")).reason is Reason.ADMIT
