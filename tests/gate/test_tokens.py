"""Voucher tokens: readable by anyone who follows the RFCs, by nobody forged."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import cbor2
import cwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.gate import base45
from wenyue.gate.tokens import (
    TOKEN_LENGTH_MAX,
    GateKeys,
    TokenClaims,
    TokenProblem,
    read_token,
    voucher_token,
    window,
)

CURRENT, FOLLOWING, STRANGER = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
KEYS = GateKeys.from_bytes(CURRENT, FOLLOWING)
CLAIMS = TokenClaims(
    booking_id=UUID("019aa000-1111-7222-8333-444455556666"),
    venue_ids=(12,),
    first_day=date(2026, 10, 2),
    last_day=date(2026, 10, 2),
    not_before=datetime(2026, 10, 1, 23, 0, tzinfo=UTC),
    expires=datetime(2026, 10, 2, 4, 0, tzinfo=UTC),
    issued=datetime(2026, 9, 25, 0, 0, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"", ""),
    ],
)
def test_base45_is_that_of_rfc_9285(plain: bytes, text: str) -> None:
    assert base45.encode(plain) == text
    assert base45.decode(text) == plain


@pytest.mark.parametrize("text", ["GGW", ":::", "A", "BB8A", "bb8", "ü00", "::"])
def test_base45_refuses_what_no_bytes_spell(text: str) -> None:
    assert base45.decode(text) is None


@given(st.binary(max_size=300))
def test_base45_returns_every_byte_and_never_ends_in_a_blank(data: bytes) -> None:
    text = base45.encode(data)
    assert base45.decode(text) == data
    assert text == text.rstrip()


def test_a_token_says_what_was_signed() -> None:
    assert read_token(voucher_token(CLAIMS, KEYS), KEYS) == CLAIMS
    several = replace(CLAIMS, venue_ids=(1, 99_999), lines=(0, 3, 7))
    assert read_token(voucher_token(several, KEYS), KEYS) == several


def test_the_fullest_token_can_be_scanned() -> None:
    fullest = replace(CLAIMS, venue_ids=tuple(range(900_000, 900_008)), lines=tuple(range(60, 100)))
    text = voucher_token(fullest, KEYS)
    assert len(text) <= TOKEN_LENGTH_MAX
    assert set(text) <= set(base45.ALPHABET)  # QR alphanumeric mode
    with pytest.raises(ValueError, match="issue several"):
        voucher_token(replace(CLAIMS, venue_ids=()), KEYS)
    with pytest.raises(ValueError, match="issue several"):
        voucher_token(replace(CLAIMS, lines=tuple(range(41))), KEYS)


def test_another_implementation_reads_our_token() -> None:
    token = base45.decode(voucher_token(CLAIMS, KEYS).removeprefix("WY1:"))
    assert token is not None
    protected = cbor2.loads(cbor2.loads(token).value[0])
    public = KEYS.current.public_key().public_bytes_raw()
    key = cwt.COSEKey.new({1: 1, 2: protected[4], 3: -8, -1: 6, -2: public, 4: [2]})
    payload = cwt.COSE.new(verify_kid=True).decode(token, key)
    content = payload if isinstance(payload, dict) else cbor2.loads(payload)
    assert content[7] == CLAIMS.booking_id.bytes
    assert content[3] == "v12"


def test_the_next_key_is_accepted_before_it_signs_and_a_retired_one_after() -> None:
    before = GateKeys.from_bytes(STRANGER, CURRENT)
    after = GateKeys.from_bytes(FOLLOWING, STRANGER, [KEYS.current.public_key().public_bytes_raw()])
    text = voucher_token(CLAIMS, KEYS)
    assert read_token(text, before) == CLAIMS
    assert read_token(text, after) == CLAIMS


def test_a_strangers_key_is_not_accepted() -> None:
    text = voucher_token(CLAIMS, GateKeys.from_bytes(STRANGER, STRANGER))
    assert read_token(text, KEYS) is TokenProblem.UNKNOWN_KEY


def test_a_claim_cannot_be_changed() -> None:
    token = base45.decode(voucher_token(CLAIMS, KEYS).removeprefix("WY1:"))
    assert token is not None
    forged = token.replace(b"v12", b"v13")
    assert forged != token
    assert read_token("WY1:" + base45.encode(forged), KEYS) is TokenProblem.BAD_SIGNATURE


def test_another_algorithm_is_refused_whatever_it_claims() -> None:
    token = base45.decode(voucher_token(CLAIMS, KEYS).removeprefix("WY1:"))
    assert token is not None
    protected, _, payload, signature = cbor2.loads(token).value
    header = cbor2.loads(protected)
    for algorithm in (-7, 5, 0, None):
        other = cbor2.dumps(
            cbor2.CBORTag(18, [cbor2.dumps({1: algorithm, 4: header[4]}), {}, payload, signature])
        )
        assert read_token("WY1:" + base45.encode(other), KEYS) is TokenProblem.UNKNOWN_KEY


def test_no_single_changed_character_passes() -> None:
    text = voucher_token(CLAIMS, KEYS)
    chance = random.Random(45)
    for at in range(4, len(text)):
        other = text[:at] + chance.choice(base45.ALPHABET.replace(text[at], "")) + text[at + 1 :]
        assert isinstance(read_token(other, KEYS), TokenProblem), at


@given(st.text(max_size=600) | st.binary(max_size=400).map(lambda data: "WY1:" + base45.encode(data)))
def test_any_text_gets_an_answer(text: str) -> None:
    assert isinstance(read_token(text, KEYS), TokenProblem)


@given(st.binary(max_size=300))
def test_whatever_our_own_key_signed_gets_an_answer(payload: bytes) -> None:
    header = KEYS.accepted[0][0]
    signature = KEYS.current.sign(cbor2.dumps(["Signature1", header[3:-1], b"", payload]))
    token = header + cbor2.dumps(payload) + b"\x58\x40" + signature
    assert isinstance(read_token("WY1:" + base45.encode(token), KEYS), TokenProblem | TokenClaims)


def test_the_window_includes_its_start_and_excludes_its_end() -> None:
    assert [window(CLAIMS, now) for now in (CLAIMS.issued, CLAIMS.not_before, CLAIMS.expires)] == [-1, 0, 1]
