"""Permits of Hong Kong, Macao and Taiwan: what is accepted, what it says, and the reason when refused."""

import pytest

from tests.support.documents import HM, TW, VALID, E, accepted, refused
from wenyue.core.documents import DocumentErrorCode, DocumentKind


@pytest.mark.parametrize(
    ("raw", "number", "key", "nationality"),
    [
        ("H12345678", "H12345678", "hm_permit:H12345678", "CHN"),
        ("m12345678", "M12345678", "hm_permit:M12345678", "CHN"),
        ("H1234567800", "H1234567800", "hm_permit:H12345678", "CHN"),
        ("Ｈ1234 5678-01", "H1234567801", "hm_permit:H12345678", "CHN"),
        ("HA1234567", "HA1234567", "hm_permit:HA1234567", None),
        ("ma1234567", "MA1234567", "hm_permit:MA1234567", None),
    ],
)
@pytest.mark.parametrize("kind", [None, HM])
def test_permits_of_hong_kong_and_macao(
    kind: DocumentKind | None, raw: str, number: str, key: str, nationality: str | None
) -> None:
    document = accepted(kind, raw)
    assert (document.kind, document.number, document.key) == (HM, number, key)
    assert (document.nationality, document.birth, document.sex) == (nationality, None, None)


def test_the_non_chinese_permit_keeps_its_declared_nationality() -> None:
    assert accepted(None, "HA1234567", nationality="gb").nationality == "GBR"
    assert refused(HM, "HA1234567", nationality="??").code is E.BAD_NATIONALITY


@pytest.mark.parametrize(
    ("raw", "code", "position"),
    [
        ("H1234567", E.WRONG_LENGTH, None),
        ("H123456789", E.WRONG_LENGTH, None),
        ("HA123456", E.WRONG_LENGTH, None),
        ("HA123456701", E.WRONG_LENGTH, None),
        ("12345678", E.BAD_CHARACTER, 1),
        ("X12345678", E.BAD_CHARACTER, 1),
        ("H12E45678", E.BAD_CHARACTER, 4),
        ("HA12345B7", E.BAD_CHARACTER, 8),
        ("H12345678<", E.BAD_CHARACTER, 10),
        ("E12345678", E.KIND_MISMATCH, None),
        (VALID, E.KIND_MISMATCH, None),
    ],
)
def test_a_refused_hong_kong_or_macao_permit_says_why(
    raw: str, code: DocumentErrorCode, position: int | None
) -> None:
    problem = refused(HM, raw)
    assert (problem.code, problem.position) == (code, position)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("12345678", "12345678"),
        ("1234 5678", "12345678"),
        ("1234567801", "12345678"),
        ("０１２３４５６７", "01234567"),
    ],
)
@pytest.mark.parametrize("kind", [None, TW])
def test_permits_of_taiwan(kind: DocumentKind | None, raw: str, key: str) -> None:
    document = accepted(kind, raw)
    assert (document.kind, document.key, document.nationality) == (TW, "tw_permit:" + key, "CHN")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("1234567", E.WRONG_LENGTH),
        ("123456789", E.WRONG_LENGTH),
        ("12345678901", E.WRONG_LENGTH),
        ("1234567B", E.BAD_CHARACTER),
        ("H12345678", E.KIND_MISMATCH),
        (VALID, E.KIND_MISMATCH),
    ],
)
def test_a_refused_taiwan_permit_says_why(raw: str, code: DocumentErrorCode) -> None:
    assert refused(TW, raw).code is code


@pytest.mark.parametrize("nationality", ["CHN", "HKG", "TW"])
def test_chinese_citizens_keep_their_permits(nationality: str) -> None:
    assert accepted(None, "H12345678", nationality=nationality).kind is HM
    assert accepted(None, "12345678", nationality=nationality).kind is TW
