"""Booking codes: short, typeable, and they find the booking they name."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from wenyue.core.ids import uuid7
from wenyue.gate.codes import booking_code, code_range


@given(st.integers(0, 2**42 - 1), st.binary(min_size=10, max_size=10))
def test_a_code_finds_the_booking_it_names(now_ms: int, entropy: bytes) -> None:
    booking_id = uuid7(now_ms, entropy)
    code = booking_code(booking_id)
    found = code_range(code)
    assert found is not None
    assert found[0] <= booking_id <= found[1]
    assert code_range(code.replace("-", "")) == found
    assert booking_code(found[0]) == booking_code(found[1]) == code


def test_a_code_is_read_as_people_misread_it() -> None:
    code = booking_code(UUID("019aa000-1111-7222-b333-444455556666"))
    assert code == "CTM0-0124-925K"
    assert code_range("ctmo-oI24-925k".upper()) == code_range(code)


def test_an_identifier_of_another_kind_has_no_short_code() -> None:
    assert (
        booking_code(UUID("f47ac10b-58cc-4372-a567-0e02b2c3d479")) == "f47ac10b-58cc-4372-a567-0e02b2c3d479"
    )


@given(st.text(max_size=20))
def test_any_text_gets_an_answer(text: str) -> None:
    found = code_range(text)
    assert found is None or found[0] <= found[1]
