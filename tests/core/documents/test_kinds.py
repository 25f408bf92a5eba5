"""Which kind of document a number is judged as, and what holds for every kind."""

from datetime import date

import pytest

from tests.support.documents import (
    HM,
    ID,
    PASSPORT,
    PERMIT,
    PR,
    TODAY,
    TW,
    VALID,
    E,
    W,
    accepted,
    refused,
    with_check,
)
from wenyue.core.documents import DocumentError, DocumentErrorCode, DocumentKind, parse_document


@pytest.mark.parametrize(
    ("declared", "number", "kind"),
    [
        (ID, "911124198108030024", PR),
        (ID, with_check("81000019901231001"), PERMIT),
        (PERMIT, VALID, ID),
        (PR, VALID, ID),
    ],
)
def test_the_number_decides_among_the_eighteen_character_cards(
    declared: DocumentKind, number: str, kind: DocumentKind
) -> None:
    """Otherwise one person could hold two keys for one card."""
    chosen = accepted(declared, number)
    assert (chosen.kind, chosen.key) == (kind, accepted(None, number).key)
    assert chosen.warnings == (W.KIND_CORRECTED,)


@pytest.mark.parametrize(
    ("kind", "raw", "shown"),
    [(HM, "E12345678", PASSPORT), (TW, "HA1234567", HM), (PASSPORT, VALID, ID), (ID, "USA110074010120", PR)],
)
def test_a_mismatch_names_the_kind_the_number_looks_like(
    kind: DocumentKind, raw: str, shown: DocumentKind
) -> None:
    assert refused(kind, raw) == DocumentError(E.KIND_MISMATCH, shown, None)


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        ("110105491231002", ID, E.FIFTEEN_DIGITS),
        ("11010519491231002", ID, E.WRONG_LENGTH),
        ("1234567", ID, E.WRONG_LENGTH),
        ("X1234567", PASSPORT, E.NATIONALITY_NEEDED),
        ("EI1234567", PASSPORT, E.NATIONALITY_NEEDED),
        ("AB12", ID, E.BAD_CHARACTER),
        ("1101051949O231002X", ID, E.BAD_CHARACTER),
    ],
)
def test_an_undetected_number_is_judged_as_the_likeliest_kind(
    raw: str, kind: DocumentKind, code: DocumentErrorCode
) -> None:
    for nationality in ({}, {"nationality": ""}):
        problem = refused(None, raw, **nationality)
        assert (problem.kind, problem.code) == (kind, code)


@pytest.mark.parametrize(
    ("raw", "nationality", "kind", "code"),
    [
        ("11010519491231002", "CHN", ID, E.WRONG_LENGTH),
        ("EI1234567", "CHN", PASSPORT, E.BAD_PASSPORT_NUMBER),
        ("123456789", "QQ", PASSPORT, E.BAD_NATIONALITY),
        ("H12345678", "QQ", PASSPORT, E.BAD_NATIONALITY),
        ("123456789", "GB", PASSPORT, E.EXPIRY_NEEDED),
        ("12345678", "FRA", PASSPORT, E.EXPIRY_NEEDED),
    ],
)
def test_a_declared_nationality_says_what_an_undetected_number_is_judged_as(
    raw: str, nationality: str, kind: DocumentKind, code: DocumentErrorCode
) -> None:
    problem = refused(None, raw, nationality=nationality)
    assert (problem.kind, problem.code) == (kind, code)


@pytest.mark.parametrize("kind", [None, ID, PERMIT, PR, HM, TW, PASSPORT])
def test_the_repr_is_masked(kind: DocumentKind | None) -> None:
    for raw in (VALID, "911124198108030024", "H1234567801", "12345678", "E12345678"):
        document = parse_document(kind, raw, today=TODAY)
        assert raw not in repr(document)
        assert raw not in str(document)


def test_any_document_expires_the_day_after_its_last() -> None:
    for raw in (VALID, "H12345678", "12345678", "E12345678", "USA110074010120"):
        assert accepted(None, raw, expires_on=TODAY).expires_on == TODAY
        problem = refused(None, raw, expires_on=date(2026, 11, 21))
        assert (problem.code, problem.kind) == (E.EXPIRED, accepted(None, raw).kind)
