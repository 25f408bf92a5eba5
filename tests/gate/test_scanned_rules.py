"""What scanners, keyboards and addresses do to a code, and that the gate reads it all the same."""

from datetime import UTC, date, datetime
from urllib.parse import quote, quote_plus
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenyue.core.ids import uuid7
from wenyue.gate import GateKeys, Presented, Reason, TokenClaims, booking_code, voucher_token
from wenyue.gate.queries import Reading, read_presented
from wenyue.gate.scanned import normalise, voucher_variants

TODAY = date(2026, 10, 2)
KEYS = GateKeys.from_bytes(bytes(range(32)), bytes(range(1, 33)))
BOOKING = UUID("019aa000-1111-7222-b333-444455556666")
SYMBOLOGIES = ("]Q1", "]Q3", "]C1", "]d2", "]E0", "]e0", "]z3", "】Q1", "］Ｑ１", "]Q1 ", "\x02]Q1")


def voucher(booking_id: UUID = BOOKING) -> str:
    at = datetime(2026, 10, 2, tzinfo=UTC)
    return voucher_token(TokenClaims(booking_id, (1, 2), TODAY, TODAY, at, at, at), KEYS)


def read(presented: str) -> Reading:
    return read_presented(normalise(presented), KEYS, TODAY)[0]


def code_of(presented: str) -> tuple[UUID, UUID] | None:
    """As a code: behind a card's number and a document's, as travellers mint codes."""
    found = read_presented(normalise(presented), KEYS, TODAY)
    return next((one.id_range for one in found if one.kind is Presented.CODE), None)


@pytest.mark.parametrize("prefix", SYMBOLOGIES)
@pytest.mark.parametrize("tail", ["", "\t", "\r\n", "\n", " "])
def test_ux_G3_a_scanners_prefix_and_tail_are_taken_away(prefix: str, tail: str) -> None:
    for code in (voucher(), str(BOOKING), BOOKING.hex):
        assert read(prefix + code + tail).booking_id == BOOKING
        assert read((prefix + code).swapcase() + tail).booking_id == BOOKING
    found = code_of(prefix + booking_code(BOOKING) + tail)
    assert found is not None
    assert found[0] <= BOOKING <= found[1]
    assert read(prefix + "11010519491231002X" + tail).kind is Presented.CARD  # and, behind it, a document


@pytest.mark.parametrize(
    "spelt",
    [
        BOOKING.hex,
        BOOKING.hex.upper(),
        str(BOOKING).replace("-", " "),
        str(BOOKING).replace("-", "+"),
        str(BOOKING).replace("-", "\u2010"),
        f"{{{BOOKING}}}",
        f"urn:uuid:{BOOKING}",
        "".join(chr(ord(character) + 0xFEE0) for character in str(BOOKING)),
    ],
)
def test_ux_G3_a_booking_id_however_it_is_spelt(spelt: str) -> None:
    assert read(spelt) == Reading(Presented.CODE, booking_id=BOOKING)


@pytest.mark.parametrize(
    "address",
    [
        "https://card.example/bookings/{id}/voucher",
        "HTTPS://CARD.EXAMPLE/BOOKINGS/{id}",
        "https://card.example/v?b={hex}&lang=zh",
        "//card.example/{id}#top",
        "https://card.example/v/{voucher}",
        "https://card.example/v?c={form}",
        "https://card.example/v?c={raw}",
    ],
)
def test_ux_G3_an_address_carries_the_code(address: str) -> None:
    text = voucher()
    forms = {"voucher": quote(text, safe=""), "form": quote_plus(text), "raw": text}
    assert read(address.format(id=BOOKING, hex=BOOKING.hex, **forms)).booking_id == BOOKING


def test_ux_G3_an_address_with_a_booking_code_or_nothing() -> None:
    found = code_of(f"https://card.example/v/{booking_code(BOOKING)}")
    assert found is not None
    assert found[0] <= BOOKING <= found[1]
    for nothing in ("https://", "https://card.example/", "http://%%%", "//", "urn:", "www."):
        assert read(nothing).problem in {Reason.UNKNOWN_CODE, None}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**42 - 1), st.binary(min_size=10, max_size=10))
def test_ux_G3_blanks_and_signs_survive_forms_and_addresses(now_ms: int, entropy: bytes) -> None:
    booking_id = uuid7(now_ms, entropy)
    text = voucher(booking_id)
    mangled = [
        text,
        text.lower(),
        quote(text),
        quote(text, safe=""),
        quote_plus(text),
        quote_plus(text).lower(),
    ]
    if text.count("+") + text.count(" ") <= 8:
        mangled += [text.replace(" ", "+")] if " " in text else []
        mangled += [text.replace("+", " ")] if "+" in text else []
    for one in mangled:
        assert read(one).booking_id == booking_id, one


@given(st.text(alphabet="+ %2BA0/]:WY1", max_size=600))
def test_ux_G3_trying_is_bounded(text: str) -> None:
    assert len(list(voucher_variants("WY1:" + text))) <= 300
    assert read_presented(normalise(text), KEYS, TODAY)


def test_ux_G3_a_forged_voucher_stays_forged() -> None:
    stranger = GateKeys.from_bytes(bytes(range(7, 39)), bytes(range(8, 40)))
    at = datetime(2026, 10, 2, tzinfo=UTC)
    forged = voucher_token(TokenClaims(BOOKING, (1,), TODAY, TODAY, at, at, at), stranger)
    for one in (forged, forged.replace(" ", "+"), quote_plus(forged)):
        assert read(one).problem is not None
    assert read(forged).problem is Reason.BAD_SIGNATURE
